//! `quorate cluster link status`: each link to each member, as Corosync sees it.

use corosync::Settings;
use serde::Serialize;

use crate::How;
use crate::nodes_file;
use crate::places::Places;
use crate::say;
use crate::services::output;
use crate::trouble::Trouble;

#[derive(Debug, PartialEq, Eq, Serialize)]
struct Link {
    number: u32,
    /// This machine's address on it.
    address: String,
    to: Vec<To>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
struct To {
    id: u32,
    name: String,
    connected: bool,
}

/// `quorate cluster link status`.
pub(crate) fn run(how: &How) -> Result<(), Trouble> {
    let settings = Settings::of(&nodes_file::read(&Places::default())?);
    let said = output("corosync-cfgtool", &["-s"])
        .map_err(|trouble| trouble.help("Corosync must run: `quorate cluster start` starts it."))?;
    let name = |id: u32| {
        let is = |node: &&corosync::Node| node.id.as_ref().is_some_and(|of| of.value == id);
        settings
            .nodes
            .iter()
            .find(is)
            .map_or_else(|| id.to_string(), |node| node.called().to_owned())
    };
    let links = read(&said, name);
    if how.json {
        say::json(&links);
    } else {
        for line in lines(&links) {
            say::out(&line);
        }
    }
    Ok(())
}

/// Reads what `corosync-cfgtool -s` writes: for each link a block with its number, the own address
/// and a line for each node.
fn read(said: &str, name: impl Fn(u32) -> String) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for line in said.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("LINK ID ") {
            let number = rest.split_whitespace().next().and_then(|word| word.parse().ok());
            links.push(Link {
                number: number.unwrap_or(0),
                address: String::new(),
                to: Vec::new(),
            });
        }
        let Some(link) = links.last_mut() else { continue };
        if let Some((_, address)) = line.split_once("addr").filter(|(before, _)| before.is_empty())
        {
            address.trim_start_matches([' ', '\t', '=']).clone_into(&mut link.address);
        }
        let Some(rest) = line.strip_prefix("nodeid") else { continue };
        let mut words = rest.split([' ', '\t', ':', '=']).filter(|word| !word.is_empty());
        let (Some(id), Some(state)) = (words.next().and_then(|id| id.parse().ok()), words.next())
        else {
            continue;
        };
        if state != "localhost" {
            link.to.push(To { id, name: name(id), connected: state == "connected" });
        }
    }
    links
}

fn lines(links: &[Link]) -> Vec<String> {
    let mut lines = Vec::new();
    for link in links {
        lines.push(format!("Link {}, here {}:", link.number, link.address));
        if link.to.is_empty() {
            lines.push("  to nobody".to_owned());
        }
        let width = link.to.iter().map(|to| to.name.len()).max().unwrap_or(0);
        for to in &link.to {
            let state = if to.connected { "connected" } else { "DOWN" };
            lines.push(format!("  {:<width$}  {state}", to.name));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Local node ID 1, transport knet\nLINK ID 0 udp\n\taddr\t= 10.0.0.1\n\tstatus:\n\
        \t\tnodeid:          1:\tlocalhost\n\t\tnodeid:          2:\tconnected\n\
        \t\tnodeid:          3:\tdisconnected\nLINK ID 1 udp\n\taddr\t= fd00::1\n\tstatus:\n\
        \t\tnodeid:          1:\tlocalhost\n";

    #[test]
    fn links_are_read_and_shown() {
        let links = read(SAID, |id| format!("n{id}"));
        let expected = [
            "Link 0, here 10.0.0.1:",
            "  n2  connected",
            "  n3  DOWN",
            "Link 1, here fd00::1:",
            "  to nobody",
        ];
        assert_eq!(lines(&links), expected);
        assert_eq!(read("garbage\nnodeid", |_| String::new()), []);
    }
}
