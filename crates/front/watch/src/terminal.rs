//! The terminal: taken, drawn on, and given back whatever happens.

use std::io;
use std::sync::mpsc::Sender;
use std::thread;

use ratatui::DefaultTerminal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::screen::Screen;
use crate::{News, tell};

/// Why the screen cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error("cannot take the terminal")]
    Take(#[source] io::Error),
    #[error("cannot draw on the terminal")]
    Draw(#[source] io::Error),
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

/// The terminal while it is ours. Dropped, it is as it was before; a panic gives it back, too,
/// before it says what happened.
pub(crate) struct Terminal(DefaultTerminal);

impl Terminal {
    pub(crate) fn take() -> Result<Self, WatchError> {
        let taken = ratatui::try_init().inspect_err(|_| ratatui::restore());
        Ok(Self(taken.map_err(WatchError::Take)?))
    }

    pub(crate) fn draw(&mut self, screen: &mut Screen) -> Result<(), WatchError> {
        self.0.draw(|frame| screen.draw(frame)).map(|_| ()).map_err(WatchError::Draw)
    }

    /// For a command, which wants it as it was.
    pub(crate) fn give_back(&mut self) {
        ratatui::restore();
    }

    pub(crate) fn take_again(&mut self) -> Result<(), WatchError> {
        // A new one knows of nothing that is drawn, and so draws everything.
        self.0 = ratatui::try_init().map_err(WatchError::Take)?;
        Ok(())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Signals that end a program end the screen, so that it gives the terminal back first.
pub(crate) fn hear_signals(sender: Sender<News>) -> Result<(), WatchError> {
    let ends = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];
    let mut signals = Signals::new(ends).map_err(WatchError::Signals)?;
    thread::spawn(move || {
        for _ in signals.forever() {
            if !tell(&sender, News::Ended) {
                return;
            }
        }
    });
    Ok(())
}
