//! Each line against the table: has it the values that its directive takes?

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use view::words::nearest;

use super::{Findings, expected, shown};
use crate::table::{Directive, Takes};
use crate::text::{Line, microseconds, truth};

pub(super) fn check(line: &Line, known: &Directive, found: &mut Findings) {
    let words = line.words();
    if words.is_empty() {
        let what = format!("`{}` has no value", known.name);
        return found.error(line.number, what, &expected(known));
    }
    match known.takes {
        Takes::Many | Takes::Multicast | Takes::Unicast | Takes::PingGroup => {
            shaped(line, known, &words, found);
        }
        Takes::Device | Takes::HostsDevice | Takes::Child | Takes::Client => {
            whole_line(line, known, found);
        }
        Takes::Time
        | Takes::Number { .. }
        | Takes::Boolean
        | Takes::Word(_)
        | Takes::One
        | Takes::Variable => scalars(line, known, &words, found),
    }
    said_otherwise(line, found);
}

/// Of a directive with one value each word is one, and the last counts.
fn scalars(line: &Line, known: &Directive, words: &[&str], found: &mut Findings) {
    for word in words {
        if !is_right(known, word) {
            let what = format!("`{}` is no value of `{}`", shown(word), known.name);
            found.error(line.number, what, &hint(known, word));
        }
    }
    if words.len() > 1 && known.takes != Takes::Variable {
        let last = words.last().copied().unwrap_or_default();
        let what = format!("`{}` has {} values; `{last}` counts", known.name, words.len());
        found.warning(line.number, what, "leave one of them");
    }
}

fn is_right(known: &Directive, word: &str) -> bool {
    match known.takes {
        Takes::Time => microseconds(word).is_some_and(|time| time > 0),
        Takes::Number { min, max } => {
            word.parse::<u64>().is_ok_and(|number| (min..=max).contains(&number))
        }
        Takes::Boolean => truth(word).is_some(),
        Takes::Word(words) => words.iter().any(|of| of.eq_ignore_ascii_case(word)),
        Takes::One if known.name == "auto_failback" => {
            crate::settings::AutoFailback::parse(word).is_some()
        }
        Takes::Variable => word.split_once('=').is_some_and(|(name, _)| !name.is_empty()),
        Takes::One
        | Takes::Many
        | Takes::Multicast
        | Takes::Unicast
        | Takes::PingGroup
        | Takes::Device
        | Takes::HostsDevice
        | Takes::Child
        | Takes::Client => true,
    }
}

fn hint(known: &Directive, word: &str) -> String {
    match known.takes {
        Takes::Word(words) => match nearest(word, words.iter().copied()) {
            Some(near) if words.len() > 3 => format!("did you mean `{near}`? {}", expected(known)),
            Some(_) | None => expected(known),
        },
        Takes::One => "expected: auto_failback on, off or legacy".to_owned(),
        Takes::Time
        | Takes::Number { .. }
        | Takes::Boolean
        | Takes::Many
        | Takes::Multicast
        | Takes::Unicast
        | Takes::PingGroup
        | Takes::Device
        | Takes::HostsDevice
        | Takes::Child
        | Takes::Client
        | Takes::Variable => expected(known),
    }
}

/// Lists of words that have a shape.
fn shaped(line: &Line, known: &Directive, words: &[&str], found: &mut Findings) {
    let number = line.number;
    match (known.name, words) {
        ("mcast" | "mcast6", [_, group, port, ttl, turn]) => {
            multicast(number, known, [group, port, ttl, turn], found);
        }
        ("ucast" | "ucast6", [_, address]) => peer(number, known, address, found),
        ("mcast" | "mcast6" | "ucast" | "ucast6", _) => {
            let what = format!("`{}` with {} values", known.name, words.len());
            found.error(number, what, &expected(known));
        }
        ("ping_group", [name]) => {
            found.error(number, format!("the ping group {name} has no address"), &expected(known));
        }
        ("ping_group", [_, addresses @ ..]) => {
            addresses.iter().for_each(|address| peer(number, known, address, found));
        }
        ("ping" | "ping6", addresses) => {
            addresses.iter().for_each(|address| peer(number, known, address, found));
        }
        _ => {}
    }
}

fn multicast(
    number: u32,
    known: &Directive,
    [group, port, ttl, turn]: [&str; 4],
    found: &mut Findings,
) {
    let of_old = group.parse::<Ipv4Addr>().is_ok_and(|group| group.is_multicast());
    let of_new = group.parse::<Ipv6Addr>().is_ok_and(|group| group.is_multicast());
    match (known.name, of_old, of_new) {
        ("mcast", true, _) | ("mcast6", _, true) => {}
        ("mcast", ..) => found.error(
            number,
            format!("`{}` is no multicast group", shown(group)),
            "expected: an address from 224.0.0.0 to 239.255.255.255",
        ),
        _ => found.error(
            number,
            format!("`{}` is no IPv6 multicast group", shown(group)),
            "expected: an address that begins with ff",
        ),
    }
    let is_in = |text: &str, min: u32, max: u32| {
        text.parse::<u32>().is_ok_and(|number| (min..=max).contains(&number))
    };
    for (what, text, min, max) in
        [("port", port, 1, 65_535), ("ttl", ttl, 1, 255), ("loop", turn, 0, 1)]
    {
        if !is_in(text, min, max) {
            let odd = format!("`{}` is no {what} for `{}`", shown(text), known.name);
            found.error(number, odd, &format!("expected: {min} to {max}"));
        }
    }
    if turn == "1" {
        let what = "with loop 1 a node hears its own heartbeats";
        found.warning(number, what, "it should be 0");
    }
}

/// A name is allowed; what only looks like an address is a mistake.
fn peer(number: u32, known: &Directive, address: &str, found: &mut Findings) {
    let is_new = known.name.ends_with('6');
    let fits = match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => !is_new,
        Ok(IpAddr::V6(_)) => is_new || known.name == "ping_group",
        Err(_) => {
            let only_digits = address.chars().all(|c| c.is_ascii_digit() || c == '.');
            !only_digits && address.chars().all(|c| c.is_ascii_alphanumeric() || "-._".contains(c))
        }
    };
    if !fits {
        let kind = if is_new { "an IPv6 address" } else { "an IPv4 address" };
        let what = format!("`{}` is no address for `{}`", shown(address), known.name);
        found.error(number, what, &format!("expected: {kind}"));
    }
}

fn whole_line(line: &Line, known: &Directive, found: &mut Findings) {
    let parts = line.parts();
    let number = line.number;
    match (known.takes, parts.as_slice()) {
        (Takes::Device, [_, file]) if !file.starts_with('/') => {
            found.error(number, format!("`{}` is no path", shown(file)), &expected(known));
        }
        (Takes::Child, [_, program, ..]) if !program.starts_with('/') => {
            let what = format!("`{}` is no full path of a program", shown(program));
            found.error(number, what, &expected(known));
        }
        (Takes::Client, [_, lists @ ..]) => client(number, known, lists, found),
        (Takes::Device, [_, _]) | (Takes::HostsDevice, [_, _, ..]) | (Takes::Child, [_, _, ..]) => {
        }
        _ => found.error(number, format!("`{}` is incomplete", known.name), &expected(known)),
    }
}

fn client(number: u32, known: &Directive, lists: &[&str], found: &mut Findings) {
    let is_list = |list: &&&str| {
        let names = list.strip_prefix("uid=").or_else(|| list.strip_prefix("gid="));
        names.is_some_and(|names| !names.is_empty())
    };
    if lists.is_empty() {
        let what = "`apiauth` names neither users nor groups";
        return found.error(number, what, &expected(known));
    }
    if let Some(odd) = lists.iter().find(|list| !is_list(list)) {
        let what = format!("`{}` is neither uid= nor gid=", shown(odd));
        found.error(number, what, &expected(known));
    }
}

/// Words that have newer ones.
fn said_otherwise(line: &Line, found: &mut Findings) {
    let number = line.number;
    match line.directive.as_str() {
        "udp" => found.warning(number, "`udp` is an obsolete name", "say `bcast`"),
        "nice_failback" => {
            let what = "`nice_failback` is an obsolete name, with the opposite sense";
            found.warning(number, what, "say `auto_failback off` for `nice_failback on`");
        }
        "hbaping" => found.note(number, "`hbaping` has never fully worked", ""),
        _ => {}
    }
}
