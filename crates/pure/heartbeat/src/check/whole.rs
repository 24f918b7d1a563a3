//! What lines say together, and what Heartbeat looks at before it starts.

use super::{Findings, Program, Surroundings, shown};
use crate::settings::{AutoFailback, Crm, MediumKind, OnExit, Settings};
use crate::table::{MEDIA_MAX, NAME_MAX, NODES_MAX, SERIAL_MAX};
use crate::text::{HaCf, Line, truth};

/// Below this a machine that boots slowly is taken for dead (microseconds).
const INITDEAD_RISKY: u64 = 10_000_000;

pub(super) fn check(conf: &HaCf, settings: &Settings, around: &Surroundings, found: &mut Findings) {
    nodes(conf, settings, around, found);
    times(conf, settings, found);
    media(conf, settings, found);
    cards(settings, around, found);
    port(conf, settings, around, found);
    failback(conf, settings, found);
    children(conf, settings, around, found);
    logs(conf, found);
    manager(conf, settings, around, found);
}

/// The last line of a directive: the one that counts. 0 if there is none.
fn line(conf: &HaCf, directive: &str) -> u32 {
    conf.all(directive).last().map_or(0, |line| line.number)
}

fn nodes(conf: &HaCf, settings: &Settings, around: &Surroundings, found: &mut Findings) {
    let mut seen: Vec<(String, u32)> = Vec::new();
    for line in conf.all("node") {
        for word in line.words() {
            let name = word.to_lowercase();
            if name.chars().count() >= NAME_MAX {
                let what = format!("the node's name `{}` is too long", shown(word));
                found.error(line.number, what, "expected: fewer than 100 characters");
            }
            match seen.iter().find(|(known, _)| *known == name) {
                Some((_, before)) => {
                    let what = format!("node {name} is in line {before} already");
                    found.note(line.number, what, "");
                }
                None => seen.push((name, line.number)),
            }
        }
    }
    if settings.nodes.len() > NODES_MAX {
        let what = format!("there are {} nodes", settings.nodes.len());
        found.error(line(conf, "node"), what, "expected: at most 100");
    }
    let joins = conf.all("autojoin").last().and_then(|line| line.words().last().copied());
    if joins == Some("any") {
        return;
    }
    if settings.nodes.is_empty() {
        return found.error(
            0,
            "no nodes defined",
            "expected: `node NAME`, as `uname -n` says there",
        );
    }
    if let Some(local) = around.local.as_ref().filter(|local| !settings.nodes.contains(local)) {
        let what = format!("Current node [{local}] not in configuration!");
        found.error(line(conf, "node"), what, "names are what `uname -n` says");
    }
    for device in &settings.devices {
        if let Some(from) = device.from.as_ref().filter(|from| !settings.nodes.contains(from)) {
            let what = format!("no node is called {from}: the fence device is used by none");
            found.warning(device.line, what, "expected: a node, or * for any");
        }
    }
}

fn times(conf: &HaCf, settings: &Settings, found: &mut Findings) {
    let Settings { keepalive, deadtime, deadping, initdead, .. } = settings;
    let said = |name: &str| match line(conf, name) {
        0 => line(conf, "keepalive"),
        at => at,
    };
    let at_least = format!("expected: more than {}", span(2 * keepalive));
    if *deadtime <= 2 * keepalive {
        let what = format!("deadtime is {}, keepalive {}", span(*deadtime), span(*keepalive));
        found.error(said("deadtime"), what, &at_least);
    }
    if line(conf, "deadping") > 0 && *deadping <= 2 * keepalive {
        let what = format!("deadping is {}, keepalive {}", span(*deadping), span(*keepalive));
        found.error(said("deadping"), what, &at_least);
    }
    if line(conf, "initdead") == 0 {
        return;
    }
    if initdead < deadtime {
        let what = format!("initdead is {}, deadtime {}", span(*initdead), span(*deadtime));
        found.error(line(conf, "initdead"), what, "expected: at least deadtime, better twice that");
    } else if *initdead < INITDEAD_RISKY {
        let what = format!("initdead is {}", span(*initdead));
        found.warning(
            line(conf, "initdead"),
            what,
            "10 s or more: networks need time after a boot",
        );
    }
}

/// A time for people.
pub(crate) fn span(microseconds: u64) -> String {
    match microseconds {
        whole if whole % 1_000_000 == 0 => format!("{} s", whole / 1_000_000),
        whole if whole % 1_000 == 0 => format!("{} ms", whole / 1_000),
        whole => format!("{whole} us"),
    }
}

fn media(conf: &HaCf, settings: &Settings, found: &mut Findings) {
    let media = &settings.media;
    let is_serial =
        |kind: &MediumKind| matches!(kind, MediumKind::Other { word } if word == "serial");
    let serial: Vec<u32> =
        media.iter().filter(|medium| is_serial(&medium.kind)).map(|medium| medium.line).collect();
    if media.is_empty() {
        let hint = "expected: a line with bcast, mcast, ucast or serial";
        found.error(0, "No heartbeat media defined", hint);
    }
    if let Some(medium) = media.get(MEDIA_MAX) {
        found.error(
            medium.line,
            format!("there are {} media", media.len()),
            "expected: at most 64",
        );
    }
    if let Some(fifth) = serial.get(SERIAL_MAX) {
        let what = format!("there are {} serial lines", serial.len());
        found.error(*fifth, what, "expected: at most 4");
    }
    if let (true, Some(first)) = (settings.crm.is_on(), serial.first()) {
        let what = "serial lines are too slow for the cluster resource manager";
        found.warning(*first, what, "use a network");
    }
    if let (0, at @ 1..) = (serial.len(), line(conf, "baud")) {
        found.note(at, "`baud` without a serial line", "");
    }
}

/// Each line that names a card which is not there.
fn cards(settings: &Settings, around: &Surroundings, found: &mut Findings) {
    let Some(cards) = &around.cards else { return };
    for medium in &settings.media {
        if matches!(medium.kind, MediumKind::Other { .. }) || cards.contains(&medium.device) {
            continue;
        }
        let what = format!("this machine has no card {}", shown(&medium.device));
        let hint = format!("there are {}", cards.iter().cloned().collect::<Vec<_>>().join(", "));
        found.warning(medium.line, what, &hint);
    }
}

/// The port of `bcast` and `ucast`, where another service has it.
fn port(conf: &HaCf, settings: &Settings, around: &Surroundings, found: &mut Findings) {
    let at = line(conf, "udpport");
    let owner = settings.udpport.and_then(|port| around.services.get(&port));
    if let Some(owner) = owner.filter(|owner| at > 0 && *owner != "ha-cluster") {
        let what = format!("the UDP port {} is {owner}'s", settings.udpport.unwrap_or_default());
        found.warning(at, what, "Heartbeat's own is 694");
    }
}

fn failback(conf: &HaCf, settings: &Settings, found: &mut Findings) {
    let said = line(conf, "auto_failback");
    if is_legacy(conf, settings) {
        let what = "auto_failback is legacy: resources always go back, and cannot be moved";
        found.warning(said, what, "say `auto_failback on` or `off`");
    }
}

/// Not so where the value cannot be read: one finding is enough.
fn is_legacy(conf: &HaCf, settings: &Settings) -> bool {
    let unread = conf
        .all("auto_failback")
        .flat_map(Line::words)
        .any(|word| AutoFailback::parse(word).is_none());
    settings.auto_failback == AutoFailback::Legacy && !settings.crm.is_on() && !unread
}

fn children(conf: &HaCf, settings: &Settings, around: &Surroundings, found: &mut Findings) {
    for child in &settings.children {
        let word = match child.on_exit {
            OnExit::Respawn => "respawn",
            OnExit::Failfast => "failfast",
        };
        // What becomes something else need not be here.
        if child.is_heartbeats() {
            continue;
        }
        if around.users.as_ref().is_some_and(|users| !users.contains(&child.user)) {
            let what = format!("`{word}` as {}: no such user", shown(&child.user));
            found.error(child.line, what, "expected: a user of this machine");
        }
        let program = around.programs.as_ref().and_then(|known| known.get(&child.program));
        let odd = match program {
            None | Some(Program::Runs) => continue,
            Some(Program::Missing) => "no such program",
            Some(Program::NotExecutable) => "it is no program that can be run",
        };
        let what = format!("`{word}` {}: {odd}", shown(&child.program));
        found.error(child.line, what, "expected: the full path of a program of this machine");
    }
    let pings = !conf.lines().iter().any(|line| line.directive.starts_with("ping"));
    let ipfail = settings.children.iter().find(|child| child.program.ends_with("/ipfail"));
    if let Some(child) = ipfail.filter(|_| pings) {
        let what = "ipfail without a ping node has nothing to compare";
        found.warning(child.line, what, "expected: a line with ping or ping_group");
    }
    if let Some(child) = ipfail.filter(|_| is_legacy(conf, settings)) {
        let what = "ipfail does not work with auto_failback legacy";
        found.error(child.line, what, "say `auto_failback on` or `off`");
    }
}

/// With the log daemon the other words about logs mean nothing.
fn logs(conf: &HaCf, found: &mut Findings) {
    let daemon = conf.all("use_logd").last().and_then(|line| line.words().last().copied());
    if daemon.and_then(truth) != Some(true) {
        return;
    }
    for name in ["logfile", "debugfile", "logfacility"] {
        if let at @ 1.. = line(conf, name) {
            let what = format!("`{name}` means nothing with `use_logd yes`");
            found.warning(at, what, "say it in /etc/logd.cf");
        }
    }
}

fn manager(conf: &HaCf, settings: &Settings, around: &Surroundings, found: &mut Findings) {
    if settings.autojoin && !settings.crm.is_on() {
        let what = "autojoin with haresources: who may join must be known";
        found.error(line(conf, "autojoin"), what, "say `autojoin none`, or `crm on`");
    }
    if settings.crm.is_on() && around.has_resources {
        let at = line(conf, "crm").max(line(conf, "pacemaker"));
        let word = if line(conf, "crm") > 0 { "crm" } else { "pacemaker" };
        found.warning(at, "File haresources exists.", "move it away when it is converted");
        let what = format!("This file is not used because {word} is enabled");
        found.warning(
            at,
            what,
            "`quorate import heartbeat --resources` turns it into configuration",
        );
    }
    if settings.crm == Crm::Off && settings.nodes.len() > 2 && around.has_resources {
        let what = format!("haresources is for two nodes; there are {}", settings.nodes.len());
        found.warning(line(conf, "node"), what, "the others only watch");
    }
}
