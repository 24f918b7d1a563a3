//! `quorate cluster timing`: every waiting time, and where it comes from.

use std::time::Duration;

use corosync::timing::Effective;
use corosync::{Conf, Fencing, Settings, Timing, Wish, totem};

use crate::How;
use crate::daemon_file::DaemonFile;
use crate::init::{derive, fencing};
use crate::nodes_file;
use crate::own::Own;
use crate::places::Places;
use crate::property;
use crate::say;
use crate::services::Services;
use crate::steps::{self, Step};
use crate::trouble::Trouble;
use crate::words;

/// `quorate cluster timing`.
pub(crate) fn run(how: &How, words: &words::Timing) -> Result<(), Trouble> {
    match words.failover_time {
        Some(failover) if words.apply => apply(how, words, failover),
        Some(failover) => {
            let wish = Wish { failover, nodes: words.nodes, fencing: fencing(&words.fencing) };
            derived(how, &derive(wish)?);
            Ok(())
        }
        None => present(how),
    }
}

/// Makes a wish come true on every member, while they run.
fn apply(how: &How, words: &words::Timing, failover: Duration) -> Result<(), Trouble> {
    let fencing = fencing(&words.fencing);
    let places = Places::default();
    let own = Own::read(&places)?;
    let services = Services::new(&own, &places, how.socket.as_deref());
    let of = |conf: &Conf| {
        let nodes = u64::try_from(Settings::of(conf).nodes.len()).unwrap_or(u64::MAX);
        // A second node may come at any time.
        derive(Wish { failover, nodes: nodes.max(2), fencing })
    };
    let edit = |conf: &mut Conf| {
        let timing = of(conf)?;
        write(conf, &timing);
        conf.count_up();
        fits_watchdog(&services, &places, conf, fencing)
    };
    if words.dry_run {
        let mut conf = nodes_file::read(&places)?;
        edit(&mut conf)?;
        let steps = [Step::file(places.nodes_file(), conf.to_string())];
        say::out("on every member:");
        steps::show(&steps, &services);
        say::out("");
        derived(how, &of(&conf)?);
        return Ok(());
    }
    let conf = nodes_file::change(&services, &places, edit)?;
    let timing = of(&conf)?;
    derived(how, &timing);
    if fencing == Fencing::Watchdog {
        let (name, value) = property(timing.self_fencing_wait);
        property::set(&services, name, &value)?;
    }
    Ok(())
}

/// Refuses times that would have the watchdogs reset healthy nodes where they are counted on.
pub(crate) fn fits_watchdog(
    services: &Services,
    places: &Places,
    conf: &Conf,
    fencing: Fencing,
) -> Result<(), Trouble> {
    let says = |xml: String| {
        let document = cib::Document::parse(&xml).ok()?;
        property::self_fencing(&document)
    };
    let is_counted_on = services.client().document().ok().and_then(|seen| says(seen.xml)).is_some();
    if !is_counted_on && fencing == Fencing::Device {
        return Ok(());
    }
    let times = Effective::of(&Settings::of(conf));
    let watchdog = DaemonFile::read(places)?.watchdog;
    let timeout = watchdog.and_then(|watchdog| watchdog.duration());
    let why = match timeout {
        None => "this machine's daemon is told no watchdog, or not its time-out".to_owned(),
        Some(timeout) => match times.too_short_to_count_on(timeout) {
            None => return Ok(()),
            Some(why) => why,
        },
    };
    Err(Trouble::refused(why).help(format!(
        "On each machine, set `timeout = {}` below `[watchdog]` in {}, and restart its daemon.",
        times.watchdog(),
        places.daemon().display()
    )))
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
            "stonith_watchdog_timeout_ms": timing.self_fencing_wait,
            "stall_ms": timing.stall,
        }));
    }
    for line in timing.lines() {
        say::out(&line);
    }
    say::out("\nin corosync.conf, section totem:");
    for (key, value) in totem(timing) {
        say::out(&format!("    {key}: {value}"));
    }
    say::out("\nin quorate.toml:");
    let stall = Duration::from_millis(timing.stall).as_secs_f64();
    say::out(&format!("    [fabric] stall = {stall}"));
    if timing.watchdog > 0 {
        say::out(&format!("    [watchdog] timeout = {}", timing.watchdog));
        let (name, value) = property(timing.self_fencing_wait);
        say::out(&format!("\ncluster property {name}={value}"));
    }
}

/// What the document is to say of how long (ms) a reset is waited for.
pub(crate) fn property(wait: u64) -> (&'static str, String) {
    ("stonith-watchdog-timeout", format!("{wait}ms"))
}

/// What the file here leads to.
fn present(how: &How) -> Result<(), Trouble> {
    let settings = Settings::of(&nodes_file::read(&Places::default())?);
    let times = Effective::of(&settings);
    let Effective { real_token, consensus, retransmit, vote } = times;
    if how.json {
        say::json(&serde_json::json!({
            "real_token": real_token, "consensus": consensus, "token_retransmit": retransmit,
            "vote": vote, "least_watchdog_s": times.watchdog(),
        }));
        return Ok(());
    }
    let nodes = view::words::count(settings.nodes.len(), "node");
    say::out(&format!("{real_token:>7} ms  token, as it is with {nodes}"));
    say::out(&format!("{consensus:>7} ms  consensus"));
    let sum = real_token.saturating_add(consensus);
    say::out(&format!("{sum:>7} ms  from a node's death until the others know"));
    if vote > 0 {
        say::out(&format!("{vote:>7} ms  until half of the nodes has the quorum device's vote"));
    }
    let least = times.watchdog();
    say::out(&format!("\nwatchdogs that are counted on: at least {least} s"));
    Ok(())
}
