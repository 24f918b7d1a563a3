//! OpenMetrics' text format, version 1.0, and Prometheus' own, 0.0.4.
//!
//! Sources: the OpenMetrics specification, "Text format": families with TYPE and HELP, each family's
//! samples together, no sample twice, `# EOF` at the end. Prometheus, "Exposition formats": the same,
//! but a counter's family has the whole name of its samples, and there is no end.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::counted::Histogram;

/// In which words the reader wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    OpenMetrics,
    /// For who does not know OpenMetrics yet.
    Prometheus,
}

impl Format {
    /// What a reader takes, by its `Accept`; OpenMetrics for who says nothing of either.
    pub fn accepted(accept: &str) -> Self {
        let old_only = accept.contains("text/plain") && !accept.contains("openmetrics-text");
        if old_only { Self::Prometheus } else { Self::OpenMetrics }
    }

    /// What it is, for HTTP.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// The text so far.
#[derive(Debug)]
pub(super) struct Text {
    format: Format,
    out: String,
    /// Samples of the family that is being written.
    written: BTreeSet<String>,
    name: &'static str,
    /// What is said of the family, before its first sample; one without samples is left out.
    head: String,
}

/// What a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Histogram,
}

impl Text {
    pub(super) fn new(format: Format) -> Self {
        let (out, written) = (String::new(), BTreeSet::new());
        Self { format, out, written, name: "", head: String::new() }
    }

    /// Begins a family.
    pub(super) fn family(&mut self, name: &'static str, kind: Kind, help: &str) {
        let (kind, suffix) = match (kind, self.format) {
            (Kind::Gauge, _) => ("gauge", ""),
            (Kind::Counter, Format::OpenMetrics) => ("counter", ""),
            (Kind::Counter, Format::Prometheus) => ("counter", "_total"),
            (Kind::Histogram, _) => ("histogram", ""),
        };
        self.name = name;
        self.written.clear();
        let help = escaped(help);
        self.head = format!("# TYPE {name}{suffix} {kind}\n# HELP {name}{suffix} {help}\n");
    }

    /// A gauge's value.
    pub(super) fn value(&mut self, labels: &[(&str, &str)], value: f64) {
        self.sample("", labels, value);
    }

    /// 1 or 0.
    pub(super) fn flag(&mut self, labels: &[(&str, &str)], holds: bool) {
        self.value(labels, f64::from(u8::from(holds)));
    }

    /// A counter's value.
    pub(super) fn count(&mut self, labels: &[(&str, &str)], value: u64) {
        self.sample("_total", labels, as_float(value));
    }

    pub(super) fn histogram(&mut self, labels: &[(&str, &str)], histogram: &Histogram) {
        for (bound, count) in histogram.buckets() {
            let bound = bound.map_or_else(|| "+Inf".to_owned(), number);
            let mut all = labels.to_vec();
            all.push(("le", &bound));
            self.sample("_bucket", &all, as_float(count));
        }
        self.sample("_count", labels, as_float(histogram.count()));
        self.sample("_sum", labels, histogram.sum());
    }

    pub(super) fn end(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }

    /// What has the same name and labels as one before is left out: readers would refuse it all.
    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: f64) {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels =
            if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let series = format!("{suffix}{labels}");
        if !self.written.contains(&series) {
            let (name, value) = (self.name, number(value));
            self.out.push_str(&std::mem::take(&mut self.head));
            self.put(format_args!("{name}{series} {value}\n"));
            self.written.insert(series);
        }
    }

    fn put(&mut self, words: std::fmt::Arguments<'_>) {
        // Writing to a `String` cannot fail.
        let _ = self.out.write_fmt(words);
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

fn number(value: f64) -> String {
    if value == f64::INFINITY {
        "+Inf".to_owned()
    } else if value == f64::NEG_INFINITY {
        "-Inf".to_owned()
    } else {
        format!("{value:?}")
    }
}

/// Counts that are larger than 2^53 lose their last digits, as in every reader of the format.
pub(super) fn as_float(value: u64) -> f64 {
    value as f64
}
