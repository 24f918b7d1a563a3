//! Asks the service itself, from outside, as a user would: this is what outages are measured by.

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use crate::NODES;
use crate::world::Message;

/// Between two questions.
const PACE: Duration = Duration::from_millis(20);
/// A service that takes longer is not there.
const PATIENCE: Duration = Duration::from_millis(500);

/// Asks again and again, and tells the world of each change, until the other end of `stop` goes.
pub(crate) fn watch(address: (IpAddr, u16), world: Sender<Message>, stop: Receiver<()>) {
    let address = SocketAddr::from(address);
    std::thread::spawn(move || {
        let mut last: Option<&'static str> = None;
        let mut last_good = Instant::now();
        loop {
            let asked = Instant::now();
            let answer = ask(address);
            if answer != last {
                let outage = last_good.elapsed();
                let changed = Message::Service { by: answer, outage };
                if world.send(changed).is_err() {
                    return;
                }
            }
            if answer.is_some() {
                last_good = asked;
            }
            last = answer;
            match stop.recv_timeout(PACE) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    });
}

/// Which node answers; `None` if none does.
fn ask(address: SocketAddr) -> Option<&'static str> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(b"GET / HTTP/1.0\r\nHost: demo\r\n\r\n").ok()?;
    let mut answer = Vec::new();
    // A page of more than this is not ours.
    stream.take(64 << 10).read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (_, body) = text.split_once("\r\n\r\n").or_else(|| text.split_once("\n\n"))?;
    let mut words = body.split(|c: char| !c.is_ascii_alphanumeric());
    words.find_map(|word| NODES.into_iter().find(|node| *node == word))
}
