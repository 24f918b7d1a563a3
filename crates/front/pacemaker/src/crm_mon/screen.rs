//! The terminal of who sits there: a screen of its own, and keys one by one.
//!
//! **Always:** the terminal is given back as it was, however the command ends.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::sync::mpsc::Sender;

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGWINCH};
use signal_hook::iterator::Signals;

use super::stay::News;

/// A screen that is ours for a while.
pub(super) struct Screen {
    before: Termios,
}

impl Screen {
    /// Takes the terminal, and tells of keys and signals.
    pub(super) fn take(news: &Sender<News>) -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut ours = before.clone();
        ours.local_modes -= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGWINCH])?;
        let told = news.clone();
        std::thread::spawn(move || {
            for signal in signals.forever() {
                let what = if signal == SIGWINCH { News::Redraw } else { News::Over };
                if told.send(what).is_err() {
                    return;
                }
            }
        });
        let told = news.clone();
        std::thread::spawn(move || read_keys(&told));
        tcsetattr(io::stdin(), OptionalActions::Now, &ours)?;
        print("\u{1b}[?1049h");
        Ok(Self { before })
    }

    /// Shows a text, as far as there is room.
    pub(super) fn draw(&self, text: &str) {
        let size = tcgetwinsize(io::stdout());
        let (rows, columns) = size.map_or((24, 80), |size| (size.ws_row, size.ws_col));
        let (rows, columns) = (usize::from(rows).max(2), usize::from(columns).max(2));
        let mut drawn = "\u{1b}[H\u{1b}[2J".to_owned();
        for (at, line) in text.lines().take(rows - 1).enumerate() {
            if at > 0 {
                drawn.push_str("\r\n");
            }
            drawn.extend(expanded(line).chars().take(columns));
        }
        print(&drawn);
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        print("\u{1b}[?1049l");
        // Nobody is left to tell.
        let _ = tcsetattr(io::stdin().as_fd(), OptionalActions::Now, &self.before);
    }
}

/// What a terminal that is gone does not show is lost.
fn print(text: &str) {
    let mut out = io::stdout();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Tabs as blanks, and nothing that moves the cursor.
fn expanded(line: &str) -> String {
    let mut out = String::new();
    for letter in line.chars() {
        match letter {
            '\t' => {
                let width = 8 - out.chars().count() % 8;
                out.extend(std::iter::repeat_n(' ', width));
            }
            letter if letter.is_control() => out.push('?'),
            letter => out.push(letter),
        }
    }
    out
}

/// Tells of keys, until there are none any more.
fn read_keys(news: &Sender<News>) {
    let mut byte = [0];
    loop {
        let told = match io::stdin().read(&mut byte) {
            Ok(0) => return,
            Ok(_) => News::Key(char::from(byte[0])),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // The terminal is gone.
            Err(_) => News::Over,
        };
        if news.send(told).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expanded;

    #[test]
    fn what_is_drawn_keeps_to_its_line() {
        assert_eq!(expanded("a\tb\u{1b}[2J"), "a       b?[2J");
    }
}
