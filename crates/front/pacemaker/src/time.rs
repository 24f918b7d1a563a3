//! Moments of the calendar as Pacemaker's tools read and write them, in universal time.

use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) use model::clock;
use model::date_of;

/// Seconds since 1970 by the machine's clock.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// `2026-11-21 09:35:02Z`.
pub(crate) fn calendar(seconds: i64) -> String {
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
}

/// Reads an ISO 8601 moment: `2026-11-21`, `20261121`, `2026-325` or `2026-W47-6`, then
/// optionally `T` or a blank, a time, and `Z` or an offset. `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let text = text.trim();
    if text == "epoch" {
        return Some(0);
    }
    let (date, time) = match text.split_once(['T', ' ']) {
        Some((date, time)) => (date, time.trim()),
        None => (text, ""),
    };
    Some(day_number(date)? * DAY + second_of_day(time)?)
}

/// What is larger is a mistake.
const NUMBER_MAX: i64 = 1_000_000_000;

/// `seconds` and an ISO 8601 duration (`P1Y2M3DT4H5M6S`, `P2W`) after it; `None` if it is none.
pub(crate) fn after(seconds: i64, duration: &str) -> Option<i64> {
    let mut rest = duration.trim().strip_prefix('P')?;
    if rest.is_empty() {
        return None;
    }
    let (mut months, mut later, mut is_time) = (0, 0, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, is_time) = (time, true);
            continue;
        }
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, unit) = rest.split_at_checked(digits)?;
        let number: i64 = number.parse().ok().filter(|number| *number <= NUMBER_MAX)?;
        let letter = unit.chars().next()?;
        rest = unit.get(1..)?;
        match (is_time, letter) {
            (false, 'Y') => months += number * 12,
            (false, 'M') => months += number,
            (false, 'W') => later += number * 7 * DAY,
            (false, 'D') => later += number * DAY,
            (true, 'H') => later += number * 3600,
            (true, 'M') => later += number * 60,
            (true, 'S') => later += number,
            _ => return None,
        }
        // However often a number is repeated.
        if months > 12 * NUMBER_MAX || later > 7 * DAY * NUMBER_MAX {
            return None;
        }
    }
    let (year, month, day) = date_of(seconds.div_euclid(DAY));
    let month = month - 1 + months;
    let (year, month) = (year + month.div_euclid(12), month.rem_euclid(12) + 1);
    // A month that is too short ends sooner.
    let day = (1..=day).rev().find_map(|day| civil_date(year, month, day))?;
    Some(day * DAY + seconds.rem_euclid(DAY) + later)
}

const DAY: i64 = 86_400;

fn day_number(date: &str) -> Option<i64> {
    if !date.is_ascii() {
        return None;
    }
    let parts: Vec<&str> = date.split('-').collect();
    match parts.as_slice() {
        [year, week, rest @ ..] if week.starts_with('W') => {
            let day = match rest {
                [] => 1,
                [day] => number(day, 1, 7)?,
                _ => return None,
            };
            week_date(number(year, 1, 9999)?, number(week.get(1..)?, 1, 53)?, day)
        }
        [year, ordinal] if ordinal.len() == 3 => {
            ordinal_date(number(year, 1, 9999)?, number(ordinal, 1, 366)?)
        }
        [year, month] => civil_date(number(year, 1, 9999)?, number(month, 1, 12)?, 1),
        [year, month, day] => {
            civil_date(number(year, 1, 9999)?, number(month, 1, 12)?, number(day, 1, 31)?)
        }
        [plain] => match plain.len() {
            4 => civil_date(number(plain, 1, 9999)?, 1, 1),
            7 => ordinal_date(number(plain.get(..4)?, 1, 9999)?, number(plain.get(4..)?, 1, 366)?),
            8 => civil_date(
                number(plain.get(..4)?, 1, 9999)?,
                number(plain.get(4..6)?, 1, 12)?,
                number(plain.get(6..)?, 1, 31)?,
            ),
            _ => None,
        },
        _ => None,
    }
}

/// The time's seconds with the offset taken off.
fn second_of_day(time: &str) -> Option<i64> {
    if time.is_empty() {
        return Some(0);
    }
    let (clock, offset) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at_checked(at)?,
        None => (time, ""),
    };
    let clock = clock.trim().split('.').next()?;
    let offset = match offset.chars().next() {
        None | Some('Z' | 'z') => 0,
        Some('-') => -clock_seconds(offset.get(1..)?)?,
        Some(_) => clock_seconds(offset.get(1..)?)?,
    };
    Some(clock_seconds(clock)? - offset)
}

/// `HH`, `HH:MM`, `HH:MM:SS`, with or without the colons.
fn clock_seconds(text: &str) -> Option<i64> {
    let digits: String = text.chars().filter(|c| *c != ':').collect();
    let field = |from: usize, max: i64| match digits.get(from..from + 2) {
        Some(two) => number(two, 0, max),
        None if digits.len() <= from => Some(0),
        None => None,
    };
    if digits.is_empty() || digits.len() > 6 {
        return None;
    }
    Some(field(0, 24)? * 3600 + field(2, 59)? * 60 + field(4, 60)?)
}

fn number(text: &str, min: i64, max: i64) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|value| (min..=max).contains(value))
}

/// Days since 1970 of a date of the proleptic Gregorian calendar; `None` if there is no such day.
fn civil_date(year: i64, month: i64, day: i64) -> Option<i64> {
    let days = days_before(year, month, day);
    (date_of(days) == (year, month, day)).then_some(days)
}

fn ordinal_date(year: i64, ordinal: i64) -> Option<i64> {
    let days = days_before(year, 1, 1) + ordinal - 1;
    (date_of(days).0 == year).then_some(days)
}

/// ISO weeks begin on Monday; week 1 has the year's first Thursday, so 4 January.
fn week_date(year: i64, week: i64, day: i64) -> Option<i64> {
    let fourth = days_before(year, 1, 4);
    // 1970-01-01 was a Thursday: day 3 from Monday.
    let monday = fourth - (fourth + 3).rem_euclid(7);
    Some(monday + (week - 1) * 7 + day - 1)
}

/// Days since 1970. Years are counted from March, so that the leap day is the last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// An interval as people read it: days, hours, minutes and seconds that are not zero.
pub(crate) fn interval(milliseconds: u64) -> String {
    let mut rest = milliseconds;
    let mut words = String::new();
    for (unit, name) in [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m")] {
        if rest >= unit {
            words.push_str(&format!("{}{name}", rest / unit));
            rest %= unit;
        }
    }
    match (rest / 1000, rest % 1000) {
        (0, 0) if milliseconds > 0 => {}
        (seconds, 0) => words.push_str(&format!("{seconds}s")),
        (0, fraction) => words.push_str(&format!("{fraction}ms")),
        (seconds, fraction) => words.push_str(&format!("{seconds}.{fraction:03}s")),
    }
    words
}

#[cfg(test)]
mod tests {
    use super::{after, calendar, clock, interval, parse};

    #[test]
    fn moments_read_and_print() {
        for (text, printed) in [
            ("2005-020", "2005-01-20 00:00:00Z"),
            ("2005-020T12:30", "2005-01-20 12:30:00Z"),
            ("2014-05-07 00:28:00", "2014-05-07 00:28:00Z"),
            ("20240229T235959Z", "2024-02-29 23:59:59Z"),
            ("2024-02-29 01:00 +02:00", "2024-02-28 23:00:00Z"),
            ("2026-W01-1", "2025-12-29 00:00:00Z"),
            ("1969-12-31T23:59:58", "1969-12-31 23:59:58Z"),
        ] {
            assert_eq!(parse(text).map(calendar).as_deref(), Some(printed), "{text}");
        }
    }

    #[test]
    fn durations_are_added() {
        let start = parse("2024-01-31T10:00:00").unwrap();
        for (duration, end) in [
            ("P1M", "2024-02-29 10:00:00Z"),
            ("P1Y1DT1H", "2025-02-01 11:00:00Z"),
            ("PT90M", "2024-01-31 11:30:00Z"),
            ("P2W", "2024-02-14 10:00:00Z"),
        ] {
            assert_eq!(after(start, duration).map(calendar).as_deref(), Some(end), "{duration}");
        }
        for duration in ["", "P", "1D", "PD", "P1H", "P1", "PT1D", "P99999999999999999Y"] {
            assert_eq!(after(start, duration), None, "{duration}");
        }
        for repeated in ["1000000000W", "1000000000Y"] {
            let duration = format!("P{}", repeated.repeat(20_000));
            assert_eq!(after(start, &duration), None, "{repeated} repeated");
        }
    }

    #[test]
    fn clocks_name_days_and_months() {
        assert_eq!(clock(1_334_242_313), "Thu Apr 12 14:51:53 2012");
        assert_eq!(clock(0), "Thu Jan  1 00:00:00 1970");
    }

    #[test]
    fn intervals_name_the_units_that_are_not_zero() {
        for (milliseconds, words) in [
            (0, "0s"),
            (60_000, "1m"),
            (90_000, "1m30s"),
            (86_400_000, "1d"),
            (3_600_250, "1h250ms"),
            (1_500, "1.500s"),
        ] {
            assert_eq!(interval(milliseconds), words);
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["", "tomorrow", "2023-02-29", "2023-366", "2024-13-01", "2024-01-01T25:00"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
