//! Durations: so many years, months, days and seconds, each of either sign.

use std::fmt;
use std::str::FromStr;

use scheduler::date::Moment;

/// A length of time whose months and years have no length of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Duration {
    years: i64,
    months: i64,
    days: i64,
    seconds: i64,
}

/// Why a text is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NoDuration(String);

impl fmt::Display for NoDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// No part is larger.
const PART_MAX: i64 = i32::MAX as i64;

impl FromStr for Duration {
    type Err = NoDuration;

    fn from_str(text: &str) -> Result<Self, NoDuration> {
        let refused = |why: &str| NoDuration(why.to_owned());
        let mut rest = text.strip_prefix('P').ok_or_else(|| refused("it begins with P"))?;
        let mut read = Self::default();
        let mut is_time = false;
        while let Some(next) = rest.chars().next().filter(|next| !next.is_whitespace()) {
            if next == 'T' {
                (is_time, rest) = (true, rest.get(1..).unwrap_or_default());
                continue;
            }
            let (number, after) =
                leading(rest).ok_or_else(|| NoDuration(format!("no number at '{rest}'")))?;
            let mut unit = after.chars();
            match unit.next() {
                None => return Err(NoDuration(format!("no unit after {rest}"))),
                Some(letter) => read.add(number, letter, is_time)?,
            }
            rest = unit.as_str();
        }
        if read == Self::default() {
            return Err(refused("nothing follows that lasts"));
        }
        Ok(read)
    }
}

/// A number, with a sign if it has one, and what is after it.
fn leading(text: &str) -> Option<(i64, &str)> {
    let (sign, digits) = match text.chars().next()? {
        '-' => (-1, text.get(1..)?),
        '+' | ':' => (1, text.get(1..)?),
        _ => (1, text),
    };
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let (number, rest) = digits.split_at_checked(end)?;
    let number: i64 = number.parse().ok().filter(|number| *number <= PART_MAX)?;
    Some((sign * number, rest))
}

impl Duration {
    fn add(&mut self, number: i64, unit: char, is_time: bool) -> Result<(), NoDuration> {
        match unit {
            'Y' => self.years = number,
            'M' if !is_time => self.months = number,
            'W' => self.days += number * 7,
            'D' => self.days += number,
            'H' => self.seconds += number * 3600,
            'M' => self.seconds += number * 60,
            'S' => self.seconds += number,
            _ => return Err(NoDuration(format!("'{unit}' is no unit of time"))),
        }
        if [self.days, self.seconds].iter().any(|part| part.abs() > PART_MAX) {
            return Err(NoDuration("it is too long".to_owned()));
        }
        Ok(())
    }

    /// The moment that is later by this much; `None` if nobody counts so far.
    pub(super) fn after(self, moment: Moment) -> Option<Moment> {
        let moved = moment.add_years(self.years).add_months(self.months);
        let later = self.days.checked_mul(86_400)?.checked_add(self.seconds)?;
        Some(Moment { seconds: moved.seconds.checked_add(later)?, ..moved })
    }

    /// The moment that is sooner by this much.
    pub(super) fn before(self, moment: Moment) -> Option<Moment> {
        let Self { years, months, days, seconds } = self;
        Self { years: -years, months: -months, days: -days, seconds: -seconds }.after(moment)
    }
}

/// As Pacemaker's tool writes it, for scripts that read that.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { years, months, days, seconds } = *self;
        let plural = |number: i64| if number == 1 { "" } else { "s" };
        for (number, width, name) in [(years, 4, "year"), (months, 2, "month"), (days, 2, "day")] {
            if number != 0 {
                write!(f, "{number:>width$} {name}{} ", plural(number))?;
            }
        }
        if seconds != 0 || (years, months, days) == (0, 0, 0) {
            write!(f, "{seconds} second{}", plural(seconds))?;
        }
        let size = seconds.abs();
        if size >= 60 {
            let parts = [(size / 3600, "hour"), (size / 60 % 60, "minute"), (size % 60, "second")];
            // The plural of the last is that of all seconds.
            let name = |(number, name): &(i64, &str)| match *name {
                "second" => format!("{number} {name}{}", plural(seconds)),
                _ => format!("{number} {name}{}", plural(*number)),
            };
            let named: Vec<String> =
                parts.iter().filter(|(number, _)| *number != 0).map(name).collect();
            write!(f, " ({})", named.join(" "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_print() {
        for (text, printed) in [
            ("P2Y5MT6M", "   2 years  5 months 360 seconds (6 minutes)"),
            ("P-1M", "-1 months "),
            ("PT-1H", "-3600 seconds (1 hour)"),
            ("P1W", " 7 days "),
            ("PT3661S", "3661 seconds (1 hour 1 minute 1 seconds)"),
            ("P1DT1S", " 1 day 1 second"),
        ] {
            let read: Duration = text.parse().unwrap();
            assert_eq!(read.to_string(), printed, "{text}");
        }
        for text in ["", "P", "P1", "PM", "1D", "P1Z", "P0D", "P9999999999D", "PT2147483647H"] {
            assert!(text.parse::<Duration>().is_err(), "{text}");
        }
    }
}
