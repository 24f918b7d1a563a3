//! What the nodes of a cluster that is down have on their disks: what they left running is known there alone.

use wire::door::{Answer, Ask};

use crate::ask;
use crate::places::Places;
use crate::power::Known;
use crate::services::output;
use crate::trouble::{Kind, Trouble};

/// Each machine's document as XML, this one's first; empty where a machine has none.
///
/// # Errors
/// Where a machine cannot be asked, or its daemon runs.
pub fn stored() -> Result<Vec<(String, String)>, Trouble> {
    let Known { places, own, settings, services: _, me } = Known::read(None)?;
    let mut found = vec![(me.clone(), here(&places)?)];
    for (name, answer) in ask::all(&places, &own, &settings, &me, &Ask::Stored) {
        match answer {
            Ok(Answer::Stored { document }) => found.push((name, document)),
            Ok(_) => return Err(unknown(&name)),
            Err(trouble) => {
                let (what, help) = trouble.into_words();
                return Err(help.into_iter().fold(unknown(&name).help(what), Trouble::help));
            }
        }
    }
    Ok(found)
}

fn unknown(name: &str) -> Trouble {
    Trouble::new(Kind::Unavailable, format!("it is not known what {name} left running"))
}

/// This machine's.
pub(crate) fn here(places: &Places) -> Result<String, Trouble> {
    // The program of this process, also after an update has put another one in its place.
    let daemon = places.daemon();
    output("/proc/self/exe", &["stored-configuration", "--config", &daemon.to_string_lossy()])
}
