//! Which events are news: all members tell what happens to the cluster, and the first one is heard.

use std::collections::VecDeque;

use wire::api::Entry;

use crate::NODES;

/// Nodes tell the same things at about the same time: so many are remembered.
const KNOWN_MAX: usize = 200;

/// The last events, to know again what another node tells, too.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    known: VecDeque<Known>,
}

/// An event, and how often each machine has told it: the same can happen twice in a second.
#[derive(Debug)]
struct Known {
    entry: Entry,
    times: [u32; NODES.len()],
}

impl Heard {
    /// Takes what `machine` tells; answers whether no machine has told it so often before.
    pub(crate) fn is_news(&mut self, machine: usize, entry: &Entry) -> bool {
        let same =
            |known: &&mut Known| known.entry.at == entry.at && known.entry.event == entry.event;
        if let Some(known) = self.known.iter_mut().find(same) {
            return known.told_by(machine);
        }
        let mut known = Known { entry: entry.clone(), times: [0; NODES.len()] };
        let is_news = known.told_by(machine);
        self.known.push_back(known);
        if self.known.len() > KNOWN_MAX {
            self.known.pop_front();
        }
        is_news
    }
}

impl Known {
    fn told_by(&mut self, machine: usize) -> bool {
        let before = self.times.iter().copied().max().unwrap_or(0);
        let Some(times) = self.times.get_mut(machine) else { return false };
        *times += 1;
        *times > before
    }
}

#[cfg(test)]
mod tests {
    use wire::api::Event;

    use super::*;

    fn idle(at: i64) -> Entry {
        Entry { number: 0, at, event: Event::Idle }
    }

    #[test]
    fn what_all_nodes_tell_is_heard_once() {
        let mut heard = Heard::default();
        let news = [0, 1, 2].map(|machine| heard.is_news(machine, &idle(7)));
        assert_eq!(news, [true, false, false]);
        assert!(heard.is_news(1, &idle(8)), "a second later it is something else");
    }

    #[test]
    fn what_one_node_tells_twice_happened_twice() {
        let mut heard = Heard::default();
        let news = [0, 1, 0, 2, 1, 2].map(|machine| heard.is_news(machine, &idle(7)));
        assert_eq!(news, [true, false, true, false, false, false]);
    }
}
