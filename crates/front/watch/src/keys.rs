//! The terminal's side: keys, each read only when the screen has done with the one before, so that
//! a command that is run meanwhile has the terminal to itself.

use std::sync::mpsc::{self, Sender, SyncSender};
use std::thread;

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::{News, tell};

/// A key that means something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    Up,
    Down,
    Left,
    Right,
    PageUp,
    PageDown,
    Home,
    End,
    Enter,
    Escape,
    Tab,
    Backspace,
    /// Control and C.
    Interrupt,
    Char(char),
}

/// Lets the next key in.
#[derive(Debug)]
pub(crate) struct Gate(SyncSender<()>);

impl Gate {
    pub(crate) fn allow_next(&self) {
        // A thread that has ended has said so.
        let _ = self.0.try_send(());
    }
}

pub(crate) fn listen(sender: Sender<News>) -> Gate {
    let (gate, allowed) = mpsc::sync_channel(1);
    thread::spawn(move || {
        while allowed.recv().is_ok() {
            let news = loop {
                match event::read() {
                    Ok(event) => {
                        if let Some(news) = meaning(&event) {
                            break news;
                        }
                    }
                    Err(_) => break News::Deaf,
                }
            };
            if !tell(&sender, news) {
                return;
            }
        }
    });
    Gate(gate)
}

fn meaning(event: &Event) -> Option<News> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => key_of(*key).map(News::Key),
        Event::Resize(..) => Some(News::Resized),
        Event::Key(_)
        | Event::FocusGained
        | Event::FocusLost
        | Event::Mouse(_)
        | Event::Paste(_) => None,
    }
}

fn key_of(event: KeyEvent) -> Option<Key> {
    if event.modifiers.contains(KeyModifiers::CONTROL) {
        return (event.code == KeyCode::Char('c')).then_some(Key::Interrupt);
    }
    let simple = [
        (KeyCode::Up, Key::Up),
        (KeyCode::Down, Key::Down),
        (KeyCode::Left, Key::Left),
        (KeyCode::Right, Key::Right),
        (KeyCode::PageUp, Key::PageUp),
        (KeyCode::PageDown, Key::PageDown),
        (KeyCode::Home, Key::Home),
        (KeyCode::End, Key::End),
        (KeyCode::Enter, Key::Enter),
        (KeyCode::Esc, Key::Escape),
        (KeyCode::Tab, Key::Tab),
        (KeyCode::Backspace, Key::Backspace),
    ];
    if let KeyCode::Char(letter) = event.code {
        return Some(Key::Char(letter));
    }
    simple.into_iter().find(|(code, _)| *code == event.code).map(|(_, key)| key)
}
