//! Dates as the configuration writes them (ISO 8601), and the calendar's parts of a moment.
//!
//! Times without an offset are taken as UTC: a decision must not depend on the time zone of the
//! machine that makes it.

use model::date_of;

const DAY: i64 = 86_400;

/// A moment's parts in the Gregorian and the week calendar, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// The calendar's year.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// Day of the month, from 1.
    pub day: i64,
    /// Day of the year, from 1.
    pub year_day: i64,
    /// From 0.
    pub hour: i64,
    /// From 0.
    pub minute: i64,
    /// From 0.
    pub second: i64,
    /// Monday is 1.
    pub week_day: i64,
    /// From 1.
    pub week: i64,
    /// The year that the week belongs to.
    pub week_year: i64,
}

impl Civil {
    /// The parts of `seconds` since 1970.
    pub fn of(seconds: i64) -> Self {
        let days = seconds.div_euclid(DAY);
        let of_day = seconds.rem_euclid(DAY);
        let (year, month, day) = date_of(days);
        let year_day = days - days_from_civil(year, 1, 1) + 1;
        // 1970-01-01 was a Thursday.
        let week_day = (days + 3).rem_euclid(7) + 1;
        // A week belongs to the year that its Thursday is in.
        let thursday = days + 4 - week_day;
        let (week_year, _, _) = date_of(thursday);
        let week = (thursday - days_from_civil(week_year, 1, 1)) / 7 + 1;
        Self {
            year,
            month,
            day,
            year_day,
            hour: of_day / 3600,
            minute: of_day / 60 % 60,
            second: of_day % 60,
            week_day,
            week,
            week_year,
        }
    }
}

/// Reads a date with or without a time (`2005-07-20`, `20050720`, `2005-201`, `2005-W29-3`,
/// each followed by `T` or a space and `12:30[:00][+02:00]`), a time alone (today's), or `epoch`.
/// `None` for anything else.
pub fn parse(text: &str, now: i64) -> Option<Moment> {
    let text = text.trim();
    if text.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("epoch")) {
        return Some(Moment::default());
    }
    if let Some(time) = text.strip_prefix('T') {
        return at(now.div_euclid(DAY), time);
    }
    if text.as_bytes().get(2) == Some(&b':') {
        return at(now.div_euclid(DAY), text);
    }
    let end =
        text.find(|c: char| !(c.is_ascii_digit() || c == '-' || c == 'W')).unwrap_or(text.len());
    let (date, rest) = text.split_at(end);
    let days = day_number(date)?;
    match rest.strip_prefix(['T', ' ']) {
        Some(time) => at(days, time),
        None => Some(Moment { seconds: days * DAY, offset: 0 }),
    }
}

/// A written time on a day.
fn at(days: i64, time: &str) -> Option<Moment> {
    let (seconds, offset) = time_of_day(time)?;
    Some(Moment { seconds: days * DAY + seconds - offset, offset })
}

/// A written moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Since 1970.
    pub seconds: i64,
    /// How many seconds the clock that it was read from is ahead of UTC.
    pub offset: i64,
}

impl Moment {
    /// Later by whole years. Compatibility: what stays is the number of the day in the year, as in
    /// Pacemaker; so March 1 of a leap year becomes March 2.
    pub fn add_years(self, years: i64) -> Self {
        let local = Civil::of(self.seconds + self.offset);
        let year = (local.year + years).max(1);
        self.on(days_from_civil(year, 1, 1) + local.year_day - 1)
    }

    /// Later by whole months; the day of the month stays where the month has it.
    pub fn add_months(self, months: i64) -> Self {
        let local = Civil::of(self.seconds + self.offset);
        let count = (local.year * 12 + local.month - 1).saturating_add(months).max(12);
        let (year, month) = (count.div_euclid(12), count.rem_euclid(12) + 1);
        let day = local.day.min(days_in_month(year, month));
        self.on(days_from_civil(year, month, day))
    }

    /// The same time of another day.
    fn on(self, days: i64) -> Self {
        let of_day = (self.seconds + self.offset).rem_euclid(DAY);
        Self { seconds: days * DAY + of_day - self.offset, ..self }
    }
}

/// Days since 1970 of a written date.
fn day_number(text: &str) -> Option<i64> {
    if let Some((year, rest)) = text.split_once("-W") {
        let (week, day) = rest.split_once('-')?;
        return from_week(number(year)?, number(week)?, number(day)?);
    }
    let mut parts = text.split('-');
    let first = parts.next()?;
    match (parts.next(), parts.next(), parts.next()) {
        (None, _, _) => {
            let year = number(first.get(..4)?)?;
            gregorian(year, number(first.get(4..6)?)?, number(first.get(6..)?)?)
        }
        (Some(day), None, _) => {
            let (year, day) = (number(first)?, number(day)?);
            let last = if is_leap(year) { 366 } else { 365 };
            (year >= 1 && (1..=last).contains(&day)).then(|| days_from_civil(year, 1, 1) + day - 1)
        }
        (Some(month), Some(day), None) => gregorian(number(first)?, number(month)?, number(day)?),
        (Some(_), Some(_), Some(_)) => None,
    }
}

fn gregorian(year: i64, month: i64, day: i64) -> Option<i64> {
    let valid = (1..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    valid.then(|| days_from_civil(year, month, day))
}

fn from_week(year: i64, week: i64, day: i64) -> Option<i64> {
    if !(1..=9999).contains(&year) || !(1..=53).contains(&week) || !(1..=7).contains(&day) {
        return None;
    }
    // January 4 is always in week 1.
    let fourth = days_from_civil(year, 1, 4);
    let monday = fourth - (fourth + 3).rem_euclid(7);
    Some(monday + (week - 1) * 7 + day - 1)
}

/// Seconds from midnight of a written time, and how many of them its clock is ahead of UTC.
fn time_of_day(text: &str) -> Option<(i64, i64)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == ':')).unwrap_or(text.len());
    let (time, rest) = text.split_at(end);
    let seconds = hours_minutes_seconds(time)?;
    let offset = rest.trim_start_matches('.').trim();
    let offset = match offset.as_bytes().first() {
        Some(b'+') => hours_minutes_seconds(offset.get(1..)?)?,
        Some(b'-') => -hours_minutes_seconds(offset.get(1..)?)?,
        Some(_) | None => 0,
    };
    Some((seconds, offset))
}

fn hours_minutes_seconds(text: &str) -> Option<i64> {
    let text = text.trim();
    let parts: Vec<i64> = if text.contains(':') {
        text.split(':').map(number).collect::<Option<_>>()?
    } else {
        [text.get(..2), text.get(2..4), text.get(4..6)]
            .into_iter()
            .flatten()
            .map(number)
            .collect::<Option<_>>()?
    };
    let hour = *parts.first()?;
    let minute = parts.get(1).copied().unwrap_or(0);
    let second = parts.get(2).copied().unwrap_or(0);
    let valid =
        (hour < 24 || (hour == 24 && minute == 0 && second == 0)) && minute < 60 && second < 60;
    valid.then_some(hour * 3600 + minute * 60 + second)
}

fn number(text: &str) -> Option<i64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01. Counts in 400-year cycles of years that begin in March, so that the
/// leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let cycle = year.div_euclid(400);
    let of_cycle = year.rem_euclid(400);
    let month = (month + 9) % 12;
    let of_year = (153 * month + 2) / 5 + day - 1;
    cycle * 146_097 + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year - 719_468
}
