//! Moments and lengths of time in words. Universal time, so that notes from several machines can
//! be laid side by side.

use model::date_of;

const DAY: i64 = 86_400;

/// `2026-11-21 09:35:02Z`.
pub fn calendar(seconds: i64) -> String {
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    format!("{year:04}-{month:02}-{day:02} {}", clock(seconds))
}

/// `09:35:02Z`.
pub fn clock(seconds: i64) -> String {
    let of_day = seconds.rem_euclid(DAY);
    format!("{:02}:{:02}:{:02}Z", of_day / 3600, of_day / 60 % 60, of_day % 60)
}

/// `12 s ago`, `3 min ago`, or the date where that says more.
pub fn ago(then: i64, now: i64) -> String {
    match now.saturating_sub(then) {
        passed if passed < 0 => calendar(then),
        0 => "just now".to_owned(),
        passed if passed < 120 => format!("{passed} s ago"),
        passed if passed < 2 * 3600 => format!("{} min ago", passed / 60),
        passed if passed < 2 * DAY => format!("{} h ago", passed / 3600),
        _ => calendar(then),
    }
}

/// `250 ms`, `1.5 s`, `20 s`, `2 min`, `1 h 5 min`.
pub fn length(ms: u64) -> String {
    match ms {
        0..1000 => format!("{ms} ms"),
        1000..10_000 if ms % 1000 >= 100 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        1000..120_000 => format!("{} s", ms / 1000),
        120_000..3_600_000 => match ms / 1000 % 60 {
            0 => format!("{} min", ms / 60_000),
            seconds => format!("{} min {seconds} s", ms / 60_000),
        },
        _ => match ms / 60_000 % 60 {
            0 => format!("{} h", ms / 3_600_000),
            minutes => format!("{} h {minutes} min", ms / 3_600_000),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_print() {
        assert_eq!(calendar(0), "1970-01-01 00:00:00Z");
        assert_eq!(calendar(1_709_251_199), "2024-02-29 23:59:59Z");
        assert_eq!(calendar(-1), "1969-12-31 23:59:59Z");
    }

    #[test]
    fn lengths_print() {
        for (ms, text) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1000, "1 s"),
            (1500, "1.5 s"),
            (60_000, "60 s"),
            (120_000, "2 min"),
            (125_000, "2 min 5 s"),
            (3_900_000, "1 h 5 min"),
        ] {
            assert_eq!(length(ms), text);
        }
        assert_eq!(ago(5, 17), "12 s ago");
    }
}
