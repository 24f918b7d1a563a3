//! What can go wrong, said so that a sleepy operator knows what to do.

use std::io;
use std::path::{Path, PathBuf};

use client::ClientError;
use view::words;
use wire::api::{Refused, Violation};

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) enum Trouble {
    Client(ClientError),
    /// A name of something that is not there.
    Unknown {
        noun: &'static str,
        name: String,
        nearest: Option<String>,
        known: Vec<String>,
    },
    /// The operator said no.
    Declined,
    /// There is no terminal to ask at, and `--yes` was not given.
    NobodyToAsk,
    /// The change was made; the cluster is not done with it.
    StillBusy {
        seconds: u64,
    },
    /// The change was made, and what it led to did not all go well.
    Failed {
        what: Vec<String>,
    },
    /// Agents do not take what they would be given.
    Misfits {
        what: Vec<String>,
        help: Vec<String>,
    },
    /// What must not run twice runs on other nodes.
    ActiveElsewhere {
        what: String,
        task: String,
        nodes: Vec<String>,
    },
    /// The words fit the grammar but make no sense.
    Usage {
        what: String,
    },
    /// The command cannot work on a file.
    NeedsDaemon {
        what: &'static str,
    },
    /// A text that is no document.
    Malformed {
        path: String,
        line: u32,
        reason: String,
    },
    Read {
        path: PathBuf,
        source: io::Error,
    },
    Write {
        path: PathBuf,
        source: io::Error,
    },
    Editor {
        command: String,
        reason: String,
    },
    /// The terminal cannot be used.
    Screen(watch::WatchError),
    /// Of the cluster as such, its files and machines.
    Cluster {
        kind: cluster::Kind,
        what: String,
        help: Vec<String>,
    },
    /// It kept what somebody wrote from becoming the configuration; that is in a file.
    Kept {
        trouble: Box<Trouble>,
        path: PathBuf,
    },
}

impl From<view::Unknown> for Trouble {
    fn from(unknown: view::Unknown) -> Self {
        let view::Unknown { noun, name, known } = unknown;
        Self::unknown(noun, &name, known)
    }
}

impl From<cluster::Trouble> for Trouble {
    fn from(trouble: cluster::Trouble) -> Self {
        match trouble {
            cluster::Trouble::Words { kind, what, help } => Self::Cluster { kind, what, help },
            cluster::Trouble::Client(error) => Self::Client(error),
        }
    }
}

impl From<ClientError> for Trouble {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

/// Names that are listed when one is not known; more would hide the message.
const KNOWN_SHOWN: usize = 12;

impl Trouble {
    /// A name that is not among `known`.
    pub(crate) fn unknown(noun: &'static str, name: &str, known: Vec<String>) -> Self {
        let nearest = words::nearest(name, known.iter().map(String::as_str)).map(str::to_owned);
        Self::Unknown { noun, name: name.to_owned(), nearest, known }
    }

    /// Where what somebody wrote is, and what to do with it.
    pub(crate) fn where_kept(path: &Path) -> String {
        format!("What you wrote is kept in {0}: `quorate config apply {0}`.", path.display())
    }

    /// What happened, to what.
    pub(crate) fn headline(&self) -> String {
        match self {
            Self::Client(ClientError::Refused(refused)) => refusal(refused),
            Self::Client(error) => match std::error::Error::source(error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            },
            Self::Unknown { noun, name, .. } => format!("there is no {noun} called `{name}`"),
            Self::Declined => "nothing was changed".to_owned(),
            Self::NobodyToAsk => {
                "nothing was changed: there is no terminal at which to ask you".to_owned()
            }
            Self::StillBusy { seconds } => {
                format!("the change was made, but after {seconds} s there is still work to do")
            }
            Self::Failed { what } => {
                format!("the change was made, but {} failed", words::count(what.len(), "action"))
            }
            Self::Misfits { what, .. } => match what.as_slice() {
                [one] => one.clone(),
                _ => format!("agents do not take that, for {}", words::count(what.len(), "reason")),
            },
            Self::ActiveElsewhere { what, task, nodes } => {
                let nodes = words::list(&nodes.iter().map(String::as_str).collect::<Vec<_>>());
                format!("refused: {what} is active on {nodes}; {task} would make it active twice")
            }
            Self::Usage { what } => what.clone(),
            Self::NeedsDaemon { what } => format!("{what} needs a running cluster, not a file"),
            Self::Malformed { path, line, reason } => {
                format!("{path} is not well-formed XML: line {line}: {reason}")
            }
            Self::Read { path, source } => format!("cannot read {}: {source}", path.display()),
            Self::Write { path, source } => format!("cannot write {}: {source}", path.display()),
            Self::Kept { trouble, .. } => trouble.headline(),
            Self::Screen(error) => match std::error::Error::source(error) {
                Some(cause) => format!("{error}: {cause}"),
                None => error.to_string(),
            },
            Self::Cluster { what, .. } => what.clone(),
            Self::Editor { command, reason } => format!("the editor `{command}` {reason}"),
        }
    }

    /// What the cluster does about it, and what you can do, a line each.
    pub(crate) fn help(&self) -> Vec<String> {
        match self {
            Self::Client(error) => client_help(error),
            Self::Unknown { nearest: Some(nearest), .. } => {
                vec![format!("Did you mean `{nearest}`?")]
            }
            Self::Unknown { known, noun, .. } if known.is_empty() => {
                vec![format!("There is no {noun} at all.")]
            }
            Self::Unknown { known, .. } => {
                let shown: Vec<&str> = known.iter().take(KNOWN_SHOWN).map(String::as_str).collect();
                let more = known.len().saturating_sub(shown.len());
                let more = if more > 0 { format!(" and {more} more") } else { String::new() };
                vec![format!("There is {}{more}.", shown.join(", "))]
            }
            Self::Kept { trouble, path } => {
                let mut lines = trouble.help();
                lines.push(Self::where_kept(path));
                lines
            }
            Self::NobodyToAsk => vec![
                "Say --yes to make the change without being asked, or --dry-run to see what it \
                 would do."
                    .to_owned(),
            ],
            Self::StillBusy { .. } => vec![
                "The cluster goes on with it; `quorate status` shows how far it is, `quorate wait` \
                 waits longer."
                    .to_owned(),
            ],
            Self::Failed { what } => {
                let status = "`quorate status` shows how it is now.".to_owned();
                what.iter().cloned().chain([status]).collect()
            }
            Self::Misfits { what, help } => {
                let all = if let [_] = what.as_slice() { &[] } else { what.as_slice() };
                let end = "Nothing was changed. --unchecked does it all the same.".to_owned();
                all.iter().chain(help).cloned().chain([end]).collect()
            }
            Self::ActiveElsewhere { what, .. } => vec![format!(
                "`quorate resource disable {what}` stops it first; --force does it all the same."
            )],
            Self::NeedsDaemon { .. } => {
                vec!["Leave --file out, or say --dry-run to see what it would do.".to_owned()]
            }
            Self::Cluster { help, .. } => help.clone(),
            Self::Editor { .. } => {
                vec!["Set EDITOR to the editor that you like. Nothing was changed.".to_owned()]
            }
            Self::Declined
            | Self::Screen(_)
            | Self::Usage { .. }
            | Self::Malformed { .. }
            | Self::Read { .. }
            | Self::Write { .. } => Vec::new(),
        }
    }
}

fn refusal(refused: &Refused) -> String {
    match refused {
        Refused::NoQuorum => {
            "refused: this node has no quorum, so its word does not count".to_owned()
        }
        Refused::NotReady => "refused: the nodes are just agreeing on their state".to_owned(),
        Refused::Stale { yours, current } => {
            format!("refused: you changed configuration {yours}, but meanwhile it is {current}")
        }
        Refused::Invalid { violations } => {
            format!("refused: the document would have {}", words::count(violations.len(), "error"))
        }
        Refused::UnknownNode { node, .. } => format!("refused: there is no node called `{node}`"),
        Refused::NothingToUndo => "refused: there is no earlier configuration".to_owned(),
        Refused::StillMember { node } => {
            format!("refused: {node} is a member of the cluster, so it is not off")
        }
        Refused::MayBeOlder { nodes } => {
            format!("refused: {} may have a newer configuration", words::list(nodes))
        }
        Refused::NotStored { reason } => {
            format!("refused: the disks did not take the change: {reason}")
        }
        Refused::NotPermitted => "refused: you may not do that".to_owned(),
    }
}

fn client_help(error: &ClientError) -> Vec<String> {
    let line = |text: &str| vec![text.to_owned()];
    match error {
        ClientError::Connect { path, .. } => vec![
            "The cluster may be running all the same; only this node's daemon was not reached."
                .to_owned(),
            format!(
                "Is it running? It should listen at {}; --socket or {} names another place, and \
                 --file reads a saved document instead.",
                path.display(),
                client::SOCKET_VARIABLE
            ),
        ],
        ClientError::Deadline { .. } => line(
            "It may be busy or stuck; a change that was sent may still be made. --timeout waits \
             longer.",
        ),
        ClientError::Broken { .. } => {
            line("It may have stopped; a change that was sent may still be made. Look again.")
        }
        ClientError::Garbled { .. } => line("Is the program of another version than the daemon?"),
        ClientError::Refused(refused) => refusal_help(refused),
    }
}

fn refusal_help(refused: &Refused) -> Vec<String> {
    let line = |text: &str| vec![text.to_owned()];
    match refused {
        Refused::NoQuorum => line(
            "Nothing was changed. Bring more nodes back, or, if you are certain that the others \
             are off, say --force.",
        ),
        Refused::NotReady => line("Nothing was changed. Try again in a moment."),
        Refused::Stale { .. } => line("Nothing was changed. Look at it again and repeat."),
        Refused::Invalid { violations } => violation_lines(violations),
        Refused::UnknownNode { nearest: Some(nearest), .. } => {
            vec![format!("Did you mean `{nearest}`?")]
        }
        Refused::UnknownNode { nearest: None, .. } => line("`quorate node list` lists them."),
        Refused::NothingToUndo => Vec::new(),
        Refused::StillMember { node } => vec![format!(
            "To cut it off, say `quorate node fence {node}`; to stop it in peace, `quorate node \
             shutdown {node}`."
        )],
        Refused::MayBeOlder { nodes } => {
            let node = nodes.first().map_or("NODE", String::as_str);
            vec![
                "Nothing was changed; what runs goes on. Start the daemon there.".to_owned(),
                format!(
                    "If its configuration is lost or given up, and the machine is off, say `quorate node \
                     confirm-off {node}`."
                ),
            ]
        }
        Refused::NotStored { .. } => {
            line("What runs goes on. Make room on the disks; until then changes are refused.")
        }
        Refused::NotPermitted => line("Ask as root, or as a user of the group haclient."),
    }
}

fn violation_lines(violations: &[Violation]) -> Vec<String> {
    let mut lines: Vec<String> = violations
        .iter()
        .map(|Violation { line, what, hint }| {
            let at = if *line > 0 { format!("line {line}: ") } else { String::new() };
            let hint = hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("{at}{what}{hint}")
        })
        .collect();
    lines.push("Nothing was changed; the cluster stays as it was.".to_owned());
    lines
}
