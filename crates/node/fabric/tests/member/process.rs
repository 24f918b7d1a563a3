//! One process of the conformance suite: a member that does what its standard input says and
//! writes what happens to it, or a sequencer.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use fabric::embedded::{self, Member, Sequencer, Verb};
use fabric::{Counted, Event, Fabric, Votes};
use model::{NodeId, Quorum};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["sequencer", socket, stall_ms] => {
            let stall = Duration::from_millis(stall_ms.parse().unwrap());
            let sequencer = Sequencer { socket: PathBuf::from(socket), stall };
            let mut orders = orders();
            let asked_to_stop = async { while orders.recv().await.is_some() {} };
            if let Err(error) = embedded::serve(sequencer, asked_to_stop).await {
                say(&format!("failed {error}"));
            }
        }
        ["embedded", socket, node, nodes] => {
            let member = Member {
                node: NodeId(node.parse().unwrap()),
                votes: Votes::one_each(list(nodes)),
                socket: PathBuf::from(socket),
            };
            live(embedded::join(member)).await;
        }
        #[cfg(feature = "corosync")]
        ["corosync", node, stall_ms] => {
            let stall = Duration::from_millis(stall_ms.parse().unwrap());
            let node = NodeId(node.parse().unwrap());
            live(fabric::corosync::join(fabric::corosync::Member { node, stall })).await;
        }
        ["control", socket, groups @ ..] => {
            let verb = match groups {
                ["heal"] => Verb::Heal,
                ["show"] => Verb::Show,
                groups => Verb::Partition(groups.iter().map(|group| list(group)).collect()),
            };
            let sides = embedded::control(&PathBuf::from(socket), verb).await.unwrap();
            say(&format!("sides {sides:?}"));
        }
        other => panic!("unknown arguments {other:?}"),
    }
}

fn list(text: &str) -> Vec<NodeId> {
    text.split(',').map(|number| NodeId(number.parse().unwrap())).collect()
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// Lines of the standard input; ends with it.
fn orders() -> mpsc::UnboundedReceiver<String> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lines() {
            sender.send(line.unwrap()).unwrap();
        }
    });
    receiver
}

async fn live(mut fabric: Fabric) {
    let mut orders = orders();
    let mut hanging = false;
    loop {
        tokio::select! {
            event = fabric.next(), if !hanging => say(&describe(&event.unwrap())),
            order = orders.recv() => {
                let order = order.unwrap_or_else(|| "quit".to_owned());
                let words: Vec<&str> = order.split(' ').collect();
                match words.as_slice() {
                    ["send", text] => fabric.broadcast(text.as_bytes().to_vec()).unwrap(),
                    ["burst", count, prefix] => {
                        for number in 0..count.parse::<u32>().unwrap() {
                            fabric.broadcast(format!("{prefix}-{number}").into_bytes()).unwrap();
                        }
                    }
                    ["big", length, seed] => {
                        let payload = noise(length.parse().unwrap(), seed.parse().unwrap());
                        match fabric.broadcast(payload) {
                            Ok(()) => {}
                            Err(error) => say(&format!("refused {error}")),
                        }
                    }
                    ["count", sets @ ..] => {
                        let set = |nodes: &&str| list(nodes).into_iter().collect();
                        let sets = sets.iter().map(set).collect();
                        fabric.count_previous(Counted { sets, takes_lock: true });
                    }
                    ["hang"] => {
                        hanging = true;
                        say("hangs");
                    }
                    ["resume"] => hanging = false,
                    ["last", text] => {
                        fabric.broadcast(text.as_bytes().to_vec()).unwrap();
                        fabric.close().await;
                        return;
                    }
                    ["quit"] => return,
                    other => panic!("unknown order {other:?}"),
                }
            }
        }
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Membership { id, members, quorum } => {
            let members: Vec<String> = members.iter().map(ToString::to_string).collect();
            let quorum = match quorum {
                Quorum::No => "inquorate",
                Quorum::Majority => "quorate",
                Quorum::OfPrevious => "of-previous",
                Quorum::ByDevice => "by-device",
                Quorum::ByRule => "by-rule",
            };
            format!("membership {id} {quorum} {}", members.join(","))
        }
        Event::Delivered { from, payload } if payload.len() > 200 => {
            format!("delivered {from} {}:{:016x}", payload.len(), digest(payload))
        }
        Event::Delivered { from, payload } => {
            format!("delivered {from} {}", std::str::from_utf8(payload).unwrap())
        }
    }
}

/// Bytes that differ everywhere, so that a lost or swapped part shows (xorshift64).
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = 2 * seed + 1;
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

/// FNV-1a over words, fast enough for debug builds.
fn digest(bytes: &[u8]) -> u64 {
    bytes.chunks(8).fold(0xcbf2_9ce4_8422_2325, |hash, chunk| {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x0100_0000_01b3).rotate_left(29)
    })
}
