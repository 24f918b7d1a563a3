//! The options that the tool takes, and what it says of them.

use crate::options::{self, Taken};

/// A part of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    All,
    Group(Group),
}

/// Options that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    Output,
    Operations,
    Synthetic,
    Artifact,
    Source,
}

impl Topic {
    /// What an option asks to explain, if it is one that asks.
    pub(super) fn asked_by(option: &str) -> Option<Self> {
        match option {
            "help" | "help-all" => Some(Self::All),
            "help-output" => Some(Self::Group(Group::Output)),
            "help-operations" => Some(Self::Group(Group::Operations)),
            "help-synthetic" => Some(Self::Group(Group::Synthetic)),
            "help-artifact" => Some(Self::Group(Group::Artifact)),
            "help-source" => Some(Self::Group(Group::Source)),
            _ => None,
        }
    }
}

impl Group {
    const ALL: [Self; 5] =
        [Self::Output, Self::Operations, Self::Synthetic, Self::Artifact, Self::Source];

    fn title(self) -> &'static str {
        match self {
            Self::Output => "Output Options",
            Self::Operations => "Operations",
            Self::Synthetic => "Synthetic Cluster Events",
            Self::Artifact => "Artifact Options",
            Self::Source => "Data Source",
        }
    }

    fn options(self) -> &'static [Taken] {
        match self {
            Self::Output => &OUTPUT,
            Self::Operations => &OPERATIONS,
            Self::Synthetic => &SYNTHETIC,
            Self::Artifact => &ARTIFACT,
            Self::Source => &SOURCE,
        }
    }
}

/// Every option.
pub(super) fn taken() -> Vec<Taken> {
    let groups = Group::ALL.iter().flat_map(|group| group.options());
    HELP.iter()
        .chain(&ALSO_HELP)
        .chain(groups)
        .chain(&HIDDEN)
        .chain(&APPLICATION)
        .copied()
        .collect()
}

/// The text for a topic; the tool is called `name`.
pub(super) fn text(name: &str, topic: Topic) -> String {
    let mut out = format!(
        "Usage:\n  {name} [OPTION…]\n\n\
         What the cluster would do about a state, and what would come of it.\n\n"
    );
    let mut section = |title: &str, taken: &[Taken]| {
        out += &format!("{title}:\n{}\n", options::list(taken));
    };
    match topic {
        Topic::Group(group) => section(group.title(), group.options()),
        Topic::All => {
            section("Help Options", &HELP);
            for group in Group::ALL {
                section(group.title(), group.options());
            }
            section("Application Options", &APPLICATION);
        }
    }
    out + &format!(
        "An operation (OPSPEC) is written RESOURCE_TASK_INTERVAL@NODE=CODE: the interval in\n\
         milliseconds, the code as an agent would exit with it (0 is success, 7 is not running).\n\n\
         Examples:\n\n\
         What would the cluster of this file do now, and how would it end?\n\n\
         \t{name} -S -x cib.xml\n\n\
         Why does a resource run where it runs?\n\n\
         \t{name} -s -x cib.xml\n\n\
         A node fails, and then the stop of a resource fails, too:\n\n\
         \t{name} -S -x cib.xml --node-fail n1 --op-fail db_stop_0@n2=1\n\n\
         A monitor finds a resource not running; keep what comes of it for another run:\n\n\
         \t{name} -S -x cib.xml --op-inject db_monitor_10000@n1=7 --save-output next.xml\n"
    )
}

const fn switch(long: &'static str, short: char, help: &'static str) -> Taken {
    Taken { long, short: Some(short), value: None, help }
}

const fn long(long: &'static str, value: Option<&'static str>, help: &'static str) -> Taken {
    Taken { long, short: None, value, help }
}

const fn valued(long: &'static str, short: char, value: &'static str, help: &'static str) -> Taken {
    Taken { long, short: Some(short), value: Some(value), help }
}

const HELP: [Taken; 7] = [
    switch("help", 'h', "Show this text"),
    long("help-all", None, "Show this text"),
    long("help-output", None, "Show output options only"),
    long("help-operations", None, "Show operations only"),
    long("help-synthetic", None, "Show events that can be made up only"),
    long("help-artifact", None, "Show what can be saved only"),
    long("help-source", None, "Show sources only"),
];

const ALSO_HELP: [Taken; 1] = [switch("help", '?', "")];

const HIDDEN: [Taken; 1] = [switch("pending", 'j', "")];

const APPLICATION: [Taken; 3] = [
    switch("version", '$', "Show the version"),
    switch("verbose", 'V', "Say more: actions' numbers in --save-dotfile"),
    switch("quiet", 'Q', "Show only what is essential"),
];

const OUTPUT: [Taken; 2] = [
    long("output-as", Some("FORMAT"), "Write text (default), xml, html or none"),
    long("output-to", Some("DEST"), "Write to this file (\"-\" for standard output)"),
];

const OPERATIONS: [Taken; 9] = [
    switch("run", 'R', "Show what the cluster would do"),
    switch("simulate", 'S', "Like --run, and show what would come of it"),
    switch("in-place", 'X', "Like --simulate, and store the result in the input file"),
    switch("show-attrs", 'A', "Show node attributes"),
    switch("show-failcounts", 'c', "Show fail counts and failed actions"),
    switch("show-scores", 's', "Show the scores that decide where resources run"),
    switch("show-utilization", 'U', "Show capacities and demands"),
    valued("profile", 'P', "DIR", "Plan for each .xml file of a folder and show the time it took"),
    valued("repeat", 'N', "N", "With --profile, plan for each file N times"),
];

const SYNTHETIC: [Taken; 12] = [
    valued("node-up", 'u', "NODE", "Bring a node online first"),
    valued("node-down", 'd', "NODE", "Take a node offline first"),
    valued("node-fail", 'f', "NODE", "Let a node fail first"),
    valued("op-inject", 'i', "OPSPEC", "Record an operation's result first"),
    valued("op-fail", 'F', "OPSPEC", "Let an operation fail if it is carried out"),
    valued("set-datetime", 't', "DATETIME", "Plan as if it were this time (ISO 8601)"),
    valued("quorum", 'q', "QUORUM", "Whether the cluster has quorum (with another event)"),
    valued("watchdog", 'w', "DEVICE", "Whether the cluster has a watchdog"),
    valued("ticket-grant", 'g', "TICKET", "Grant a ticket first"),
    valued("ticket-revoke", 'r', "TICKET", "Revoke a ticket first"),
    valued("ticket-standby", 'b', "TICKET", "Make a ticket standby first"),
    valued("ticket-activate", 'e', "TICKET", "Activate a ticket first"),
];

const ARTIFACT: [Taken; 5] = [
    valued("save-input", 'I', "FILE", "Save the document as it is planned for"),
    valued("save-output", 'O', "FILE", "Save the document as it is at the end"),
    valued("save-graph", 'G', "FILE", "Save the transition graph (XML)"),
    valued("save-dotfile", 'D', "FILE", "Save the transition graph (DOT)"),
    switch("all-actions", 'a', "With --save-dotfile, also actions that are not needed"),
];

const SOURCE: [Taken; 3] = [
    switch("live-check", 'L', "Take the running cluster's document"),
    valued("xml-file", 'x', "FILE", "Take the document from a file (also .bz2 and .gz)"),
    switch("xml-pipe", 'p', "Take the document from standard input (also without any option)"),
];
