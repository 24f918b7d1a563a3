//! Moments of the calendar, in universal time.

const DAY: i64 = 86_400;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Sat Nov 21 09:35:02 2026`, of seconds since 1970. Field word: *ctime*.
pub fn clock(seconds: i64) -> String {
    // 1970-01-01 was a Thursday.
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let days = seconds.div_euclid(DAY);
    let (year, month, day) = date_of(days);
    let of_day = seconds.rem_euclid(DAY);
    let name = |names: &[&'static str], at: i64| {
        usize::try_from(at).ok().and_then(|at| names.get(at).copied()).unwrap_or("???")
    };
    let (week_day, month) = (name(&DAYS, days.rem_euclid(7)), name(&MONTHS, month - 1));
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{week_day} {month} {day:>2} {hour:02}:{minute:02}:{second:02} {year}")
}

/// Seconds since 1970 of what [`clock`] writes, which is taken for universal time; nothing of other text.
pub fn seconds_of_clock(text: &str) -> Option<i64> {
    let mut words = text.split_whitespace().skip(1);
    let month = words.next().and_then(|word| MONTHS.iter().position(|month| *month == word))?;
    let day = i64::from(words.next()?.parse::<u8>().ok()?);
    let mut clock = words.next()?.split(':').map(|part| part.parse::<u8>().ok().map(i64::from));
    let (hours, minutes, seconds) = (clock.next()??, clock.next()??, clock.next()??);
    let year = i64::from(words.next()?.parse::<u16>().ok()?);
    let month = i64::try_from(month).ok()? + 1;
    // Years are counted from March, so that the leap day is the last of its year.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let era_days = year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = era_days + (153 * month + 2) / 5 + day - 1 - 719_468;
    Some(days * DAY + (hours * 60 + minutes) * 60 + seconds)
}

/// Year, month and day of a day, counted from 1970-01-01, by the proleptic Gregorian calendar. Years
/// are counted from March, so that the leap day is the last of its year.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    // 719468 days lie between 0000-03-01 and 1970-01-01.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (year_of_era + era * 400 + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for seconds in [0, 951_782_399, 1_709_251_199, 1_795_300_000] {
            assert_eq!(seconds_of_clock(&clock(seconds)), Some(seconds));
        }
        assert_eq!(clock(1_709_251_199), "Thu Feb 29 23:59:59 2024");
        assert_eq!(seconds_of_clock("yesterday"), None);
        assert_eq!(seconds_of_clock(""), None);
        assert_eq!(seconds_of_clock("Thu Feb 29 23:59:59 99999999999999999"), None);
    }
}
