//! `cl_status`: how the cluster is, for scripts. Exit codes: 0, 1 where something does not run or is dead, 11 for
//! words that make no sense, 13 for what went wrong otherwise.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

use corosync::Conf;
use heartbeat::{HaCf, Settings};

use crate::seen::{self, Held, Seen};
use crate::{folder, out, talk, texts};

const USAGE: &str = "usage: cl_status SUB-COMMAND [-m] [options] [parameters]
  hbstatus [-v]                  whether Heartbeat runs here
  listnodes [-n|-p] [-v]         the nodes; only members, or only ping nodes
  nodestatus NODE                active, dead or ping
  nodetype NODE                  normal or ping
  nodeweight NODE, nodesite NODE
  listhblinks NODE [-v]          its links
  hblinkstatus NODE LINK         up or dead
  clientstatus NODE CLIENT [MS]  online or offline
  rscstatus                      local, foreign, all, none or transition
  hbparameter -p NAME            a value of ha.cf
-m: in words
";
const COROSYNC: &str = "/etc/corosync/corosync.conf";
/// What Heartbeat gave nodes that say nothing else.
const WEIGHT: &str = "100";
/// Clients that run wherever a node does.
const CLIENTS: [&str; 8] =
    ["cib", "crmd", "attrd", "lrmd", "stonithd", "stonith-ng", "pengine", "mgmtd"];

/// How a call ends otherwise than well.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// It does not run, or is dead: the text is said all the same.
    Fail(String),
    Parameter(String),
    Unknown(String),
    /// As the state of a client says.
    State(u8, String),
}

pub(crate) fn cl_status(words: Vec<OsString>) -> ExitCode {
    let words = texts(words);
    let Some((verb, rest)) = words.split_first() else {
        out(USAGE);
        return ExitCode::SUCCESS;
    };
    if matches!(verb.as_str(), "-h" | "--help") {
        out(USAGE);
        return ExitCode::SUCCESS;
    }
    let said = Asked::of(rest).and_then(|asked| answer(verb, &asked));
    match said {
        Ok(text) => {
            out(&text);
            ExitCode::SUCCESS
        }
        Err(Ended::Fail(text)) => {
            out(&text);
            ExitCode::from(1)
        }
        Err(Ended::State(code, text)) => {
            out(&text);
            ExitCode::from(code)
        }
        Err(Ended::Parameter(why)) => {
            talk(&format!("cl_status: {why}\n{USAGE}"));
            ExitCode::from(11)
        }
        Err(Ended::Unknown(why)) => {
            talk(&format!("cl_status: {why}\n"));
            ExitCode::from(13)
        }
    }
}

/// Options and words behind the sub-command.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked<'a> {
    /// In words. Field word: *human readable*.
    words: bool,
    verbose: bool,
    normal: bool,
    ping: bool,
    loose: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn of(words: &'a [String]) -> Result<Self, Ended> {
        let mut asked = Self::default();
        for word in words {
            match word.as_str() {
                "-m" => asked.words = true,
                "-v" => asked.verbose = true,
                "-n" => asked.normal = true,
                "-p" => asked.ping = true,
                other if other.starts_with('-') => {
                    return Err(Ended::Parameter(format!("unknown option {other}")));
                }
                other => asked.loose.push(other),
            }
        }
        Ok(asked)
    }

    fn one(&self, what: &str) -> Result<&'a str, Ended> {
        match self.loose.as_slice() {
            [one] => Ok(one),
            _ => Err(Ended::Parameter(format!("say {what}"))),
        }
    }
}

fn answer(verb: &str, asked: &Asked<'_>) -> Result<String, Ended> {
    match verb {
        "hbparameter" => return parameter(asked),
        "hbstatus" | "listnodes" | "nodestatus" | "nodetype" | "nodeweight" | "nodesite"
        | "listhblinks" | "hblinkstatus" | "clientstatus" | "rscstatus" => {}
        other => return Err(Ended::Parameter(format!("unknown sub-command {other}"))),
    }
    let seen = Seen::look().map_err(Ended::Unknown)?;
    let Some(seen) = seen else {
        return Err(Ended::Fail("Heartbeat is stopped on this machine.\n".to_owned()));
    };
    match verb {
        "hbstatus" => Ok(running(&seen, asked)),
        "listnodes" => Ok(nodes(&seen, asked)),
        "nodestatus" => node_status(&seen, asked),
        "nodetype" => of_node(&seen, asked, |_, is_ping| kind(is_ping).to_owned(), "type"),
        "nodeweight" => of_node(&seen, asked, |_, _| WEIGHT.to_owned(), "weight"),
        "nodesite" => of_node(&seen, asked, |_, _| String::new(), "site"),
        "listhblinks" => links(&seen, asked),
        "hblinkstatus" => link_status(&seen, asked),
        "clientstatus" => client_status(&seen, asked),
        _ => Ok(held(&seen, asked)),
    }
}

fn running(seen: &Seen, asked: &Asked<'_>) -> String {
    let mut text = "Heartbeat is running on this machine.\n".to_owned();
    if asked.verbose {
        text.push_str(&format!("version: {}\n", env!("CARGO_PKG_VERSION")));
        text.push_str("managed by: pacemaker (respawn)\n");
        text.push_str(&format!("members: {}\n", seen.cluster.members.join(" ")));
        text.push_str(&nodes(seen, asked));
    }
    text
}

fn kind(is_ping: bool) -> &'static str {
    if is_ping { "ping" } else { "normal" }
}

/// Who is asked for, and whether that is a ping node.
fn all<'s>(seen: &'s Seen, asked: &Asked<'_>) -> Vec<(&'s str, bool)> {
    let members = seen.nodes().into_iter().map(|node| (node, false));
    let pings = seen.ping_nodes().into_iter().map(|node| (node, true));
    members
        .filter(|_| !asked.ping || asked.normal)
        .chain(pings.filter(|_| !asked.normal || asked.ping))
        .collect()
}

fn nodes(seen: &Seen, asked: &Asked<'_>) -> String {
    let mut text = if asked.words { "The nodes are as follow:\n" } else { "" }.to_owned();
    for (node, is_ping) in all(seen, asked) {
        if asked.verbose {
            let status = status(seen, node, is_ping);
            text.push_str(&format!("{node}: {status} (nodetype: {})\n", kind(is_ping)));
        } else {
            text.push_str(&format!("{node}\n"));
        }
    }
    text
}

fn status(seen: &Seen, node: &str, is_ping: bool) -> &'static str {
    match (is_ping, seen.is_member(node)) {
        (true, _) => "ping",
        (false, true) => "active",
        (false, false) => "dead",
    }
}

/// Names are compared in lower case, as Heartbeat does.
fn find<'s>(seen: &'s Seen, name: &str) -> Result<(&'s str, bool), Ended> {
    let both = all(seen, &Asked::default());
    let found = both.into_iter().find(|(node, _)| node.eq_ignore_ascii_case(name));
    found.ok_or_else(|| Ended::Fail(format!("Cannot get the status of {name}: no such node\n")))
}

fn node_status(seen: &Seen, asked: &Asked<'_>) -> Result<String, Ended> {
    let (node, is_ping) = find(seen, asked.one("a node")?)?;
    let status = status(seen, node, is_ping);
    let text = if asked.words {
        format!("The cluster node {node} is {status}\n")
    } else {
        format!("{status}\n")
    };
    if status == "dead" { Err(Ended::Fail(text)) } else { Ok(text) }
}

fn of_node(
    seen: &Seen,
    asked: &Asked<'_>,
    value: impl Fn(&str, bool) -> String,
    what: &str,
) -> Result<String, Ended> {
    let (node, is_ping) = find(seen, asked.one("a node")?)?;
    let value = value(node, is_ping);
    Ok(if asked.words {
        format!("The cluster node {node} has {what} {value}\n")
    } else {
        format!("{value}\n")
    })
}

/// The node's number, and how many links it has.
fn links_of(node: &str) -> Result<(u32, usize), Ended> {
    let text = std::fs::read_to_string(COROSYNC);
    let text = text.map_err(|error| Ended::Unknown(format!("{COROSYNC}: {error}")))?;
    let settings = corosync::Settings::of(&Conf::parse(&text));
    let known = settings.node(node);
    let known = known.ok_or_else(|| Ended::Fail(format!("{node} is not in {COROSYNC}\n")))?;
    Ok((known.id.as_ref().map_or(0, |id| id.value), known.addresses.len()))
}

fn links(seen: &Seen, asked: &Asked<'_>) -> Result<String, Ended> {
    let (node, is_ping) = find(seen, asked.one("a node")?)?;
    if is_ping {
        return Ok(format!("{node}\n"));
    }
    let (id, count) = links_of(node)?;
    let mut text = String::new();
    for link in 0..count {
        let name = format!("link{link}");
        text.push_str(&if asked.verbose {
            format!("{name}: {}\n", reached(seen, node, id, link)?)
        } else {
            format!("{name}\n")
        });
    }
    Ok(text)
}

fn link_status(seen: &Seen, asked: &Asked<'_>) -> Result<String, Ended> {
    let [node, link] = asked.loose.as_slice() else {
        return Err(Ended::Parameter("say a node and a link".to_owned()));
    };
    let (node, _) = find(seen, node)?;
    let (id, count) = links_of(node)?;
    let number = link.strip_prefix("link").and_then(|number| number.parse::<usize>().ok());
    let number = number.filter(|number| *number < count);
    let number = number.ok_or_else(|| Ended::Fail(format!("{node} has no link {link}\n")))?;
    let word = reached(seen, node, id, number)?;
    let text = if asked.words {
        format!("The heartbeat link {link} of {node} is {word}\n")
    } else {
        format!("{word}\n")
    };
    if word == "dead" { Err(Ended::Fail(text)) } else { Ok(text) }
}

/// As Corosync sees it from here; the way to oneself is up.
fn reached(seen: &Seen, node: &str, id: u32, link: usize) -> Result<&'static str, Ended> {
    if node == seen.cluster.node {
        return Ok("up");
    }
    let asked = Command::new("corosync-cfgtool").arg("-s").output();
    let asked = asked.map_err(|error| Ended::Unknown(format!("corosync-cfgtool: {error}")))?;
    let is_up = is_connected(&String::from_utf8_lossy(&asked.stdout), id, link);
    Ok(if is_up { "up" } else { "dead" })
}

/// Whether `corosync-cfgtool -s` calls a node connected on a link.
fn is_connected(shown: &str, id: u32, link: usize) -> bool {
    let mut at = None;
    for line in shown.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("LINK ID ") {
            at = rest.split_whitespace().next().and_then(|number| number.parse::<usize>().ok());
        }
        let Some(rest) = line.strip_prefix("nodeid:").filter(|_| at == Some(link)) else {
            continue;
        };
        let (number, state) = rest.split_once(':').unwrap_or((rest, ""));
        if number.trim().parse() == Ok(id) {
            return matches!(state.trim(), "connected" | "localhost");
        }
    }
    false
}

fn client_status(seen: &Seen, asked: &Asked<'_>) -> Result<String, Ended> {
    let (node, client) = match asked.loose.as_slice() {
        [node, client] => (node, client),
        [node, client, limit] if limit.parse::<u32>().is_ok() => (node, client),
        _ => return Err(Ended::Parameter("say a node and a client".to_owned())),
    };
    let (node, is_ping) = find(seen, node)?;
    let is_online = !is_ping && seen.is_member(node) && CLIENTS.contains(client);
    let word = if is_online { "online" } else { "offline" };
    let text = if asked.words {
        format!("The client {client} on {node} is {word}\n")
    } else {
        format!("{word}\n")
    };
    if is_online { Ok(text) } else { Err(Ended::State(1, text)) }
}

fn held(seen: &Seen, asked: &Asked<'_>) -> String {
    let word = if seen.cluster.formed && seen.cluster.idle {
        let resolved = seen.resolved();
        holding(&seen::held(&seen.document, &resolved), &seen.cluster.node)
    } else {
        "transition"
    };
    if asked.words {
        format!("This node is holding {word} resources.\n")
    } else {
        format!("{word}\n")
    }
}

/// Local resources prefer this node; foreign ones are all others.
fn holding(all: &[Held], here: &str) -> &'static str {
    let is_here = |held: &&Held| held.on.iter().any(|node| node == here);
    let is_local = |held: &&Held| held.preferred.as_deref() == Some(here);
    let mut mine = all.iter().filter(is_here);
    let local = mine.clone().any(|held| is_local(&held));
    let foreign = mine.any(|held| !is_local(&held));
    match (local, foreign) {
        (true, true) => "all",
        (true, false) => "local",
        (false, true) => "foreign",
        (false, false) => "none",
    }
}

fn parameter(asked: &Asked<'_>) -> Result<String, Ended> {
    let name = asked.one("-p and the name of a parameter")?;
    let path = folder().join("ha.cf");
    let text = std::fs::read_to_string(&path);
    let text = text.map_err(|error| Ended::Unknown(format!("{}: {error}", path.display())))?;
    let value = value_of(&HaCf::parse(&text), name);
    let value = value.ok_or_else(|| Ended::Fail(format!("{name} has no value\n")))?;
    Ok(if asked.words {
        format!("Heartbeat parameter {name} is {value}\n")
    } else {
        format!("{value}\n")
    })
}

/// What the file says, or what counts without it; times that it does not say in milliseconds.
fn value_of(conf: &HaCf, name: &str) -> Option<String> {
    let said = conf.all(name).last().map(|line| line.rest.clone());
    let settings = Settings::of(conf);
    let ms = |time: u64| Some(format!("{}ms", time / 1000));
    let derived = match name {
        "keepalive" => ms(settings.keepalive),
        "deadtime" => ms(settings.deadtime),
        "warntime" => ms(settings.warntime),
        "initdead" => ms(settings.initdead),
        "deadping" => ms(settings.deadping),
        _ => None,
    };
    let default = || heartbeat::table::directive(name).map(|known| known.default.to_owned());
    said.or(derived).or_else(default).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(preferred: Option<&str>, on: &str) -> Held {
        Held {
            id: "x".to_owned(),
            preferred: preferred.map(str::to_owned),
            on: vec![on.to_owned()],
        }
    }

    #[test]
    fn what_a_node_holds_is_local_foreign_all_or_none() {
        let (local, foreign) = (held(Some("n1"), "n1"), held(Some("n2"), "n1"));
        let away = held(Some("n1"), "n2");
        assert_eq!(holding(&[local.clone(), away.clone()], "n1"), "local");
        assert_eq!(holding(std::slice::from_ref(&foreign), "n1"), "foreign");
        assert_eq!(holding(&[local, foreign], "n1"), "all");
        assert_eq!(holding(&[away], "n1"), "none");
    }

    #[test]
    fn links_are_read_as_corosync_shows_them() {
        let shown = "Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 10.77.0.1\n\tstatus:\n\
                     \t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tconnected\n\
                     LINK ID 1 udp\n\tstatus:\n\t\tnodeid:          2:\tdisconnected\n";
        assert!(is_connected(shown, 2, 0));
        assert!(!is_connected(shown, 2, 1));
        assert!(!is_connected(shown, 3, 0));
    }

    #[test]
    fn parameters_are_the_files_or_what_counts_without_it() {
        let conf = HaCf::parse("deadtime 10\nudpport 700\n");
        for (name, value) in [
            ("deadtime", Some("10")),
            ("warntime", Some("5000ms")),
            ("udpport", Some("700")),
            ("cluster", Some("linux-ha")),
            ("watchdog", None),
            ("nothing", None),
        ] {
            assert_eq!(value_of(&conf, name).as_deref(), value, "{name}");
        }
    }

    #[test]
    fn odd_words_are_refused_with_the_codes_of_old() {
        let words = ["-m".to_owned(), "-x".to_owned()];
        assert!(matches!(Asked::of(&words), Err(Ended::Parameter(_))));
        assert!(matches!(answer("nothing", &Asked::default()), Err(Ended::Parameter(_))));
    }
}
