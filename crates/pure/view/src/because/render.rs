//! Cause chains as text.

use super::{Because, Explained, Link};
use crate::moment::ago;
use crate::text::{RenderOptions, Tone};

/// Writes each action with its chain; ordering points, which run nothing, are left out.
pub fn render(because: &Because, options: RenderOptions) -> String {
    let mut out = String::new();
    for action in because.actions.iter().filter(|action| !action.milestone) {
        write_one(action, Tone::Strong, &action.action, options, &mut out);
    }
    for blocked in &because.blocked {
        let headline = format!("cannot {}", blocked.action);
        write_one(blocked, Tone::Caution, &headline, options, &mut out);
    }
    if out.is_empty() {
        out.push_str("Nothing is to be done.\n");
    }
    out
}

fn write_one(
    explained: &Explained,
    tone: Tone,
    headline: &str,
    options: RenderOptions,
    out: &mut String,
) {
    out.push_str(&options.paint(tone, headline));
    out.push('\n');
    for link in &explained.because {
        out.push_str(&format!("  because {}\n", link_text(link, options)));
    }
}

/// The link in words, with how long ago it happened.
pub(crate) fn link_text(link: &Link, options: RenderOptions) -> String {
    match link.at {
        Some(at) => format!("{}, {}", link.text, ago(at, options.now)),
        None => link.text.clone(),
    }
}
