//! The screen on a terminal that keeps what is drawn, and what keys do to it.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::path::Path;

use cib::Document;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use watch::{Key, News, Picture, Screen, Wish};
use wire::api::{Cluster, Entry, Event};

const NOW: i64 = 1_795_223_471;

fn picture(state: &str) -> News {
    let states = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../scenarios/cli/states");
    let text = fs::read_to_string(states.join(format!("{state}.xml"))).unwrap();
    let cluster = Cluster {
        node: "n1".to_owned(),
        coordinator: Some("n1".to_owned()),
        quorate: true,
        formed: true,
        ..Cluster::default()
    };
    let entries = (1..=20)
        .map(|number| Entry {
            number,
            at: NOW - 100 + i64::try_from(number).unwrap(),
            event: Event::Coordinator { node: format!("n{number}") },
        })
        .collect();
    let document = Document::parse(&text).unwrap();
    News::Picture(Box::new(Picture::of(document, cluster, entries, NOW)))
}

fn screen(state: &str) -> Screen {
    let mut screen = Screen::default();
    screen.at(NOW);
    assert_eq!(screen.hear(picture(state)), Wish::Nothing);
    screen
}

fn drawn_at(screen: &mut Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| screen.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let rows = buffer.content().chunks(usize::from(width));
    let line = |row: &[ratatui::buffer::Cell]| {
        row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>().trim_end().to_owned()
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}

fn drawn(screen: &mut Screen) -> String {
    drawn_at(screen, 80, 24)
}

fn press(screen: &mut Screen, keys: &[Key]) -> Wish {
    let mut wish = Wish::Nothing;
    for key in keys {
        wish = screen.hear(News::Key(*key));
    }
    wish
}

fn type_in(screen: &mut Screen, text: &str) -> Wish {
    press(screen, &text.chars().map(Key::Char).collect::<Vec<_>>())
}

#[test]
fn a_whole_cluster_fits_a_small_terminal() {
    let shown = drawn(&mut screen("web"));
    let expected = "\
Healthy. Survives the loss of any one of three nodes. Fencing is checked every
60 s.
The loss of any two nodes at once would leave no quorum.
 Resources: 7 ──────────────────────────────────────────────────────────────────
                 n1*                 n2                  n3
>power           started             -                   -
 web             started             -                   -
   lock          started             -                   -
   address       started             -                   -
   server        started             -                   -
 ping-everywhere started             started             started
 counters        promoted            unpromoted          unpromoted";
    for (expected, shown) in expected.lines().zip(shown.lines()) {
        let words = |line: &str| {
            line.split_whitespace()
                .filter(|word| !word.starts_with(['+', '-']) && !word.contains('─'))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(words(expected), words(shown), "\n{shown}");
    }
    assert!(shown.contains("n20 is the coordinator"), "{shown}");
    assert!(shown.lines().last().unwrap().starts_with("Enter: why"), "{shown}");
    assert_eq!(shown.lines().count(), 24);
}

#[test]
fn enter_says_why_and_escape_goes_back() {
    let mut screen = screen("n1-lost");
    press(&mut screen, &[Key::Char('/')]);
    type_in(&mut screen, "web");
    press(&mut screen, &[Key::Enter, Key::Enter]);
    let shown = drawn(&mut screen);
    assert!(shown.contains(" Why web "), "{shown}");
    assert!(
        shown.contains("web cannot run on n1: the node is lost and must be fenced."),
        "{shown}"
    );
    press(&mut screen, &[Key::Escape]);
    assert!(drawn(&mut screen).contains("1 with `web`"));
    press(&mut screen, &[Key::Escape]);
    assert!(!drawn(&mut screen).contains("with `web`"));
}

#[test]
fn a_filter_asks_for_what_is_so_too() {
    let mut screen = screen("web");
    press(&mut screen, &[Key::Char('/')]);
    type_in(&mut screen, "promoted");
    let shown = drawn(&mut screen);
    assert!(shown.contains("counters") && !shown.contains("address"), "{shown}");
    assert!(shown.lines().last().unwrap().starts_with("/promoted"), "{shown}");
    type_in(&mut screen, "x");
    assert!(drawn(&mut screen).contains("Nothing has these words."));
    // Nothing is chosen where nothing is left.
    assert_eq!(press(&mut screen, &[Key::Enter, Key::Enter, Key::Char('m')]), Wish::Nothing);
}

#[test]
fn commands_go_to_the_command_line_which_asks() {
    let mut screen = screen("web");
    press(&mut screen, &[Key::Down, Key::Right, Key::Char('m')]);
    assert!(drawn(&mut screen).lines().last().unwrap().starts_with(":move web n2"));
    let words = ["resource", "move", "web", "n2"].map(str::to_owned).to_vec();
    assert_eq!(press(&mut screen, &[Key::Enter]), Wish::Run(words));
    press(&mut screen, &[Key::Char('s')]);
    assert!(drawn(&mut screen).lines().last().unwrap().starts_with(":standby n2"));
    assert_eq!(press(&mut screen, &[Key::Escape, Key::Char('q')]), Wish::Quit);
}

#[test]
fn the_timeline_scrolls_and_comes_back() {
    let mut screen = screen("web");
    press(&mut screen, &[Key::Tab, Key::PageUp]);
    let shown = drawn(&mut screen);
    assert!(!shown.contains("n20 is the coordinator"), "{shown}");
    press(&mut screen, &[Key::Up; 100]);
    assert!(drawn(&mut screen).contains("n1 is the coordinator"));
    press(&mut screen, &[Key::Escape]);
    assert!(drawn(&mut screen).contains("n20 is the coordinator"));
}

#[test]
fn a_daemon_that_went_away_is_said_and_what_was_seen_stays() {
    let mut screen = screen("web");
    screen.hear(News::Lost("connection refused".to_owned()));
    let shown = drawn(&mut screen);
    assert!(shown.starts_with("No daemon answers: connection refused. What is shown is old."));
    assert!(shown.contains("ping-everywhere"), "{shown}");
    screen.hear(picture("web"));
    assert!(drawn(&mut screen).starts_with("Healthy."));
}

/// No size and no key is too much.
#[test]
fn any_size_and_any_key_will_do() {
    let keys = [
        Key::Up,
        Key::Down,
        Key::PageDown,
        Key::End,
        Key::Right,
        Key::Enter,
        Key::PageDown,
        Key::Escape,
        Key::Char('f'),
        Key::Escape,
        Key::Char('v'),
        Key::Escape,
        Key::Char('?'),
        Key::Char('q'),
        Key::Tab,
        Key::PageUp,
        Key::Left,
        Key::Home,
    ];
    for state in ["web", "no-nodes", "n1-lost", "why-guest"] {
        let mut seen = screen(state);
        let mut unseen = Screen::default();
        for (width, height) in [(1, 1), (5, 3), (20, 6), (80, 24), (300, 100)] {
            for key in keys {
                assert_ne!(press(&mut seen, &[key]), Wish::Quit, "{state} {key:?}");
                drawn_at(&mut seen, width, height);
                press(&mut unseen, &[key]);
                drawn_at(&mut unseen, width, height);
            }
        }
    }
}

#[test]
fn a_signal_is_the_end() {
    assert_eq!(screen("web").hear(News::Ended), Wish::Quit);
    assert_eq!(press(&mut screen("web"), &[Key::Char('?'), Key::Interrupt]), Wish::Quit);
}
