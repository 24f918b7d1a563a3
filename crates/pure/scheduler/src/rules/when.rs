//! Conditions on the time.

use cib::Element;

use super::NextChange;
use super::compare::leading_integer;
use super::date::{self, Civil, Moment};

/// Whether a `date_expression` passes at `now` (seconds since 1970). Tells `next` when the answer
/// will be another one, where that is known.
pub(super) fn passes(expression: Element<'_>, now: i64, next: &mut NextChange) -> bool {
    match expression.attr("operation").map(str::to_ascii_lowercase).as_deref() {
        None | Some("in_range") => in_range(expression, now, next),
        Some("date_spec") => {
            expression.child("date_spec").is_some_and(|spec| specification(spec, now))
        }
        Some("gt") => {
            let Some(start) = moment(expression, "start", now).flatten() else { return false };
            let start = start.seconds;
            if now > start {
                return true;
            }
            next.consider(start + 1);
            false
        }
        Some("lt") => {
            let Some(end) = moment(expression, "end", now).flatten() else { return false };
            let end = end.seconds;
            if now < end {
                next.consider(end);
                return true;
            }
            false
        }
        Some(_) => false,
    }
}

/// The moment in attribute `name`: `Some(None)` if it is not there, `None` if it cannot be read.
fn moment(expression: Element<'_>, name: &str, now: i64) -> Option<Option<Moment>> {
    match expression.attr(name) {
        None => Some(None),
        Some(text) => date::parse(text, now).map(Some),
    }
}

fn in_range(expression: Element<'_>, now: i64, next: &mut NextChange) -> bool {
    let (Some(start), Some(end)) =
        (moment(expression, "start", now), moment(expression, "end", now))
    else {
        return false;
    };
    if start.is_none() && end.is_none() {
        return false;
    }
    let end = match (end, start, expression.child("duration")) {
        (None, Some(start), Some(duration)) => match after(start, duration) {
            Some(end) => Some(end),
            None => return false,
        },
        (end, _, _) => end.map(|end| end.seconds),
    };
    if let Some(start) = start
        && now < start.seconds
    {
        next.consider(start.seconds);
        return false;
    }
    let Some(end) = end else { return true };
    if now > end {
        return false;
    }
    // The last second is still in range.
    next.consider(end + 1);
    true
}

/// `start` plus a `duration` element.
fn after(start: Moment, duration: Element<'_>) -> Option<i64> {
    let part = |name: &str| match duration.attr(name) {
        None => Some(0),
        Some(text) => leading_integer(text).filter(|n| i32::try_from(*n).is_ok()),
    };
    let days = part("weeks")? * 7 + part("days")?;
    let seconds = part("hours")? * 3600 + part("minutes")? * 60 + part("seconds")?;
    let moved = start.add_years(part("years")?).add_months(part("months")?);
    Some(moved.seconds + days * 86_400 + seconds)
}

/// Whether every range of a `date_spec` holds `now`.
fn specification(spec: Element<'_>, now: i64) -> bool {
    let at = Civil::of(now);
    [
        ("years", at.year),
        ("months", at.month),
        ("monthdays", at.day),
        ("hours", at.hour),
        ("minutes", at.minute),
        ("seconds", at.second),
        ("yeardays", at.year_day),
        ("weekyears", at.week_year),
        ("weeks", at.week),
        ("weekdays", at.week_day),
    ]
    .into_iter()
    .all(|(name, value)| spec.attr(name).is_none_or(|range| holds(range, value)))
}

/// Whether a range (`7`, `1-5`, `3-`, `-3`) holds `value`.
fn holds(range: &str, value: i64) -> bool {
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits => digits.parse::<i64>().ok().map(Some),
    };
    match range.split_once('-') {
        None => range.trim().parse::<i64>().is_ok_and(|only| only == value),
        Some((low, high)) => match (number(low), number(high)) {
            (Some(low), Some(high)) => {
                (low.is_some() || high.is_some())
                    && low.is_none_or(|low| value >= low)
                    && high.is_none_or(|high| value <= high)
            }
            _ => false,
        },
    }
}
