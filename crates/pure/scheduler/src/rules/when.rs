//! Conditions on the time.

use cib::Element;

use super::NextChange;
use super::compare::leading_integer;
use super::date::{self, Civil, Moment};

/// How a `date_expression` stands to a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The moment is in its range.
    InRange,
    /// The moment fits its specification.
    Fits,
    /// It will apply later, or could.
    NotYet,
    /// It applied before, or could have.
    Expired,
    /// It cannot be understood.
    Unreadable,
}

/// How a `date_expression` stands to `now` (seconds since 1970).
pub fn judge_date(expression: Element<'_>, now: i64) -> Verdict {
    judge(expression, now, &mut NextChange::default())
}

/// Whether a `date_expression` passes at `now` (seconds since 1970). Tells `next` when the answer
/// will be another one, where that is known.
pub(super) fn passes(expression: Element<'_>, now: i64, next: &mut NextChange) -> bool {
    match judge(expression, now, next) {
        Verdict::InRange | Verdict::Fits => true,
        Verdict::NotYet | Verdict::Expired | Verdict::Unreadable => false,
    }
}

fn judge(expression: Element<'_>, now: i64, next: &mut NextChange) -> Verdict {
    match expression.attr("operation").map(str::to_ascii_lowercase).as_deref() {
        None | Some("in_range") => in_range(expression, now, next),
        Some("date_spec") => match expression.child("date_spec") {
            Some(spec) => specification(spec, now),
            None => Verdict::Unreadable,
        },
        Some("gt") => {
            let Some(start) = moment(expression, "start", now).flatten() else {
                return Verdict::Unreadable;
            };
            let start = start.seconds;
            if now > start {
                return Verdict::InRange;
            }
            next.consider(start + 1);
            Verdict::NotYet
        }
        Some("lt") => {
            let Some(end) = moment(expression, "end", now).flatten() else {
                return Verdict::Unreadable;
            };
            let end = end.seconds;
            if now < end {
                next.consider(end);
                return Verdict::InRange;
            }
            Verdict::Expired
        }
        Some(_) => Verdict::Unreadable,
    }
}

/// The moment in attribute `name`: `Some(None)` if it is not there, `None` if it cannot be read.
fn moment(expression: Element<'_>, name: &str, now: i64) -> Option<Option<Moment>> {
    match expression.attr(name) {
        None => Some(None),
        Some(text) => date::parse(text, now).map(Some),
    }
}

fn in_range(expression: Element<'_>, now: i64, next: &mut NextChange) -> Verdict {
    let (Some(start), Some(end)) =
        (moment(expression, "start", now), moment(expression, "end", now))
    else {
        return Verdict::Unreadable;
    };
    if start.is_none() && end.is_none() {
        return Verdict::Unreadable;
    }
    let end = match (end, start, expression.child("duration")) {
        (None, Some(start), Some(duration)) => match after(start, duration) {
            Some(end) => Some(end),
            None => return Verdict::Unreadable,
        },
        (end, _, _) => end.map(|end| end.seconds),
    };
    if let Some(start) = start
        && now < start.seconds
    {
        next.consider(start.seconds);
        return Verdict::NotYet;
    }
    let Some(end) = end else { return Verdict::InRange };
    if now > end {
        return Verdict::Expired;
    }
    // The last second is still in range.
    next.consider(end + 1);
    Verdict::InRange
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

/// How the ranges of a `date_spec` stand to `now`: what the first one says that does not hold it.
fn specification(spec: Element<'_>, now: i64) -> Verdict {
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
    .filter_map(|(name, value)| Some(range(spec.attr(name)?, value)))
    .find(|verdict| *verdict != Verdict::Fits)
    .unwrap_or(Verdict::Fits)
}

/// How a range (`7`, `1-5`, `3-`, `-3`) stands to `value`.
fn range(range: &str, value: i64) -> Verdict {
    let number = |text: &str| match text.trim() {
        "" => Some(None),
        digits => digits.parse::<i64>().ok().map(Some),
    };
    let (low, high) = match range.split_once('-') {
        None => (number(range), number(range)),
        Some((low, high)) => (number(low), number(high)),
    };
    match (low, high) {
        (None, _) | (_, None) | (Some(None), Some(None)) => Verdict::Unreadable,
        (Some(Some(low)), _) if value < low => Verdict::NotYet,
        (_, Some(Some(high))) if value > high => Verdict::Expired,
        (Some(_), Some(_)) => Verdict::Fits,
    }
}
