//! `quorate watch`: the cluster on a terminal, as it happens: the verdict, resources by nodes, what
//! happened, and why; by keys alone.
//!
//! Three threads send to one that draws: the cluster's events, the terminal's keys, signals.
//! Nothing is asked again unless an event says that something happened.
//!
//! **Not here:** what things mean (`view`), how changes are made: a command is run by who called
//! [`run`], on the terminal as it was before, so that it shows its plan and asks there.
//!
//! **Always:** the terminal is given back, whatever ends the screen: a key, a signal, a panic, an
//! error.
//!
//! Field words: Pacemaker *crm_mon* (interactive).

mod feed;
mod keys;
mod screen;
mod terminal;

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use client::Client;

pub use feed::Picture;
pub use keys::Key;
pub use screen::{Screen, Wish};
pub use terminal::WatchError;

use terminal::Terminal;

/// With nothing happening what is known is looked at again, so that "12 s ago" stays true; nobody is
/// asked.
const STILL: Duration = Duration::from_secs(30);

/// Something that the screen should take note of.
#[derive(Debug)]
pub enum News {
    /// The cluster, seen anew.
    Picture(Box<Picture>),
    /// The daemon cannot be asked.
    Lost(String),
    Key(Key),
    /// The terminal has another size.
    Resized,
    /// A signal asks for the end.
    Ended,
    /// The terminal cannot be read any more.
    Deaf,
}

/// Who the screen works with.
#[derive(Clone, Copy)]
pub struct With<'a> {
    pub client: &'a Client,
    /// Seconds since 1970.
    pub now: fn() -> i64,
    /// Runs a command of the command line on the terminal, which is as it was before.
    pub command: &'a dyn Fn(&[String]),
}

impl std::fmt::Debug for With<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("With").field("client", self.client).finish_non_exhaustive()
    }
}

/// Shows the cluster until a key or a signal ends it.
///
/// # Errors
/// When there is no terminal, or it fails.
pub fn run(with: With<'_>) -> Result<(), WatchError> {
    let (sender, news) = mpsc::channel();
    let mut terminal = Terminal::take()?;
    feed::follow(with.client.clone(), with.now, sender.clone());
    terminal::hear_signals(sender.clone())?;
    let keys = keys::listen(sender);
    let mut screen = Screen::default();
    loop {
        screen.at((with.now)());
        terminal.draw(&mut screen)?;
        match take(&mut screen, &news) {
            Wish::Nothing => {}
            Wish::Quit => return Ok(()),
            Wish::Run(words) => {
                terminal.give_back();
                (with.command)(&words);
                terminal.take_again()?;
            }
        }
        if screen.wants_key() {
            keys.allow_next();
            screen.key_is_awaited();
        }
    }
}

/// Waits for news, and takes all that there are.
fn take(screen: &mut Screen, news: &Receiver<News>) -> Wish {
    let first = match news.recv_timeout(STILL) {
        Ok(first) => first,
        Err(RecvTimeoutError::Timeout) => {
            screen.rest();
            return Wish::Nothing;
        }
        Err(RecvTimeoutError::Disconnected) => return Wish::Quit,
    };
    let mut wish = screen.hear(first);
    while wish == Wish::Nothing {
        let Ok(next) = news.try_recv() else { break };
        wish = screen.hear(next);
    }
    wish
}

/// Tells, unless nobody listens any more.
fn tell(sender: &Sender<News>, news: News) -> bool {
    sender.send(news).is_ok()
}
