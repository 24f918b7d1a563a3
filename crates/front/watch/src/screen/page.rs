//! A page that is read over the grid: why, fencing, the verdict in full, help.

use view::RenderOptions;
use view::grid::Cell;

use crate::feed::Picture;
use crate::keys::Key;

/// Text with a title.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) title: String,
    pub(super) lines: Vec<String>,
    pub(super) top: usize,
}

const HELP: &str = "\
arrows, h j k l   choose a resource and a node
Enter             why it is there, or is not
/                 show only what has these words: a name, failed, missing, promoted
:                 a command: its plan is shown, and it asks before anything changes
                    :move web n2   :clear web   :cleanup web   :enable web   :disable web
                    :standby n2    :unstandby n2   :maintenance n2   :fence n2
                    :undo, and all else that `quorate` takes
m, s              begin a move of the chosen resource, a standby of the chosen node
f                 fencing: which node can be cut off by what, proven when
v                 the verdict in full: what to do, and what would break it
Tab               arrows move the timeline, and back
Escape            ends the filter, goes back
q, Ctrl-C         the end

In the grid, + and - are scores; INF is 1000000. `to come`: it is wanted there and is not
there yet. `banned`: a location constraint forbids it. `cannot`: something else does; Enter
says what. `unsure`: its node is lost.";

impl Page {
    fn of(title: &str, text: &str) -> Self {
        Self { title: title.to_owned(), lines: text.lines().map(str::to_owned).collect(), top: 0 }
    }

    pub(super) fn help() -> Self {
        Self::of("Help", HELP)
    }

    pub(super) fn readiness(picture: &Picture, now: i64) -> Self {
        let options = RenderOptions { colour: false, now };
        let readiness = &picture.status.readiness;
        let mut text = view::readiness::render(readiness, options);
        text.push('\n');
        for row in &readiness.nodes {
            text.push_str(&row.words);
            text.push('\n');
        }
        Self::of("Fencing", &text)
    }

    pub(super) fn verdict(picture: &Picture, _now: i64) -> Self {
        let verdict = &picture.status.verdict;
        let mut text = format!("{}\n", verdict.sentence);
        for (title, sentences) in
            [("To do", &verdict.advice), ("What would break it", &verdict.breaks)]
        {
            if !sentences.is_empty() {
                text.push_str(&format!("\n{title}\n"));
            }
            for sentence in sentences {
                text.push_str(&format!("  {sentence}\n"));
            }
        }
        if let Some(survival) = &picture.status.survival {
            text.push_str(&format!("\nTried out\n{}", view::survival::render(survival)));
        }
        Self::of("Verdict", &text)
    }

    pub(super) fn why(
        picture: &Picture,
        id: &str,
        chosen: Option<(&str, &Cell)>,
        now: i64,
    ) -> Self {
        let options = RenderOptions { colour: false, now };
        let mut text = String::new();
        let because = chosen.and_then(|(_, cell)| cell.cannot_run_because.as_ref());
        if let Some(because) = because {
            text.push_str(&format!("{because}\n\n"));
        }
        match view::why(&picture.document, id, None, now) {
            Ok(why) => text.push_str(&view::why::render(&why, options)),
            Err(unknown) => text.push_str(&format!("No {} is called {id}.\n", unknown.noun)),
        }
        Self::of(&format!("Why {id}"), &text)
    }

    /// Moves in it; answers whether it is still read.
    pub(super) fn press(&mut self, key: Key) -> bool {
        let last = self.lines.len().saturating_sub(1);
        match key {
            Key::Up | Key::Char('k') => self.top = self.top.saturating_sub(1),
            Key::Down | Key::Char('j') => self.top = (self.top + 1).min(last),
            Key::PageUp => self.top = self.top.saturating_sub(10),
            Key::PageDown => self.top = (self.top + 10).min(last),
            Key::Home => self.top = 0,
            Key::End => self.top = last,
            Key::Escape | Key::Enter | Key::Char('q' | '?') => return false,
            Key::Left | Key::Right | Key::Tab | Key::Backspace | Key::Interrupt | Key::Char(_) => {}
        }
        true
    }
}
