//! `quorate why`.

use view::{Asked, because, why};

use crate::arguments::Common;
use crate::exit::Exit;
use crate::say;
use crate::source::Source;
use crate::trouble::Trouble;

pub(super) fn run(
    common: &Common,
    what: Option<&str>,
    node: Option<&str>,
    action: bool,
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    match what {
        Some(resource) if !action => place(common, &source, resource, node),
        Some(_) | None => actions(common, &source, Asked { what, node }),
    }
}

fn place(
    common: &Common,
    source: &Source,
    resource: &str,
    node: Option<&str>,
) -> Result<Exit, Trouble> {
    let why = why(&source.document, resource, node, source.now)?;
    if common.json {
        say::json(&why);
    } else {
        say::out(&why::render(&why, source.options()));
    }
    Ok(Exit::Done)
}

fn actions(common: &Common, source: &Source, asked: Asked<'_>) -> Result<Exit, Trouble> {
    let because = because(&source.document, asked, source.now)?;
    if common.json {
        say::json(&because);
    } else {
        say::out(&because::render(&because, source.options()));
    }
    Ok(Exit::Done)
}
