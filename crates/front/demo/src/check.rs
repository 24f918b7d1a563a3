//! The unattended run: kill things, and see that all is as it should be.

use std::process::Command;
use std::time::{Duration, Instant};

use wire::api::Change;

use crate::say;
use crate::table::{self, Row};
use crate::trouble::Trouble;
use crate::world::{View, World};

/// Runs everything; answers whether all was as it should be.
pub(crate) fn check(world: &mut World<'_>) -> Result<bool, Trouble> {
    intro(world);
    let mut rows = Vec::new();
    let ended = steps(world, &mut rows);
    match ended {
        Ok(()) => rows.push(ledger(world)),
        Err(Trouble::Interrupted) => return Err(Trouble::Interrupted),
        // What was found so far is worth more than the reason alone.
        Err(trouble) => {
            rows.push(Row {
                what: "the run".to_owned(),
                took: None,
                outage: None,
                wrong: Some(trouble.to_string()),
            });
            rows.push(ledger(world));
            if let Some(view) = world.look() {
                let options = say::options(say::now());
                say::line(&view::status::render(&view.status, options));
            }
        }
    }
    say::line("");
    table::print(&rows);
    let good = rows.iter().all(|row| row.wrong.is_none());
    say::line(if good {
        "\nEverything was as it should be."
    } else {
        "\nNot everything was as it should be."
    });
    if !good {
        say::talk(&format!("  the daemons' logs are in {}", world.directory().display()));
    }
    Ok(good)
}

fn intro(world: &World<'_>) {
    let (ip, port) = world.network().service();
    match world.network().left_out() {
        None => say::line(&format!(
            "Three nodes, each in a network of its own; the service is at http://{ip}:{port}/."
        )),
        Some(reason) => say::line(&format!(
            "Three nodes on this machine's own network, the service at http://{ip}:{port}/.\n\
             Left out: network namespaces and a real moving address ({reason})."
        )),
    }
}

fn steps(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    started(world, rows)?;
    active_node_crashes(world, rows)?;
    process_dies(world, rows)?;
    coordinator_crashes(world, rows)?;
    node_shuts_down(world, rows)?;
    Ok(())
}

/// A step's beginning: what was told before is forgotten.
fn begin(world: &mut World<'_>, what: &str) -> Instant {
    say::line(&format!("- {what}"));
    world.told.clear();
    world.take_outages();
    Instant::now()
}

fn row(what: &str, took: Duration, world: &mut World<'_>) -> Row {
    let outage = world.take_outages().into_iter().next();
    Row { what: what.to_owned(), took: Some(took), outage, wrong: None }
}

fn started(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    let begun = begin(world, "starting everything");
    world.wait_for("everything is started", |world, view| {
        view.is_complete() && world.served_by == view.home("web")
    })?;
    let mut row = row("everything started", begun.elapsed(), world);
    // The service never answered before: that is no outage.
    row.outage = None;
    rows.push(row);
    Ok(())
}

fn active_node_crashes(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    let view = now(world)?;
    let active = home(&view)?;
    let begun = begin(world, &format!("{active}, which serves, is killed"));
    // A daemon starts faster than any machine boots: back before its resources are placed anew,
    // the node would get them again, and nothing would be seen to move.
    world.hold(&active);
    world.crash(&active);
    world.wait_for(&format!("{active} is fenced"), |world, _| world.was_fenced(&active))?;
    rows.push(Row {
        what: format!("{active} killed: proven off"),
        took: Some(begun.elapsed()),
        outage: None,
        wrong: None,
    });
    world.wait_for("the service runs on another node", |world, view| {
        view.home("web").is_some_and(|home| home != active) && world.served_by == view.home("web")
    })?;
    rows.push(row("its group runs on another node", begun.elapsed(), world));
    let heir = home(&now(world)?)?;
    world.release(&active)?;
    say::line(&format!("  {heir} serves; waiting for {active} to come back"));
    world
        .wait_for(&format!("{active} is back and everything runs"), |_, view| view.is_complete())?;
    let mut back = row(&format!("{active} is back, and nothing moved"), begun.elapsed(), world);
    let home = home(&now(world)?)?;
    if home != heir {
        back.wrong = Some(format!("the group moved from {heir} to {home}"));
    } else if back.outage.is_some() {
        back.wrong = Some("the service was interrupted".to_owned());
    }
    rows.push(back);
    Ok(())
}

fn process_dies(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    let active = home(&now(world)?)?;
    let begun = begin(world, &format!("the web server's process on {active} is killed"));
    let killed = world.kill_server(&active);
    world.wait_for("the service is interrupted and answers again", |world, view| {
        world.has_outage() && world.served_by.is_some() && view.home("web").is_some()
    })?;
    let mut recovered = row("web server killed: answers again", begun.elapsed(), world);
    if !killed {
        recovered.wrong = Some("no process of the web server was found".to_owned());
    }
    world.wait_for("everything runs", |_, view| view.is_complete())?;
    let home = home(&now(world)?)?;
    if home != active {
        recovered.wrong = Some(format!("the group moved from {active} to {home}"));
    }
    rows.push(recovered);
    world.change(Change::Cleanup { resource: Some("server".to_owned()), node: None })?;
    world.wait_for("the failure is forgotten", |_, view| {
        view.is_complete() && view.status.failures.is_empty()
    })?;
    Ok(())
}

fn coordinator_crashes(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    let view = now(world)?;
    let old = view.cluster.coordinator.clone().unwrap_or_default();
    let was = home(&view)?;
    let begun = begin(world, &format!("{old}, the coordinator, is killed"));
    world.crash(&old);
    world.wait_for("another coordinator acts", |_, view| {
        view.cluster.coordinator.as_deref().is_some_and(|new| new != old)
    })?;
    world.wait_for(&format!("{old} is fenced"), |world, _| world.was_fenced(&old))?;
    rows.push(Row {
        what: format!("coordinator {old} killed: proven off by another"),
        took: Some(begun.elapsed()),
        outage: None,
        wrong: None,
    });
    world.wait_for(&format!("{old} is back and everything runs"), |world, view| {
        view.is_complete() && world.served_by == view.home("web")
    })?;
    let mut back = row(&format!("{old} is back, everything runs"), begun.elapsed(), world);
    let home = home(&now(world)?)?;
    if was != old && home != was {
        back.wrong = Some(format!("the group moved from {was} to {home} without need"));
    }
    rows.push(back);
    Ok(())
}

fn node_shuts_down(world: &mut World<'_>, rows: &mut Vec<Row>) -> Result<(), Trouble> {
    let active = home(&now(world)?)?;
    let begun = begin(world, &format!("{active}, which serves, is shut down in peace"));
    world.change(Change::Shutdown { node: active.clone() })?;
    world.wait_for("its resources are elsewhere and it is down", |world, view| {
        !world.is_up(&active)
            && view.home("web").is_some_and(|home| home != active)
            && world.served_by == view.home("web")
    })?;
    let mut moved =
        row(&format!("{active} shut down, its group moved first"), begun.elapsed(), world);
    if world.was_fenced(&active) {
        moved.wrong = Some(format!("{active} was fenced although it left in peace"));
    }
    rows.push(moved);
    world.switch_on(&active)?;
    world.wait_for("everything runs again", |_, view| view.is_complete())?;
    Ok(())
}

/// What the lock's own ledger says: two holders at once would be the end of somebody's data.
fn ledger(world: &World<'_>) -> Row {
    let mut row = Row {
        what: "the lock was never held twice".to_owned(),
        took: None,
        outage: None,
        wrong: None,
    };
    let program = std::env::current_exe();
    let file = world.directory().join("shared/lock");
    let checked = program.and_then(|program| {
        Command::new(program).args(["agent-helper", "lock", "check"]).arg(file).output()
    });
    match checked {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            row.wrong = Some(String::from_utf8_lossy(&output.stdout).trim().replace('\n', "; "));
        }
        Err(error) => row.wrong = Some(format!("cannot check: {error}")),
    }
    row
}

fn now(world: &mut World<'_>) -> Result<View, Trouble> {
    world.wait_for("a node with quorum answers", |_, _| true)?;
    world
        .look()
        .ok_or_else(|| Trouble::NotSo { what: "a node with quorum answers".to_owned(), seconds: 0 })
}

fn home(view: &View) -> Result<String, Trouble> {
    let home = view.home("web").map(str::to_owned);
    home.ok_or_else(|| Trouble::NotSo { what: "the group runs on one node".to_owned(), seconds: 0 })
}
