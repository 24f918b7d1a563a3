//! Knocks at other machines' doors.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use corosync::Settings;
use wire::door::{Answer, Ask};

use crate::noise::{Channel, DoorKey};
use crate::own::Own;
use crate::places::Places;
use crate::token::Token;
use crate::trouble::{Kind, Trouble};

/// How long a connection may take to be made.
const CONNECT_MAX: Duration = Duration::from_secs(3);
/// How long the others may need for a file on every disk, or a start.
const ANSWER_MAX: Duration = Duration::from_secs(120);
/// Moving resources away may take long.
const STOP_MAX: Duration = Duration::from_secs(900);

/// Asks a member.
pub(crate) fn member(
    places: &Places,
    own: &Own,
    addresses: &[String],
    ask: &Ask,
) -> Result<Answer, Trouble> {
    let path = places.door_key();
    let text = std::fs::read_to_string(&path).map_err(|error| Trouble::read(&path, error))?;
    let key = DoorKey::parse(&text).ok_or_else(|| {
        Trouble::new(Kind::BadData, format!("{} is not a door's key", path.display()))
    })?;
    let (stream, address) = connect(addresses, own.port)?;
    let patience = if *ask == Ask::Stop { STOP_MAX } else { ANSWER_MAX };
    converse(&address, Channel::as_member(stream, &key, patience), ask)
}

/// Asks a door of which a token tells.
pub(crate) fn by_token(token: &Token, ask: &Ask) -> Result<Answer, Trouble> {
    let (stream, address) = connect(&token.addresses, token.port)?;
    let channel = Channel::as_stranger(stream, &token.door, ANSWER_MAX);
    converse(&address, channel, ask)
}

fn converse(
    address: &str,
    channel: std::io::Result<Channel>,
    ask: &Ask,
) -> Result<Answer, Trouble> {
    let not_ours = |error: std::io::Error| {
        Trouble::new(
            Kind::Refused,
            format!("what answers at {address} is not the door that was expected: {error}"),
        )
        .help("The cluster was made anew, the token is of another one, or another program has the port.")
    };
    let mut channel = channel.map_err(not_ours)?;
    let answer = channel.send(ask).and_then(|()| channel.receive());
    match answer {
        Ok(Answer::Refused { what, help }) => {
            Err(help.into_iter().fold(Trouble::refused(what), Trouble::help))
        }
        Ok(answer) => Ok(answer),
        Err(error) => Err(Trouble::new(
            Kind::Unavailable,
            format!("the door at {address} broke off: {error}"),
        )),
    }
}

/// The first of the addresses where somebody answers.
fn connect(addresses: &[String], port: u16) -> Result<(TcpStream, String), Trouble> {
    let mut tried = Vec::new();
    for address in addresses {
        let found = match (address.as_str(), port).to_socket_addrs() {
            Ok(found) => found,
            Err(error) => {
                tried.push(format!("{address}: {error}"));
                continue;
            }
        };
        for at in found {
            match TcpStream::connect_timeout(&at, CONNECT_MAX) {
                Ok(stream) => return Ok((stream, at.to_string())),
                Err(error) => tried.push(format!("{at}: {error}")),
            }
        }
    }
    let trouble = Trouble::new(Kind::Unavailable, "no door answers");
    Err(tried.into_iter().fold(trouble, Trouble::help).help(format!(
        "Is TCP port {port} open in the firewall, and does `quorate cluster listen` run there?"
    )))
}

/// Asks every member but this one at the same time.
pub(crate) fn all(
    places: &Places,
    own: &Own,
    settings: &Settings,
    but: &str,
    ask: &Ask,
) -> Vec<(String, Result<Answer, Trouble>)> {
    let others = settings.nodes.iter().map(|node| node.called()).filter(|name| *name != but);
    these(places, own, settings, &others.collect::<Vec<_>>(), ask)
}

/// Asks these members at the same time.
pub(crate) fn these(
    places: &Places,
    own: &Own,
    settings: &Settings,
    names: &[&str],
    ask: &Ask,
) -> Vec<(String, Result<Answer, Trouble>)> {
    std::thread::scope(|scope| {
        let asked: Vec<_> = names
            .iter()
            .map(|name| {
                let addresses = crate::nodes_file::addresses(settings, name);
                let asked = scope.spawn(move || member(places, own, &addresses, ask));
                ((*name).to_owned(), asked)
            })
            .collect();
        let gone = || Err(Trouble::new(Kind::Failed, "the question ended in a panic"));
        asked
            .into_iter()
            .map(|(name, thread)| (name, thread.join().unwrap_or_else(|_| gone())))
            .collect()
    })
}
