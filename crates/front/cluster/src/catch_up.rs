//! A member that was down fetches the newest file of the nodes before its Corosync starts: with an
//! old one Corosync would end when it meets the others.

use corosync::{Conf, Settings};
use wire::door::{Answer, Ask};

use crate::ask;
use crate::invite;
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::steps::put;

/// Asks all others. Where nobody answers, or none has a newer file, the own one is right.
pub(crate) fn run(places: &Places, own: &Own) {
    let Ok(conf) = nodes_file::read(places) else { return };
    let settings = Settings::of(&conf);
    let Ok(me) = invite::own_name(&settings) else { return };
    let newest = ask::all(places, own, &settings, &me, &Ask::File)
        .into_iter()
        .filter_map(|(name, answer)| match answer {
            Ok(Answer::File { text }) => Some((edition(&text), name, text)),
            Ok(_) | Err(_) => None,
        })
        .max_by_key(|(edition, _, _)| *edition);
    let Some((edition, from, text)) = newest else { return };
    if edition <= settings.config_version() || !lists(&text, &me) {
        return;
    }
    let path = places.nodes_file();
    match put(&path, text.as_bytes(), 0o644) {
        Ok(()) => {
            say::talk(&format!("quorate: {} is edition {edition} now, from {from}", path.display()))
        }
        Err(error) => say::talk(&format!("quorate: cannot write {}: {error}", path.display())),
    }
}

fn edition(text: &str) -> u64 {
    Settings::of(&Conf::parse(text)).config_version()
}

/// A file without this node is not for it: it was taken out of the cluster.
fn lists(text: &str, me: &str) -> bool {
    let is_listed = Settings::of(&Conf::parse(text)).node(me).is_some();
    if !is_listed {
        say::talk(&format!("quorate: the others have taken {me} out of the cluster"));
    }
    is_listed
}
