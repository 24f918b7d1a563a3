//! Staying, and showing the status whenever something happened.
//!
//! The daemon tells of what happens; nothing is asked for meanwhile. Without a daemon it is tried again
//! as often as the status would be shown.

use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use client::{Client, ClientError};
use wire::api::Entry;

use super::announce::Announcer;
use super::mode::{self, Goal};
use super::screen::Screen;
use super::{TAKEN, View, dress};
use crate::exit::{self, Exit};
use crate::home::Home;
use crate::output::{Format, Output};
use crate::replace::replace;
use crate::status::{Look, Sections};
use crate::tool::{Call, Trouble};

/// Something that whoever stays hears of.
pub(super) enum News {
    Key(char),
    Happened(Box<Entry>),
    /// The screen is another one.
    Redraw,
    /// The daemon answers, again or for the first time.
    Reached,
    /// It does not, for this reason.
    Unreached(ClientError),
    /// It is time to go.
    Over,
}

/// Events come in bursts; one picture for each burst is enough.
const BURST: Duration = Duration::from_millis(200);

/// A wait for an event ends after so long, to see whether anybody still listens.
const STILL: Duration = Duration::from_secs(5);

/// Shows the status until told to stop.
pub(super) fn stay(call: &Call, view: View, home: &Home, goal: Goal) -> Result<Exit, Trouble> {
    let Home::Cluster(client) = home else { return Ok(Exit::Ok) };
    if goal != Goal::Screen {
        // In the background: a session of its own, if it has none yet.
        let _founded = rustix::process::setsid();
    }
    let interval = mode::interval(call)?;
    let (tell, news) = channel();
    let told = tell.clone();
    let followed = client.clone();
    std::thread::spawn(move || follow(&followed, &told, interval));
    let failed = |error: std::io::Error| {
        Trouble::new(Exit::Io, format!("the terminal: {}", exit::system_words(&error)))
    };
    let screen = match goal {
        Goal::Screen => Some(Screen::take(&tell).map_err(failed)?),
        Goal::File(_) | Goal::Nobody => None,
    };
    let announcer = Announcer::of(call);
    let mut watch =
        Watch { call, home, goal, interval, screen, announcer, view, choosing: false, lost: None };
    watch.run(&news)
}

/// Follows the daemon, and finds it again.
fn follow(client: &Client, news: &Sender<News>, again: Duration) {
    loop {
        let Err(error) = follow_once(client, news) else { return };
        if news.send(News::Unreached(error)).is_err() {
            return;
        }
        std::thread::sleep(again);
    }
}

/// `Ok` when nobody listens any more.
fn follow_once(client: &Client, news: &Sender<News>) -> Result<(), ClientError> {
    let known = client.history(0)?;
    let mut events = client.events(known.last().map_or(0, |entry| entry.number))?;
    let mut heard = news.send(News::Reached).is_ok();
    while heard {
        if let Some(entry) = events.next(STILL)? {
            heard = news.send(News::Happened(Box::new(entry))).is_ok();
        }
    }
    Ok(())
}

/// Whoever stays.
struct Watch<'w> {
    call: &'w Call,
    home: &'w Home,
    goal: Goal,
    interval: Duration,
    screen: Option<Screen>,
    announcer: Option<Announcer>,
    view: View,
    /// The keys are shown in place of the status.
    choosing: bool,
    /// Why there is no status.
    lost: Option<String>,
}

/// What comes of some news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    Go,
    /// Soon: more may follow.
    Soon,
    Now,
}

impl Watch<'_> {
    fn run(&mut self, news: &Receiver<News>) -> Result<Exit, Trouble> {
        loop {
            self.picture()?;
            let mut due = Instant::now() + self.interval;
            loop {
                let then = match news.recv_timeout(due.saturating_duration_since(Instant::now())) {
                    Ok(news) => self.hear(news),
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => Then::Go,
                };
                match then {
                    Then::Go => return Ok(Exit::Ok),
                    Then::Soon => due = due.min(Instant::now() + BURST),
                    Then::Now => break,
                }
            }
        }
    }

    fn hear(&mut self, news: News) -> Then {
        match news {
            News::Key(key) => self.press(key),
            News::Happened(entry) => {
                if let Some(announcer) = &self.announcer {
                    announcer.tell(&entry.event);
                }
                Then::Soon
            }
            News::Redraw => Then::Now,
            News::Reached => {
                self.lost = None;
                Then::Soon
            }
            News::Unreached(error) => {
                self.lost = Some(error.to_string());
                Then::Soon
            }
            News::Over => Then::Go,
        }
    }

    /// What a key changes; any other one draws anew.
    fn press(&mut self, key: char) -> Then {
        let sections = &mut self.view.chosen.sections;
        let look = &mut self.view.look;
        match key {
            'q' | '\u{3}' | '\u{4}' => return Then::Go,
            'm' => {
                let level = self.view.chosen.fencing_level();
                self.view.chosen.set_fencing((level + 1) % 4);
            }
            'c' => *sections = sections.toggled(Sections::TICKETS),
            'f' => *sections = sections.toggled(Sections::FAIL_COUNTS),
            'n' => *look = look.toggled(Look::BY_NODE),
            'o' => {
                *sections = sections.toggled(Sections::OPERATIONS);
                if !sections.has(Sections::OPERATIONS) {
                    *look = look.without(Look::TIMING);
                }
            }
            'r' => *look = look.toggled(Look::INACTIVE),
            'R' => *look = look.toggled(Look::DETAILS),
            't' => {
                *look = look.toggled(Look::TIMING);
                if look.has(Look::TIMING) {
                    *sections = *sections | Sections::OPERATIONS;
                }
            }
            'A' => *sections = sections.toggled(Sections::ATTRIBUTES),
            'L' => *sections = sections.toggled(Sections::BANS),
            'D' => {
                let summary = Sections::SUMMARY.without(Sections::OPTIONS);
                *sections = sections.toggled(summary).without(Sections::OPTIONS);
            }
            'b' => *look = look.toggled(Look::BRIEF),
            'j' => *look = look.toggled(Look::PENDING),
            '?' => self.choosing = true,
            _ => self.choosing = false,
        }
        Then::Now
    }

    /// Shows how it is, to whom it is for.
    fn picture(&mut self) -> Result<(), Trouble> {
        match (&self.goal, &self.screen) {
            (Goal::Nobody, _) => Ok(()),
            (Goal::File(path), _) => {
                let text = self.written();
                write(path, &text)
            }
            (Goal::Screen, Some(screen)) => {
                let text = if self.choosing { self.keys() } else { self.written() };
                screen.draw(&text);
                Ok(())
            }
            (Goal::Screen, None) => Ok(()),
        }
    }

    /// The status, or why there is none, in the form that is wanted.
    fn written(&self) -> String {
        let request = self.call_line();
        let mut said = Output::new(self.view.format, &request, false);
        said.dress(dress(self.call, Some(self.interval.as_secs().max(1))));
        let found = match &self.lost {
            None => self.home.open("Connection to cluster failed: "),
            Some(reason) => Err(Trouble::new(Exit::Disconnected, reason.clone())),
        };
        let exit = match found {
            Ok(found) => {
                self.view.show(&found, &mut said);
                Exit::Ok
            }
            Err(trouble) => {
                let again = self.interval.as_secs();
                said.note("Cluster Summary:");
                said.note("  * Not connected to the cluster on this node");
                said.note(&format!("  * {}", trouble.words));
                said.note(&format!("  * It is tried again in {again} s"));
                if self.view.format != Format::Text {
                    said.error(trouble.words);
                }
                trouble.exit
            }
        };
        let (mut text, mut errors) = (Vec::new(), Vec::new());
        said.finish(exit, &mut text, &mut errors);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn call_line(&self) -> String {
        let words: Vec<String> = std::env::args().collect();
        let (program, words) = words
            .split_first()
            .map_or(("crm_mon", &[][..]), |(name, words)| (name.as_str(), words));
        crate::command_line::quote(program, words)
    }

    /// The keys, what they stand for, and what is on.
    fn keys(&self) -> String {
        let (sections, look) = (self.view.chosen.sections, self.view.look);
        let on = [
            ('c', sections.has(Sections::TICKETS)),
            ('f', sections.has(Sections::FAIL_COUNTS)),
            ('n', look.has(Look::BY_NODE)),
            ('o', sections.has(Sections::OPERATIONS)),
            ('r', look.has(Look::INACTIVE)),
            ('t', look.has(Look::TIMING)),
            ('A', sections.has(Sections::ATTRIBUTES)),
            ('L', sections.has(Sections::BANS)),
            ('D', !sections.has(Sections::SUMMARY)),
            ('R', look.any(Look::DETAILS)),
            ('b', look.has(Look::BRIEF)),
            ('j', look.has(Look::PENDING)),
        ];
        let words = |key: char| {
            let option = TAKEN.iter().find(|option| option.short == Some(key));
            option.map_or("", |option| option.help)
        };
        let mut text = "Display option change mode\n".to_owned();
        for (key, is_on) in on {
            let mark = if is_on { '*' } else { ' ' };
            text.push_str(&format!("{mark} {key}: \t{}\n", words(key)));
        }
        let level = self.view.chosen.fencing_level();
        text.push_str(&format!("{level} m: \t{}\n\n", words('m')));
        text.push_str("Toggle fields via field letter, type any other key to return\n");
        text
    }
}

fn write(path: &Path, text: &str) -> Result<(), Trouble> {
    replace(path, text.as_bytes()).map_err(|error| {
        let why = exit::system_words(&error);
        Trouble::new(Exit::of(&error), format!("Could not write '{}': {why}", path.display()))
    })
}
