//! `quorate watch` at a real terminal, before a real cluster.

use std::ffi::OsStr;

use rustix::process::Signal;

use crate::terminal::Terminal;
use crate::{other_than, with_lock};

/// Back to the terminal's first screen, and its cursor shown: what `crossterm` writes for both.
const GIVEN_BACK: [&str; 2] = ["\u{1b}[?1049l", "\u{1b}[?25h"];

fn watch(bed: &crate::bed::Bed, node: u32) -> Terminal {
    let socket = bed.client(node).path().to_owned();
    Terminal::start(["watch"].map(OsStr::new), &[("QUORATE_SOCKET", socket.as_os_str())])
}

#[test]
fn the_screen_follows_and_its_commands_show_a_plan_and_ask() {
    let (bed, holder) = with_lock();
    let mut terminal = watch(&bed, 1);
    terminal.wait_for("lock");
    terminal.wait_for("Enter: why");
    let other = other_than(holder);
    terminal.type_in(&format!(":standby n{other}\r"));
    terminal.wait_for("[y/N]");
    terminal.type_in("y\n");
    terminal.wait_for("Enter goes back");
    terminal.type_in("\n");
    // The screen is drawn anew with what an event told.
    terminal.wait_for(&format!("n{other} is in standby"));
    terminal.type_in("?");
    terminal.wait_for("Help");
    // The first ends the help.
    terminal.type_in("qq");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    for sequence in GIVEN_BACK {
        assert!(ended.screen.contains(sequence), "{}", ended.screen);
    }
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let (bed, _) = with_lock();
    let mut terminal = watch(&bed, 2);
    terminal.wait_for("Enter: why");
    terminal.send(Signal::TERM);
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    for sequence in GIVEN_BACK {
        assert!(ended.screen.contains(sequence), "{}", ended.screen);
    }
}
