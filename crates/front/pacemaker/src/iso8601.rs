//! `iso8601`: what dates, durations and periods come to.

mod duration;

use std::ffi::OsString;
use std::process::ExitCode;

use scheduler::date::{self, Civil, Moment};

use crate::exit::Exit;
use crate::options::Taken;
use crate::output::Output;
use crate::time;
use crate::tool::{self, Call, Tool, Trouble, last, switch, valued};
use duration::Duration;

const TAKEN: [Taken; 10] = [
    switch("now", Some('n'), "Show what time it is"),
    valued("date", Some('d'), "DATE", "Read a date, such as 2019-09-24T00:30:00+01:00 or 2019-040"),
    valued("period", Some('p'), "PERIOD", "Read a period, such as 2005-040/2005-043"),
    valued("duration", Some('D'), "DURATION", "Read a duration, such as P1M"),
    valued("expected", Some('E'), "TEXT", "With a date: fail if the result is not this"),
    switch("seconds", Some('s'), "Show seconds since the year 1 began"),
    switch("epoch", Some('S'), "Show seconds since 1970 began"),
    switch("local", Some('L'), "Show the time of the zone that was given"),
    switch("ordinal", Some('O'), "Show the number of the day in its year"),
    switch("week", Some('W'), "Show the week and its day"),
];

const TOOL: Tool = Tool {
    name: "iso8601",
    purpose: "Reads and shows dates and times of ISO 8601.",
    taken: &TAKEN,
    loose: "",
};

/// Reads and shows times.
pub(crate) fn iso8601(words: Vec<OsString>) -> ExitCode {
    tool::serve(&TOOL, words, act)
}

fn act(call: &Call, said: &mut Output) -> Result<Exit, Trouble> {
    let style = Style::of(call);
    let mut shown = None;
    if let Some(given) = last(&call.given, &["now", "date"]) {
        let is_now = given.name == "now" || given.value.eq_ignore_ascii_case("now");
        let (prefix, moment) = if is_now {
            ("Current date/time", Moment { seconds: time::now(), offset: 0 })
        } else {
            let moment = read(&given.value).ok_or_else(|| invalid("date/time", &given.value))?;
            ("Date", moment)
        };
        show(said, &format!("{prefix}: "), "date", &style.text(moment));
        shown = Some(moment);
    }
    let mut length = None;
    if let Some(text) = call.value("duration") {
        let duration = duration(text)?;
        show(said, "Duration: ", "duration", &duration.to_string());
        length = Some(duration);
    }
    if let Some(text) = call.value("period") {
        let (start, end) = period(text).map_err(|why| because(invalid("interval", text), &why))?;
        let (start, end) = (style.text(start), style.text(end));
        said.tell(
            |out| out.line(&format!("Period: {start} to {end}")),
            |xml| {
                xml.begin("period");
                xml.text("start", &start);
                xml.text("end", &end);
                xml.end();
            },
        );
    }
    let Some(mut result) = shown else { return Ok(Exit::Ok) };
    if let Some(length) = length {
        result = length.after(result).ok_or_else(|| {
            Trouble::new(Exit::Software, "Unable to calculate ending time: out of range")
        })?;
        let text = Style { local: true, ..style }.text(result);
        show(said, "Duration ends at: ", "duration_ends", &text);
    }
    match call.value("expected") {
        Some(expected) if !expected.eq_ignore_ascii_case(&style.text(result)) => Ok(Exit::Error),
        Some(_) | None => Ok(Exit::Ok),
    }
}

fn read(text: &str) -> Option<Moment> {
    date::parse(text, time::now())
}

fn duration(text: &str) -> Result<Duration, Trouble> {
    text.parse().map_err(|why| because(invalid("duration", text), &why))
}

fn because(trouble: Trouble, why: &dyn std::fmt::Display) -> Trouble {
    let Trouble { exit, words } = trouble;
    Trouble::new(exit, format!("{words}\n  {why}"))
}

fn invalid(what: &str, text: &str) -> Trouble {
    Trouble::new(Exit::InvalidParameter, format!("Invalid {what} specified: {text}"))
}

fn show(said: &mut Output, prefix: &str, name: &str, text: &str) {
    said.tell(|out| out.line(&format!("{prefix}{text}")), |xml| xml.text(name, text));
}

/// Both ends of a period: two moments, a moment and a duration in either order, or a duration from
/// now on. Else why it is none.
fn period(text: &str) -> Result<(Moment, Moment), String> {
    let (first, second) = match text.split_once('/') {
        Some((first, second)) => (first, Some(second)),
        None => (text, None),
    };
    let is_length = |part: &str| part.starts_with('P');
    let length = |part: &str| part.parse::<Duration>().map_err(|why| format!("'{part}': {why}"));
    let moment = |part: &str| {
        let wrong =
            if part.is_empty() { "a date is missing" } else { "no date, or no time of day" };
        read(part).ok_or_else(|| format!("'{part}': {wrong}"))
    };
    let reached = |end: Option<Moment>| end.ok_or_else(|| "an end is out of range".to_owned());
    let (start, end) = match second {
        None if is_length(first) => {
            let start = Moment { seconds: time::now(), offset: 0 };
            (start, reached(length(first)?.after(start))?)
        }
        None => return Err("a period needs two ends, or a duration".to_owned()),
        Some(second) => match (is_length(first), is_length(second)) {
            (true, true) => return Err("two durations have no beginning".to_owned()),
            (true, false) => {
                let end = moment(second)?;
                (reached(length(first)?.before(end))?, end)
            }
            (false, true) => {
                let start = moment(first)?;
                (start, reached(length(second)?.after(start))?)
            }
            (false, false) => (moment(first)?, moment(second)?),
        },
    };
    let in_range = |moment: Moment| (1..=9999).contains(&Civil::of(local(moment)).year);
    reached(Some(end).filter(|end| in_range(start) && in_range(*end))).map(|end| (start, end))
}

/// Seconds by the clock of the moment's zone.
fn local(moment: Moment) -> i64 {
    moment.seconds.saturating_add(moment.offset)
}

/// How moments are shown.
#[derive(Clone, Copy, Debug, Default)]
struct Style {
    /// Seconds since this moment, alone; it is in seconds since 1970.
    since: Option<i64>,
    local: bool,
    ordinal: bool,
    week: bool,
}

/// When the year 1 began, in seconds since 1970.
const YEAR_1: i64 = -62_135_596_800;

impl Style {
    fn of(call: &Call) -> Self {
        let since = if call.has("seconds") { Some(YEAR_1) } else { call.has("epoch").then_some(0) };
        let [local, ordinal, week] = ["local", "ordinal", "week"].map(|name| call.has(name));
        Self { since, local, ordinal, week }
    }

    fn text(self, moment: Moment) -> String {
        if let Some(since) = self.since {
            return moment.seconds.saturating_sub(since).to_string();
        }
        let zoned = self.local && moment.offset != 0;
        let at = Civil::of(if zoned { local(moment) } else { moment.seconds });
        let Civil { year, month, day, year_day, hour, minute, second, .. } = at;
        let date = if self.week {
            format!("{}-W{:02}-{}", at.week_year, at.week, at.week_day)
        } else if self.ordinal {
            format!("{year}-{year_day:03}")
        } else {
            format!("{year:04}-{month:02}-{day:02}")
        };
        let zone = if zoned {
            let (sign, ahead) = (if moment.offset < 0 { '-' } else { '+' }, moment.offset.abs());
            format!(" {sign}{:02}:{:02}", ahead / 3600, ahead / 60 % 60)
        } else {
            "Z".to_owned()
        };
        format!("{date} {hour:02}:{minute:02}:{second:02}{zone}")
    }
}
