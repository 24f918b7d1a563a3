//! The time that a report is about, and which lines of a log are of it.

use crate::time;
use crate::tool::Trouble;

/// So many seconds before and after are told, too.
const MARGIN: i64 = 10;

/// From when until when, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Period {
    pub(super) from: i64,
    pub(super) to: i64,
}

impl Period {
    pub(super) fn between(from: &str, to: Option<&str>, now: i64) -> Result<Self, Trouble> {
        let read = |text: &str| {
            moment(text, now).ok_or_else(|| {
                Trouble::usage(format!(
                    "expected a time such as \"2026-11-21 10:00\", found {text}"
                ))
            })
        };
        let to = to.filter(|to| *to != "now").map_or(Ok(now), read)?;
        let from = read(from)?;
        if to < from {
            return Err(Trouble::usage("the time to which is before the time from which"));
        }
        Ok(Self { from, to })
    }

    pub(super) fn has(self, at: i64) -> bool {
        (self.from - MARGIN..=self.to + MARGIN).contains(&at)
    }

    /// For the journal.
    pub(super) fn bounds(self) -> [String; 2] {
        [format!("--since=@{}", self.from - MARGIN), format!("--until=@{}", self.to + MARGIN)]
    }

    /// The lines of this time. One without a time is of the time of the line before it; a log
    /// without times is told whole.
    pub(super) fn lines(self, log: &str) -> String {
        if !log.lines().any(|line| stamp(line, self.to).is_some()) {
            return log.to_owned();
        }
        let mut is_of_it = false;
        let mut lines = String::new();
        for line in log.lines() {
            is_of_it = stamp(line, self.to).map_or(is_of_it, |at| self.has(at));
            if is_of_it {
                lines.push_str(line);
                lines.push('\n');
            }
        }
        lines
    }
}

/// `2026-11-21 10:00`, `2026-1-2 3:4:5`, or a time of today.
fn moment(text: &str, now: i64) -> Option<i64> {
    let text = text.trim();
    let is_of_today = text.contains(':') && !text.contains(['-', 'T', ' ']);
    let today = time::calendar(now);
    let (date, clock) = if is_of_today {
        (today.get(..10)?, text)
    } else {
        text.split_once([' ', 'T']).unwrap_or((text, ""))
    };
    let two = |part: &str| format!("{part:0>2}");
    let date: Vec<String> = date.split('-').map(two).collect();
    let clock: Vec<String> = clock.trim().split(':').map(two).collect();
    let clock = if clock == ["00"] { String::new() } else { format!(" {}", clock.join(":")) };
    time::parse(&format!("{}{clock}", date.join("-")))
}

/// When a line was written: `2026-11-21T10:00:00...`, `2026-11-21 10:00:00`, `Nov 21 10:00:00`. The
/// last has no year: it is the latest that is not after the day after `to`.
fn stamp(line: &str, to: i64) -> Option<i64> {
    if let Some(at) = line.get(..19).filter(|text| text.is_ascii()).and_then(time::parse) {
        return Some(at);
    }
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = line.split_whitespace();
    let name = words.next()?;
    let month = MONTHS.iter().position(|month| *month == name)? + 1;
    let day: u8 = words.next()?.parse().ok()?;
    let clock = words.next()?.get(..8)?;
    let year: i64 = time::calendar(to + DAY).get(..4)?.parse().ok()?;
    let of = |year: i64| time::parse(&format!("{year:04}-{month:02}-{day:02} {clock}"));
    of(year).filter(|at| *at <= to + DAY).or_else(|| of(year - 1))
}

const DAY: i64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        let now = time::parse("2026-11-21 20:00:00").unwrap();
        let read = |text| moment(text, now).map(time::calendar);
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(read("2026-11-21 10:00"), is("2026-11-21 10:00:00Z"));
        assert_eq!(read("2026-1-2 3:4:5"), is("2026-01-02 03:04:05Z"));
        assert_eq!(read("2026-11-21"), is("2026-11-21 00:00:00Z"));
        assert_eq!(read("13:05:00"), is("2026-11-21 13:05:00Z"));
        assert_eq!(read("yesterday"), None);
        assert!(Period::between("2026-11-21", Some("2026-11-20"), now).is_err());
    }

    #[test]
    fn the_lines_of_the_time_are_told() {
        let period = Period::between("2026-01-01 00:00", Some("2026-01-01 00:10"), 0).unwrap();
        let log = "Dec 31 23:00:00 n1 early\n more\nDec 31 23:59:55 n1 close\nJan  1 00:05:00 n1 in\n \
                   more of it\n2026-01-01T00:06:00+00:00 in\nJan  1 00:20:00 n1 late\n";
        let told = "Dec 31 23:59:55 n1 close\nJan  1 00:05:00 n1 in\n more of it\n\
                    2026-01-01T00:06:00+00:00 in\n";
        assert_eq!(period.lines(log), told);
        assert_eq!(period.lines("no times\n"), "no times\n");
    }
}
