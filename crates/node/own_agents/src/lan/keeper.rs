//! The process itself: waits for the kernel, for answers, for questions and for time.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write};
use std::net::IpAddr;
use std::os::fd::AsFd;
use std::os::unix::net::UnixListener;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use lan::{Address, Card, Effect, Fault, Input, Settings, Told, Watch};
use model::Tick;
use network::{Cards, Echo};
use rustix::event::{PollFd, PollFlags, Timespec};

use super::reporter::{Reporter, members};
use super::{attributes, control, settings};
use crate::address_lock;
use crate::ocf::{self, Code, Failure, failed};
use crate::service::Service;

/// What `status` tells of the past.
const LINES_MAX: usize = 20;

/// Nothing waits longer, nor shorter: an answer of another thread is looked for so often.
const WAIT_MAX: Duration = Duration::from_millis(500);
const WAIT_MIN: Duration = Duration::from_millis(5);

pub(super) fn serve(service: &Service) -> Result<Code, Failure> {
    let settings = settings()?;
    let cannot = |error: io::Error| failed(format!("cannot watch the cards: {error}"));
    let mut keeper = Keeper::new(settings).map_err(cannot)?;
    let listener = control::listen(&ocf::instance()).map_err(cannot)?;
    keeper.look().map_err(cannot)?;
    service.become_ready().map_err(cannot)?;
    loop {
        // A kernel that cannot be asked now may answer the next time; to end would help nobody.
        if let Err(error) = keeper.wait(&listener).and_then(|()| keeper.turn(&listener)) {
            keeper.log(format!("cannot see the cards: {error}"));
            std::thread::sleep(WAIT_MAX);
        }
    }
}

struct Keeper {
    watch: Watch,
    cards: Cards,
    /// What was on the cards at the last look.
    books: BTreeMap<Card, BTreeSet<Address>>,
    echo: Option<Echo>,
    reporter: Reporter,
    /// Of the subnets.
    attributes: Vec<String>,
    said: Option<&'static str>,
    /// What was said of each card.
    said_of: BTreeMap<Card, &'static str>,
    members: (Sender<BTreeSet<String>>, Receiver<BTreeSet<String>>),
    begun: Instant,
    lines: VecDeque<String>,
}

impl Keeper {
    fn new(settings: Settings) -> io::Result<Self> {
        let mut cards = Cards::open(settings.cards.clone())?;
        for card in settings.cards.iter().skip(1) {
            // One that is not there now may come.
            let _ = cards.switch_on(card);
        }
        let is_asking = !settings.targets.is_empty() || !settings.peers.is_empty();
        Ok(Self {
            reporter: Reporter::new(),
            attributes: attributes(&settings),
            watch: Watch::new(Tick(0), settings),
            cards,
            books: BTreeMap::new(),
            echo: if is_asking { Some(Echo::new()?) } else { None },
            said: None,
            said_of: BTreeMap::new(),
            members: channel(),
            begun: Instant::now(),
            lines: VecDeque::new(),
        })
    }

    fn now(&self) -> Tick {
        Tick(0).after(self.begun.elapsed())
    }

    fn wait(&self, listener: &UnixListener) -> io::Result<()> {
        let time = self.watch.wake().since(self.now()).clamp(WAIT_MIN, WAIT_MAX);
        let time = Timespec::try_from(time).map_err(io::Error::other)?;
        let (events, asked) = (self.cards.descriptor(), listener.as_fd());
        let mut waited = vec![
            PollFd::from_borrowed_fd(events, PollFlags::IN),
            PollFd::from_borrowed_fd(asked, PollFlags::IN),
        ];
        let answers = self.echo.iter().flat_map(Echo::descriptors);
        waited.extend(answers.map(|socket| PollFd::from_borrowed_fd(socket, PollFlags::IN)));
        match rustix::event::poll(&mut waited, Some(&time)) {
            Err(error) if error != rustix::io::Errno::INTR => Err(error.into()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// Takes in whatever there is.
    fn turn(&mut self, listener: &UnixListener) -> io::Result<()> {
        if self.cards.has_changed() {
            self.look()?;
        }
        let answers = self.echo.as_ref().map(Echo::answers).unwrap_or_default();
        for from in answers {
            self.give(Input::Answered(from))?;
        }
        while let Ok(members) = self.members.1.try_recv() {
            self.give(Input::Members(members))?;
        }
        self.give(Input::Passed)?;
        for (question, mut asker) in control::questions(listener) {
            let answer = self.answer(question.trim())?;
            // Who does not wait for the answer does not need it.
            let _ = asker.write_all(answer.as_bytes());
        }
        self.say_of_cards();
        Ok(())
    }

    /// Links first: what a card took along when it went is moved while it is still known.
    fn look(&mut self) -> io::Result<()> {
        for (card, link) in self.cards.look_at_links()? {
            self.give(Input::Link(card, link))?;
        }
        self.look_at_addresses()
    }

    fn look_at_addresses(&mut self) -> io::Result<()> {
        self.books = self.cards.look_at_addresses()?;
        let books = self.books.clone();
        self.give(Input::Addresses(books))
    }

    fn give(&mut self, input: Input) -> io::Result<()> {
        let now = self.now();
        for effect in self.watch.step(now, input) {
            self.perform(effect)?;
        }
        Ok(())
    }

    fn perform(&mut self, effect: Effect) -> io::Result<()> {
        match effect {
            Effect::Move { addresses, from, to } => {
                let _alone = address_lock::hold()?;
                let (_, trouble) = self.cards.move_to(&addresses, &from, &to);
                for line in trouble {
                    self.log(line);
                }
                self.look_at_addresses()?;
            }
            Effect::Announce(card, addresses) => self.announce(&card, &addresses),
            Effect::Sample => {
                self.cards.look_at_links()?;
                self.cards.look_at_routes()?;
                let counters = self.cards.counters();
                self.give(Input::Counters(counters))?;
            }
            Effect::Provoke(card) => {
                // If it cannot be sent, its count stands still: that is how it shows.
                let _ = network::provoke(card.as_str());
            }
            Effect::Ask(who) => {
                // No way there is no answer.
                let _ = self.echo.as_mut().map(|echo| echo.ask(who));
            }
            Effect::AskMembers => {
                let told = self.members.0.clone();
                std::thread::spawn(move || members().map(|members| told.send(members)));
            }
            Effect::Say { works } => {
                let value = if works { "up" } else { "down" };
                self.said = Some(value);
                self.log(format!("the subnet is {value} here"));
                self.say(value);
            }
            Effect::Tell(told) => self.log(words(&told)),
        }
        Ok(())
    }

    /// Only what is there: the kernel may have refused it.
    fn announce(&mut self, card: &Card, addresses: &[Address]) {
        let here = self.books.get(card);
        let is_here = |address: &&Address| here.is_some_and(|here| here.contains(*address));
        let ips: Vec<IpAddr> = addresses.iter().filter(is_here).map(|address| address.ip).collect();
        if let Err(error) = network::announce(card.as_str(), &ips) {
            self.log(format!("cannot announce addresses on {card}: {error}"));
        }
    }

    fn answer(&mut self, question: &str) -> io::Result<String> {
        match question {
            "failback" | "home" => {
                self.give(Input::FailBack)?;
                Ok(self.status())
            }
            "say" => {
                if let Some(value) = self.said {
                    self.say(value);
                }
                self.said_of.clear();
                self.say_of_cards();
                Ok(self.status())
            }
            "status" => Ok(self.status()),
            other => match other.split_once(' ') {
                Some((act @ ("disable" | "enable"), name)) => {
                    self.disable(name, act == "disable")?;
                    Ok(self.status())
                }
                _ => Ok(String::new()),
            },
        }
    }

    fn disable(&mut self, name: &str, is_disabled: bool) -> io::Result<()> {
        let found = self.watch.faults().into_keys().find(|card| card.as_str() == name);
        match found {
            Some(card) => self.give(Input::Disabled(card, is_disabled)),
            None => Ok(()),
        }
    }

    fn say(&self, value: &'static str) {
        for name in &self.attributes {
            self.reporter.say(name.clone(), value);
        }
    }

    /// Whether each card works, where the cluster is to know.
    fn say_of_cards(&mut self) {
        let Some(prefix) = ocf::parameter("card_prefix") else { return };
        for (card, fault) in self.watch.faults() {
            let value = if fault.is_none() { "up" } else { "down" };
            if self.said_of.insert(card.clone(), value) != Some(value) {
                self.reporter.say(format!("{prefix}{card}"), value);
            }
        }
    }

    fn status(&self) -> String {
        let mut text = String::new();
        if let Some(said) = self.said {
            text.push_str(&format!("said: {said}\n"));
        }
        if let Some(active) = self.watch.active() {
            text.push_str(&format!("addresses: {active}\n"));
        }
        for (card, fault) in self.watch.faults() {
            text.push_str(&format!("card: {card} {}\n", fault.map_or("works", of_fault)));
        }
        for line in &self.lines {
            text.push_str(&format!("log: {line}\n"));
        }
        text
    }

    /// To the system's log, and for `status`.
    fn log(&mut self, line: String) {
        ocf::log("lan", &line);
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }
}

fn words(told: &Told) -> String {
    match told {
        Told::Failed(card, fault) => format!("{card} {}", of_fault(*fault)),
        Told::Works(card) => format!("{card} works"),
        Told::Moves { from, to } => format!("addresses go from {from} to {to}"),
    }
}

fn of_fault(fault: Fault) -> &'static str {
    match fault {
        Fault::Disabled => "is disabled by an operator",
        Fault::Gone => "is not there or switched off",
        Fault::NoCarrier => "has no carrier",
        Fault::Still => "sends or receives nothing",
        Fault::Silent => "has nobody who answers",
    }
}
