//! A node's cards on paper: does what the watch wants, as a kernel would.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use lan::{Address, Card, Counters, Effect, Input, Link, Settings, Told, Watch};
use model::Tick;

pub(crate) const UP: Link = Link { up: true, carrier: true };
pub(crate) const UNPLUGGED: Link = Link { up: true, carrier: false };

pub(crate) struct World {
    pub(crate) watch: Watch,
    pub(crate) now: Tick,
    pub(crate) links: BTreeMap<Card, Link>,
    pub(crate) on: BTreeMap<Card, BTreeSet<Address>>,
    /// Who answers, and through which cards.
    pub(crate) answers: BTreeMap<IpAddr, BTreeSet<Card>>,
    pub(crate) members: BTreeSet<String>,
    /// Cards whose counts stand still.
    pub(crate) dead: BTreeSet<Card>,
    counts: BTreeMap<Card, u64>,
    /// Cards that take no address.
    pub(crate) refusing: BTreeSet<Card>,
    /// What happened, in words.
    pub(crate) log: Vec<String>,
}

pub(crate) fn settings(more: &[(&str, &str)]) -> Settings {
    let mut set = vec![("interfaces", "eth0 eth1"), ("subnets", "10.1.2.0/24")];
    set.extend(more);
    Settings::read(|name| {
        set.iter().rev().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    })
    .unwrap()
}

pub(crate) fn card(name: &str) -> Card {
    Card::new(name)
}

pub(crate) fn address(last: u8) -> Address {
    Address { ip: [10, 1, 2, last].into(), prefix: 24 }
}

impl World {
    /// All cards plugged in, two addresses on the first.
    pub(crate) fn new(settings: Settings) -> Self {
        let first = settings.cards[0].clone();
        let links: BTreeMap<Card, Link> =
            settings.cards.iter().map(|card| (card.clone(), UP)).collect();
        let now = Tick(0);
        let mut world = Self {
            watch: Watch::new(now, settings),
            now,
            links,
            on: [(first, [address(1), address(9)].into())].into(),
            answers: BTreeMap::new(),
            members: BTreeSet::new(),
            dead: BTreeSet::new(),
            counts: BTreeMap::new(),
            refusing: BTreeSet::new(),
            log: Vec::new(),
        };
        world.look();
        world
    }

    /// Tells the watch all that is to be seen.
    pub(crate) fn look(&mut self) {
        for (card, link) in self.links.clone() {
            self.give(Input::Link(card, link));
        }
        self.give(Input::Addresses(self.on.clone()));
    }

    pub(crate) fn set(&mut self, name: &str, link: Link) {
        self.links.insert(card(name), link);
        self.give(Input::Link(card(name), link));
    }

    /// Lets time pass, waking the watch when it wants.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now.after(time);
        let mut steps = 0;
        while self.watch.wake() <= end {
            steps += 1;
            assert!(steps < 100_000, "it wakes for ever at {:?}", self.now);
            self.now = self.now.max(self.watch.wake());
            self.give(Input::Passed);
        }
        self.now = end;
    }

    pub(crate) fn give(&mut self, input: Input) {
        for effect in self.watch.step(self.now, input) {
            self.perform(effect);
        }
    }

    fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Move { addresses, from, to } => {
                for address in addresses {
                    if self.refusing.contains(&to) {
                        continue;
                    }
                    self.on.entry(to.clone()).or_default().insert(address);
                    self.on.entry(from.clone()).or_default().remove(&address);
                }
                self.give(Input::Addresses(self.on.clone()));
            }
            Effect::Announce(card, addresses) => {
                self.log.push(format!("{card} announces {}", addresses.len()));
            }
            Effect::Sample => {
                for card in self.links.keys() {
                    if !self.dead.contains(card) {
                        *self.counts.entry(card.clone()).or_default() += 1;
                    }
                }
                let counts = |card: &Card| self.counts.get(card).copied().unwrap_or_default();
                let counters = self.links.keys().map(|card| {
                    (card.clone(), Counters { received: counts(card), sent: counts(card) })
                });
                let counters = counters.collect();
                self.give(Input::Counters(counters));
            }
            Effect::Ask(who) => {
                let through = self.watch.active().cloned();
                let is_heard =
                    self.answers.get(&who).zip(through).is_some_and(|(cards, through)| {
                        cards.contains(&through) && self.links[&through] == UP
                    });
                if is_heard {
                    self.give(Input::Answered(who));
                }
            }
            Effect::AskMembers => self.give(Input::Members(self.members.clone())),
            Effect::Provoke(_) => {}
            Effect::Say { works } => self.log.push(if works { "up" } else { "down" }.to_owned()),
            Effect::Tell(Told::Moves { from, to }) => self.log.push(format!("{from} to {to}")),
            Effect::Tell(Told::Failed(card, fault)) => self.log.push(format!("{card}: {fault:?}")),
            Effect::Tell(Told::Works(card)) => self.log.push(format!("{card} works")),
        }
    }

    /// What happened since this was asked last.
    pub(crate) fn happened(&mut self) -> String {
        std::mem::take(&mut self.log).join(", ")
    }

    pub(crate) fn card_of(&self, last: u8) -> Vec<&str> {
        let with = self.on.iter().filter(|(_, here)| here.contains(&address(last)));
        with.map(|(card, _)| card.as_str()).collect()
    }
}
