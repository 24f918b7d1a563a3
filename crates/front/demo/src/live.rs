//! The demo for people: shows what happens, and offers things to try.

use std::io::{BufRead, IsTerminal};
use std::time::Duration;

use wire::api::Event;

use crate::say;
use crate::trouble::Trouble;
use crate::world::{Message, World};

/// Shows what happens until it is ended.
pub(crate) fn show(world: &mut World<'_>) -> Result<(), Trouble> {
    intro(world);
    if std::io::stdin().is_terminal() {
        read_lines(world);
    }
    let mut served_by = None;
    // Before its first answer the service is not out, it has not begun.
    let mut answered_before = false;
    loop {
        match world.take_in(Duration::from_secs(3600)) {
            Ok(()) => {}
            Err(Trouble::Interrupted) => {
                say::line("Ending: everything is stopped and removed.");
                return Ok(());
            }
            Err(trouble) => return Err(trouble),
        }
        let options = say::options(say::now());
        while let Some(entry) = world.told.pop_front() {
            if is_of_interest(&entry.event) {
                say::line(&view::history::render(&entry, options));
            }
        }
        if world.served_by != served_by || world.has_outage() {
            served_by = world.served_by;
            tell_service(world, answered_before);
            answered_before = true;
        }
        while let Some(line) = world.line() {
            if matches!(line.trim(), "q" | "quit") {
                say::line("Ending: everything is stopped and removed.");
                return Ok(());
            }
            obey(world, line.trim())?;
        }
    }
}

fn intro(world: &World<'_>) {
    let (ip, port) = world.network().service();
    let directory = world.directory().display();
    let program = std::env::current_exe().map(|path| path.display().to_string());
    let program = program.unwrap_or_else(|_| "quorate".to_owned());
    say::line(&format!("Three nodes keep a web service running: http://{ip}:{port}/"));
    if let Some(reason) = world.network().left_out() {
        say::line(&format!("  (left out: network namespaces and a real moving address; {reason})"));
    }
    let console = std::fs::read_to_string(world.directory().join("n1/web/address"));
    if let Ok(address) = console {
        say::line(&format!(
            "Its console: https://{}/ for users of this machine in the group haclient",
            address.trim()
        ));
    }
    say::line(&format!(
        "Look at it from another terminal:\n  {program} --socket {directory}/n1/api.sock status \
         --watch\n  {program} --socket {directory}/n1/api.sock why web\n  {program} --socket \
         {directory}/n1/api.sock resource move web\n  {program} --socket {directory}/n1/api.sock \
         config edit"
    ));
    help();
}

fn help() {
    say::line(
        "Type a key and Enter:\n  a  kill the node that serves (power gone, no good-bye)\n  c  kill \
         the coordinator\n  w  kill the web server's process\n  d  shut the serving node down in \
         peace\n  o  switch on what is down\n  s  show the status\n  q  end it (or Ctrl-C, Ctrl-D)\n",
    );
}

fn obey(world: &mut World<'_>, line: &str) -> Result<(), Trouble> {
    let Some(view) = world.look() else {
        say::line("No node with quorum answers now.");
        return Ok(());
    };
    let active = view.home("web").map(str::to_owned);
    match (line, active) {
        ("a", Some(node)) => {
            say::line(&format!("{node} is killed"));
            world.crash(&node);
        }
        ("w", Some(node)) => {
            say::line(&format!("the web server on {node} is killed"));
            world.kill_server(&node);
        }
        ("d", Some(node)) => world.change(wire::api::Change::Shutdown { node })?,
        ("a" | "w" | "d", None) => say::line("The service runs on no node now."),
        ("c", _) => {
            let node = view.cluster.coordinator.unwrap_or_default();
            say::line(&format!("{node} is killed"));
            world.crash(&node);
        }
        ("o", _) => {
            for node in crate::NODES {
                world.switch_on(node)?;
            }
        }
        ("s", _) => {
            say::line(&view::status::render(&view.status, say::options(say::now())));
        }
        ("", _) => {}
        (_, _) => help(),
    }
    Ok(())
}

fn read_lines(world: &World<'_>) {
    let outbox = world.outbox();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if outbox.send(Message::Line(line)).is_err() {
                return;
            }
        }
        // Ctrl-D, or the terminal is gone. If nobody listens any more, it is ended already.
        let _ended = outbox.send(Message::Stop);
    });
}

fn tell_service(world: &mut World<'_>, answered_before: bool) {
    let outage = world.take_outages().into_iter().next();
    match (world.served_by, outage) {
        (Some(node), Some(outage)) if answered_before => {
            let outage = crate::table::milliseconds(outage);
            say::line(&format!("          the service answers from {node}, after {outage}"));
        }
        (Some(node), _) => say::line(&format!("          the service answers from {node}")),
        (None, _) => say::line("          the service does not answer"),
    }
}

/// Agents' runs are many; those that went well are told by what comes of them.
fn is_of_interest(event: &Event) -> bool {
    match event {
        Event::Started { .. } => false,
        Event::Finished { action, expected, .. } => {
            !expected || !(action.contains("_monitor_") || action.contains("_notify_"))
        }
        Event::Planned { actions, .. } => !actions.is_empty(),
        Event::Membership { .. }
        | Event::Coordinator { .. }
        | Event::Changed { .. }
        | Event::Refused { .. }
        | Event::Fencing { .. }
        | Event::Fenced { .. }
        | Event::QuorumIsOthers { .. }
        | Event::MayBeOlder { .. }
        | Event::SetAside { .. }
        | Event::Idle => true,
    }
}
