//! Asks the service itself, from outside, as a user would: this is what outages are measured by.

use std::io::{ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::NODES;
use crate::world::Message;

/// Between two questions.
const PACE: Duration = Duration::from_millis(20);
/// Connecting is the kernels' work, and takes less than a millisecond here. Longer means that the
/// question went to where the address is no longer, and would be sent again only after a second.
const CONNECTING: Duration = Duration::from_millis(50);
/// A service that takes longer is not there.
const PATIENCE: Duration = Duration::from_millis(500);

/// Who answers for the service.
///
/// The process counts, too: one that dies may have its successor in place between two questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Server {
    pub(crate) node: &'static str,
    process: u32,
}

/// Asks again and again, and tells the world of each change, until the other end of `stop` goes.
pub(crate) fn watch(address: (IpAddr, u16), world: Sender<Message>, stop: Receiver<()>) {
    let address = SocketAddr::from(address);
    std::thread::spawn(move || {
        let mut last: Option<Server> = None;
        let mut last_good = (None, Instant::now());
        loop {
            let asked = Instant::now();
            let answer = ask(address);
            if answer != last {
                let (server, since) = last_good;
                // A busy machine may keep anybody from answering in time. The same server, there all
                // the while, was not away.
                let outage = (answer != server).then(|| since.elapsed());
                let changed = Message::Service { by: answer, outage };
                if world.send(changed).is_err() {
                    return;
                }
            }
            if answer.is_some() {
                last_good = (answer, asked);
            }
            last = answer;
            match stop.recv_timeout(PACE) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// Which server answers; `None` if none does.
fn ask(address: SocketAddr) -> Option<Server> {
    let mut stream = connect(address)?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: demo\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // A page of more than this is not ours.
    stream.take(64 << 10).read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    server(body)
}

/// Knocks until somebody opens; `None` if nobody does in time, or the door is shut.
fn connect(address: SocketAddr) -> Option<TcpStream> {
    let begun = Instant::now();
    loop {
        match TcpStream::connect_timeout(&address, CONNECTING) {
            Ok(stream) => return Some(stream),
            Err(error) if error.kind() == ErrorKind::TimedOut && begun.elapsed() < PATIENCE => {}
            Err(_) => return None,
        }
    }
}

/// Reads who serves a page: "served by node n1 (process 4711)", with or without tags between.
fn server(page: &str) -> Option<Server> {
    let mut words = page.split(|c: char| !c.is_ascii_alphanumeric());
    let node = words.find_map(|word| NODES.into_iter().find(|node| *node == word))?;
    let process = words.skip_while(|word| *word != "process").nth(1)?.parse().ok()?;
    Some(Server { node, process })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_successor_on_the_same_node_is_another_server() {
        let page = |process: u32| format!("<p>served by node <b>n2</b> (process {process}).</p>");
        assert_eq!(server(&page(7)), Some(Server { node: "n2", process: 7 }));
        assert_ne!(server(&page(7)), server(&page(8)));
    }

    #[test]
    fn a_page_that_is_not_ours_is_nobodys() {
        assert_eq!(server("<p>It works!</p>"), None);
        assert_eq!(server("served by node n4 (process 7)"), None);
        assert_eq!(server("served by node n1"), None);
    }
}
