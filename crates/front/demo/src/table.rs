//! The table of what took how long.

use std::time::Duration;

use view::moment::length;
use view::text::{Table, Tone};

use crate::say;

/// One thing that was checked.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) what: String,
    /// `None` where nothing was waited for.
    pub(crate) took: Option<Duration>,
    /// How long the service did not answer.
    pub(crate) outage: Option<Duration>,
    /// What was not as it should be.
    pub(crate) wrong: Option<String>,
}

pub(crate) fn print(rows: &[Row]) {
    let options = say::options(say::now());
    let mut table = Table::default();
    let heads = ["", "took", "service out for", ""];
    table.row(heads.iter().map(|head| (Tone::Strong, (*head).to_owned())).collect());
    for row in rows {
        let words = |time: Option<Duration>| time.map(milliseconds).unwrap_or_default();
        let (tone, end) = match &row.wrong {
            None => (Tone::Good, "as it should be".to_owned()),
            Some(wrong) => (Tone::Bad, format!("WRONG: {wrong}")),
        };
        table.row(vec![
            (Tone::Plain, row.what.clone()),
            (Tone::Plain, words(row.took)),
            (Tone::Plain, words(row.outage)),
            (tone, end),
        ]);
    }
    let mut text = String::new();
    table.write(&mut text, 0, options);
    say::line(text.trim_end());
}

pub(crate) fn milliseconds(time: Duration) -> String {
    length(time.as_millis().try_into().unwrap_or(u64::MAX))
}
