//! `quorate cluster timing`: every waiting time, and where it comes from.

use std::time::Duration;

use corosync::timing::Effective;
use corosync::{Conf, Fencing, Settings, Timing, Wish, totem};

use crate::How;
use crate::init::{derive, fencing};
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::services::Services;
use crate::trouble::Trouble;
use crate::words;

/// `quorate cluster timing`.
pub(crate) fn run(how: &How, words: &words::Timing) -> Result<(), Trouble> {
    match words.failover_time {
        Some(failover) if words.apply => apply(how, failover, fencing(&words.fencing)),
        Some(failover) => {
            let wish = Wish { failover, nodes: words.nodes, fencing: fencing(&words.fencing) };
            derived(how, &derive(wish)?);
            Ok(())
        }
        None => present(how),
    }
}

/// Makes a wish come true on every member, while they run.
fn apply(how: &How, failover: Duration, fencing: Fencing) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let services = Services::new(&own, &places, how.socket.as_deref());
    let of = |conf: &Conf| {
        let nodes = u64::try_from(Settings::of(conf).nodes.len()).unwrap_or(u64::MAX);
        // A second node may come at any time.
        derive(Wish { failover, nodes: nodes.max(2), fencing })
    };
    let conf = nodes_file::change(&services, &places, |conf| {
        let timing = of(conf)?;
        write(conf, &timing);
        conf.count_up();
        Ok(())
    })?;
    derived(how, &of(&conf)?);
    Ok(())
}

/// Puts the waiting times into a file; those that Corosync makes of them itself go.
pub(crate) fn write(conf: &mut Conf, timing: &Timing) {
    for (key, value) in totem(timing) {
        conf.set(&["totem"], key, &value.to_string());
    }
    for key in ["consensus", "token_retransmit", "hold"] {
        conf.unset(&["totem"], key);
    }
}

/// What follows from a wish.
fn derived(how: &How, timing: &Timing) {
    if how.json {
        return say::json(&serde_json::json!({
            "failover_ms": timing.failover(),
            "token": timing.token,
            "token_coefficient": timing.token_coefficient,
            "real_token": timing.real_token,
            "token_retransmits_before_loss_const": timing.token_retransmits,
            "consensus": timing.consensus,
            "join": timing.join,
            "fencing_delay_ms": timing.fencing_delay,
            "watchdog_s": timing.watchdog,
            "stonith_watchdog_timeout_s": timing.self_fencing_wait,
        }));
    }
    for line in timing.lines() {
        say::out(&line);
    }
    say::out("\nin corosync.conf, section totem:");
    for (key, value) in totem(timing) {
        say::out(&format!("    {key}: {value}"));
    }
    if timing.watchdog > 0 {
        say::out(&format!("watchdog's time-out: {} s", timing.watchdog));
    }
    for (name, value) in properties(timing) {
        say::out(&format!("cluster property {name}={value}"));
    }
}

/// What the document is to say.
pub(crate) fn properties(timing: &Timing) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    if timing.self_fencing_wait > 0 {
        found.push(("stonith-watchdog-timeout", format!("{}s", timing.self_fencing_wait)));
    }
    found
}

/// What the file here leads to.
fn present(how: &How) -> Result<(), Trouble> {
    let settings = Settings::of(&nodes_file::read(&Places::default())?);
    let Effective { real_token, consensus, retransmit } = Effective::of(&settings);
    if how.json {
        say::json(&serde_json::json!({
            "real_token": real_token, "consensus": consensus, "token_retransmit": retransmit,
        }));
        return Ok(());
    }
    let nodes = view::words::count(settings.nodes.len(), "node");
    say::out(&format!("{real_token:>7} ms  token, as it is with {nodes}"));
    say::out(&format!("{consensus:>7} ms  consensus"));
    let sum = real_token.saturating_add(consensus);
    say::out(&format!("{sum:>7} ms  from a node's death until the others know"));
    Ok(())
}
