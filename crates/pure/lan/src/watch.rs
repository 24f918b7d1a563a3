//! The brain: which card has the addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use model::Tick;

use crate::health::Health;
use crate::polls::{Polls, Round};
use crate::{Address, Card, Counters, Fault, Link, Settings};

/// An address that could not be moved is tried again after this.
const AGAIN: Duration = Duration::from_secs(1);

/// A frame may be lost: addresses that moved are announced once more after this.
const REPEAT: Duration = Duration::from_secs(1);

/// A first card that keeps failing is believed later and later, but not later than this.
const HOLD_MAX: Duration = Duration::from_secs(300);

/// A first card that held so long after a return has not failed *again*.
const CALM: Duration = Duration::from_secs(600);

/// What the world tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// What the kernel says of a card, at the beginning and when it changes. Told before
    /// [`Input::Addresses`] where both changed: what a card takes along when it goes is moved.
    Link(Card, Link),
    /// The addresses that are on the cards, all of them. Cards that are not named have none.
    Addresses(BTreeMap<Card, BTreeSet<Address>>),
    /// The counts of the cards, asked for by [`Effect::Sample`].
    Counters(BTreeMap<Card, Counters>),
    /// One of those who were asked has answered.
    Answered(IpAddr),
    /// The nodes that are members now, asked for by [`Effect::AskMembers`].
    Members(BTreeSet<String>),
    /// The operator, or the end of the watch, wants the addresses on the first card. Nothing happens if
    /// that one has no link.
    FailBack,
    /// The operator wants a card taken for failed, or no longer. If addresses do not go back by themselves, this
    /// is how they do. Field word: Serviceguard `cmmodnet -d`, `-e`.
    Disabled(Card, bool),
    /// Nothing but time has passed.
    Passed,
}

/// What the world shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Add the addresses to one card, then take them off the other, with the routes that they carry.
    Move {
        /// Which.
        addresses: Vec<Address>,
        /// Where they were.
        from: Card,
        /// Where they shall be.
        to: Card,
    },
    /// Tell the neighbours on the wire that these are here.
    Announce(Card, Vec<Address>),
    /// Read the counters of all cards.
    Sample,
    /// Send something through the card that the others of the wire hear.
    Provoke(Card),
    /// Ask somebody for an answer.
    Ask(IpAddr),
    /// Find out which nodes are members.
    AskMembers,
    /// Tell the cluster whether the subnets work on this node.
    Say {
        /// Whether they do.
        works: bool,
    },
    /// Tell the operator.
    Tell(Told),
}

/// What an operator would want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A card failed.
    Failed(Card, Fault),
    /// A card works again.
    Works(Card),
    /// The addresses go to another card.
    Moves {
        /// The card that had them.
        from: Card,
        /// The card that gets them.
        to: Card,
    },
}

/// Looks after one wire.
///
/// Invariant: after a step no address of the subnets is on the books of two cards, or it was asked for
/// less than a second ago and is asked for again.
#[derive(Clone, Debug)]
pub struct Watch {
    settings: Settings,
    cards: BTreeMap<Card, Health>,
    /// Which addresses are where; what was asked for counts as done until the world says otherwise.
    books: BTreeMap<Card, BTreeSet<Address>>,
    /// The card that has the addresses, once all cards and addresses are known.
    active: Option<Card>,
    asked_to_move: BTreeMap<Address, Tick>,
    first_works_since: Option<Tick>,
    hold: Duration,
    went_back: Option<Tick>,
    announce_again: Option<Tick>,
    polls: Polls,
    next_sample: Tick,
    next_round: Tick,
    said: Option<bool>,
    /// Since when something else than `said` is true.
    differs_since: Option<Tick>,
}

impl Watch {
    /// A watch that knows nothing yet.
    pub fn new(now: Tick, settings: Settings) -> Self {
        Self {
            cards: settings.cards.iter().map(|card| (card.clone(), Health::default())).collect(),
            books: BTreeMap::new(),
            active: None,
            asked_to_move: BTreeMap::new(),
            first_works_since: None,
            hold: settings.polling,
            went_back: None,
            announce_again: None,
            polls: Polls::default(),
            next_sample: now,
            next_round: now,
            said: None,
            differs_since: None,
            settings,
        }
    }

    /// Takes one input in, and says what to do.
    pub fn step(&mut self, now: Tick, input: Input) -> Vec<Effect> {
        let mut effects = Vec::new();
        let faults_before = self.faults();
        match input {
            Input::Link(card, link) => {
                if let Some(health) = self.cards.get_mut(&card) {
                    health.see(link);
                }
            }
            Input::Addresses(found) => self.take_addresses(found),
            Input::Counters(counters) => self.take_counters(&counters),
            Input::Answered(from) => {
                if Polls::everybody(&self.settings).contains(&from) {
                    self.polls.answered();
                }
            }
            Input::Members(members) => {
                if self.polls.is_silence(&self.settings, &members) {
                    self.fall_silent();
                }
            }
            Input::FailBack => self.fail_back(now, &mut effects),
            Input::Disabled(card, is_disabled) => {
                self.disable(now, &card, is_disabled, &mut effects);
            }
            Input::Passed => {}
        }
        self.poll(now, &mut effects);
        self.tell_faults(&faults_before, &mut effects);
        self.choose(now, &mut effects);
        self.gather(now, &mut effects);
        self.announce(now, &mut effects);
        self.say(now, &mut effects);
        effects
    }

    /// When to step with [`Input::Passed`], if nothing else happens before.
    pub fn wake(&self) -> Tick {
        let mut moments = vec![self.next_sample];
        moments.extend(self.announce_again);
        moments.extend(self.differs_since.map(|since| since.after(self.settings.polling)));
        moments.extend(self.strayed().filter_map(|(_, address)| {
            self.asked_to_move.get(&address).map(|asked| asked.after(AGAIN))
        }));
        if !Polls::everybody(&self.settings).is_empty() {
            moments.push(self.next_round);
        }
        if self.settings.auto_failback && self.active.as_ref() != self.settings.cards.first() {
            moments.extend(self.first_works_since.map(|since| since.after(self.hold)));
        }
        moments.into_iter().min().unwrap_or(self.next_sample)
    }

    /// The card that has the addresses.
    pub fn active(&self) -> Option<&Card> {
        self.active.as_ref()
    }

    /// Whether the subnet works, as it is seen just now.
    pub fn works(&self) -> bool {
        self.active.as_ref().is_some_and(|card| self.fault(card).is_none())
    }

    /// Why each card is not to be used, if it is not.
    pub fn faults(&self) -> BTreeMap<Card, Option<Fault>> {
        self.cards.iter().map(|(card, health)| (card.clone(), health.fault())).collect()
    }

    fn fault(&self, card: &Card) -> Option<Fault> {
        self.cards.get(card).map_or(Some(Fault::Gone), Health::fault)
    }

    fn link_works(&self, card: &Card) -> bool {
        self.cards.get(card).is_some_and(|health| health.link_fault().is_none())
    }

    fn is_ours(&self, address: Address) -> bool {
        self.settings.subnets.iter().any(|subnet| subnet.has(address))
    }

    fn take_addresses(&mut self, found: BTreeMap<Card, BTreeSet<Address>>) {
        let cards = &self.cards;
        self.books = found.into_iter().filter(|(card, _)| cards.contains_key(card)).collect();
        if self.active.is_some() {
            return;
        }
        // A watch that was killed in the middle finds things as it left them: what is on a standby card
        // stays there, unless more of it is elsewhere.
        let mut most: Option<(usize, &Card)> = None;
        for card in &self.settings.cards {
            let here = self.books.get(card).into_iter().flatten();
            let count = here.filter(|address| self.is_ours(**address)).count();
            if most.is_none_or(|(best, _)| count > best) {
                most = Some((count, card));
            }
        }
        self.active = most.map(|(_, card)| card.clone());
    }

    fn take_counters(&mut self, counters: &BTreeMap<Card, Counters>) {
        let hearing: BTreeSet<Card> = self
            .cards
            .iter()
            .filter(|(card, health)| counters.get(*card).is_some_and(|now| health.hears(*now)))
            .map(|(card, _)| card.clone())
            .collect();
        for (card, health) in &mut self.cards {
            let Some(now) = counters.get(card) else { continue };
            // Counts say something only of a card that could have counted.
            if health.link_fault().is_none_or(|fault| fault == Fault::Still) {
                let others_hear = hearing.iter().any(|other| other != card);
                health.count(*now, others_hear, self.settings.detection);
            }
        }
    }

    /// What is due by the clock: samples, and rounds of questions.
    fn poll(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if now >= self.next_sample {
            self.next_sample = now.after(self.settings.polling);
            effects.push(Effect::Sample);
            let with_link = self.cards.iter().filter(|(_, health)| {
                health.link_fault().is_none_or(|fault| fault == Fault::Still)
            });
            effects.extend(with_link.map(|(card, _)| Effect::Provoke(card.clone())));
        }
        let everybody = Polls::everybody(&self.settings);
        if everybody.is_empty() || now < self.next_round {
            return;
        }
        self.next_round = now.after(self.settings.ip_polling);
        if !self.active.as_ref().is_some_and(|card| self.link_works(card)) {
            // Nobody can answer; that the link is gone says it already.
            self.polls.forget();
            return;
        }
        match self.polls.end(&self.settings) {
            Round::Answered => self.hear(),
            Round::Open => {}
            Round::AskMembers => effects.push(Effect::AskMembers),
            Round::Silent => self.fall_silent(),
        }
        self.polls.begin();
        effects.extend(everybody.into_iter().map(Effect::Ask));
    }

    fn fall_silent(&mut self) {
        if let Some(health) = self.active.as_ref().and_then(|card| self.cards.get_mut(card)) {
            health.is_silent = true;
        }
    }

    /// Somebody answers through the active card.
    fn hear(&mut self) {
        let with_link = self.cards.values().filter(|health| health.link_fault().is_none());
        // Where all were silent it was not the cards' fault, and nothing is known against the others.
        let was_everywhere = with_link.clone().all(|health| health.is_silent);
        for (card, health) in &mut self.cards {
            if was_everywhere || Some(card) == self.active.as_ref() {
                health.is_silent = false;
            }
        }
    }

    fn tell_faults(&self, before: &BTreeMap<Card, Option<Fault>>, effects: &mut Vec<Effect>) {
        for (card, health) in &self.cards {
            let (was, is) = (before.get(card).copied().flatten(), health.fault());
            if was != is && health.is_known() {
                effects.push(Effect::Tell(match is {
                    Some(fault) => Told::Failed(card.clone(), fault),
                    None => Told::Works(card.clone()),
                }));
            }
        }
    }

    fn all_known(&self) -> bool {
        self.cards.values().all(Health::is_known)
    }

    /// Decides which card shall have the addresses.
    fn choose(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let (Some(first), Some(active)) = (self.settings.cards.first(), self.active.clone()) else {
            return;
        };
        if self.fault(first).is_some() {
            self.first_works_since = None;
        } else {
            self.first_works_since.get_or_insert(now);
        }
        if !self.all_known() {
            return;
        }
        if self.fault(&active).is_none() {
            let is_due = self.first_works_since.is_some_and(|since| now >= since.after(self.hold));
            if self.settings.auto_failback && *first != active && is_due {
                self.switch(now, first.clone(), effects);
            }
            return;
        }
        let working = self.settings.cards.iter().find(|card| self.fault(card).is_none());
        // A silent card with a link is better than none, and is asked anew.
        let with_link = || self.settings.cards.iter().find(|card| self.link_works(card));
        let next = match working {
            None if self.link_works(&active) => None,
            None => with_link(),
            Some(card) => Some(card),
        };
        if let Some(card) = next.cloned() {
            self.switch(now, card, effects);
        }
    }

    /// Makes `to` the card that has the addresses; [`Self::gather`] brings them.
    fn switch(&mut self, now: Tick, to: Card, effects: &mut Vec<Effect>) {
        let Some(from) = self.active.replace(to.clone()) else { return };
        if let Some(health) = self.cards.get_mut(&to) {
            health.is_silent = false;
        }
        self.polls.forget();
        if self.settings.cards.first() == Some(&to) {
            self.went_back = Some(now);
        } else if self.settings.cards.first() == Some(&from) {
            let is_again = self.went_back.is_some_and(|back| now.since(back) < CALM);
            let hold = if is_again { self.hold.saturating_mul(2) } else { self.settings.polling };
            self.hold = hold.min(HOLD_MAX);
        }
        // Whatever was asked for before is asked for anew.
        self.asked_to_move.clear();
        effects.push(Effect::Tell(Told::Moves { from, to }));
    }

    fn fail_back(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let first = self.settings.cards.first();
        let Some(first) = first.filter(|card| self.link_works(card)).cloned() else { return };
        if self.active.as_ref().is_some_and(|active| *active != first) {
            self.switch(now, first, effects);
        }
    }

    fn disable(&mut self, now: Tick, card: &Card, is_disabled: bool, effects: &mut Vec<Effect>) {
        let Some(health) = self.cards.get_mut(card) else { return };
        health.is_disabled = is_disabled;
        if !is_disabled && self.settings.cards.first() == Some(card) {
            self.fail_back(now, effects);
        }
    }

    /// Addresses of ours that are on the books of cards that should have none.
    fn strayed(&self) -> impl Iterator<Item = (&Card, Address)> {
        let elsewhere = self
            .books
            .iter()
            .filter(|(card, _)| self.active.as_ref().is_some_and(|active| active != *card));
        elsewhere
            .flat_map(|(card, addresses)| addresses.iter().map(move |address| (card, *address)))
            .filter(|(_, address)| self.is_ours(*address))
    }

    /// Brings addresses to the active card, also those that somebody added to another one meanwhile.
    fn gather(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        let Some(to) = self.active.clone().filter(|_| self.all_known()) else { return };
        let mut moves: BTreeMap<Card, Vec<Address>> = BTreeMap::new();
        for (card, address) in self.strayed() {
            let asked = self.asked_to_move.get(&address);
            if asked.is_none_or(|asked| now >= asked.after(AGAIN)) {
                moves.entry(card.clone()).or_default().push(address);
            }
        }
        for (from, addresses) in moves {
            for address in &addresses {
                self.asked_to_move.insert(*address, now);
                if let Some(here) = self.books.get_mut(&from) {
                    here.remove(address);
                }
                self.books.entry(to.clone()).or_default().insert(*address);
            }
            effects.push(Effect::Move { addresses: addresses.clone(), from, to: to.clone() });
            effects.push(Effect::Announce(to.clone(), addresses));
            self.announce_again = Some(now.after(REPEAT));
        }
    }

    fn announce(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if self.announce_again.is_none_or(|at| now < at) {
            return;
        }
        self.announce_again = None;
        let Some(active) = self.active.clone() else { return };
        let here = self.books.get(&active).into_iter().flatten();
        let ours: Vec<Address> = here.copied().filter(|address| self.is_ours(*address)).collect();
        effects.push(Effect::Announce(active, ours));
    }

    /// Says whether the subnets work: the first time at once, then what lasted for a polling interval.
    fn say(&mut self, now: Tick, effects: &mut Vec<Effect>) {
        if !self.all_known() || self.active.is_none() {
            return;
        }
        let works = self.works();
        if self.said == Some(works) {
            self.differs_since = None;
            return;
        }
        let since = *self.differs_since.get_or_insert(now);
        if self.said.is_none() || now >= since.after(self.settings.polling) {
            self.said = Some(works);
            self.differs_since = None;
            effects.push(Effect::Say { works });
        }
    }
}
