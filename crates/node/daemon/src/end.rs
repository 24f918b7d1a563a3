//! The end of a daemon's life.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use controller::ExitReason;
use process::{Identity, NODE_MARK};
use sbd::Message;

use crate::config::Config;
use crate::perform::Performer;
use crate::reset::{self, Reset};
use crate::run::{Ended, Running};

/// The daemon could not go on.
const FAILED: u8 = 1;

/// Declared off by the others: not to be started again before that is resolved. The number is
/// Pacemaker's `CRM_EX_FATAL`, by which its daemons ask not to be respawned.
pub(crate) const FENCED: u8 = 100;

/// How long what the node runs may take to die.
const DEATH_MAX: Duration = Duration::from_secs(20);

/// Name of the file with the daemon's process in the state directory.
const PID_FILE: &str = "daemon.pid";

/// Says who the daemon is: its process number and the moment of its start.
pub(crate) fn write_pid_file(state_dir: &Path) -> io::Result<()> {
    let name = state_dir.join(PID_FILE);
    let temporary = state_dir.join(format!("{PID_FILE}.tmp"));
    std::fs::write(&temporary, format!("{}\n", Identity::own()))?;
    std::fs::rename(temporary, name)
}

/// Where the node is a process among others of its machine, its power switch is a file. Looked at
/// after the pid file was written: who turns it off looks for the pid file after that, so one of
/// the two always sees the other.
pub(crate) fn is_switched_off(state_dir: &Path) -> bool {
    std::fs::read_to_string(state_dir.join("power")).is_ok_and(|text| text.trim() == "off")
}

/// The end of a daemon that must not run.
pub(crate) fn stay_off(state_dir: &Path) -> ExitCode {
    tracing::error!("this node is fenced: its power switch is off");
    let _stale = std::fs::remove_file(state_dir.join(PID_FILE));
    ExitCode::from(FENCED)
}

/// Lets go of everything, in an order in which nothing is lost.
pub(crate) async fn end(running: Running, ended: Ended, config: &Config) -> ExitCode {
    let Running { mut performer, controller, .. } = running;
    let watchdog = performer.watchdog.take();
    let sbd = performer.sbd.take();
    match ended {
        Ended::AsDecided(ExitReason::ShutDown) => {
            leave(performer, config).await;
            if let Some(watchdog) = watchdog {
                watchdog.disarm();
            }
            if let Some(sbd) = sbd {
                sbd.release();
            }
            tracing::info!("stopped");
            ExitCode::SUCCESS
        }
        Ended::AsDecided(ExitReason::Fenced) => {
            if controller.panics_when_fenced() {
                tracing::error!("the others declared this node off, and fence-reaction is panic");
                reset::machine(config, Reset::Reboot);
            }
            tracing::error!("the others declared this node off: ending all that it runs");
            match end_all(config, &performer).await {
                // Not if something still runs: then the watchdog is what is left.
                Ok(()) => {
                    if let Some(watchdog) = watchdog {
                        watchdog.disarm();
                    }
                    if let Some(sbd) = sbd {
                        sbd.release();
                    }
                }
                Err(error) => tracing::error!(%error, "some of it still runs"),
            }
            leave(performer, config).await;
            ExitCode::from(FENCED)
        }
        Ended::ToldToDie(message) => {
            let off = message == Message::Off;
            reset::machine(config, if off { Reset::Off } else { Reset::Reboot });
            // Still here. The watchdog is not fed any more; what runs is not to wait for that.
            tracing::error!("this machine is to be off: ending all that it runs");
            if let Err(error) = end_all(config, &performer).await {
                tracing::error!(%error, "some of it still runs");
            }
            ExitCode::from(FENCED)
        }
        Ended::Broken(what) => {
            tracing::error!("{what} has ended, which it never should; ending the daemon");
            // The watchdog stays armed: what the node runs has no one to look after it.
            ExitCode::from(FAILED)
        }
    }
}

async fn leave(performer: Performer, config: &Config) {
    let Performer {
        fabric,
        executor,
        timers: _,
        disk,
        api,
        fabric_file: _,
        watchdog: _,
        sbd: _,
        meter: _,
        alerts: _,
        carriers: _,
        checkpoints: _,
    } = performer;
    drop(api);
    executor.shut_down().await;
    // Its last messages, such as the word that it leaves, are still on their way.
    fabric.close().await;
    // Waits until everything is written.
    drop(disk);
    // A stale one names a process that does not live, and harms nobody.
    let _stale = std::fs::remove_file(config.state_dir.join(PID_FILE));
}

/// Ends all that any of this node's agents started: processes, and units of systemd.
async fn end_all(config: &Config, performer: &Performer) -> io::Result<()> {
    let units = performer.executor.end_units(DEATH_MAX);
    let processes = kill_all(&config.state_dir);
    units.await.and(processes)
}

/// Kills every process that any of this node's agents started: what bears the node's mark, also
/// from an earlier life, and what this life started, also if it took the mark off.
fn kill_all(state_dir: &Path) -> io::Result<()> {
    // The executor marks with the path that has no links in it.
    let directory = std::fs::canonicalize(state_dir)?;
    let mark = directory.to_string_lossy();
    let own = std::process::id();
    process::end_now(DEATH_MAX, || {
        process::marked(&[(NODE_MARK, &mark)])
            .iter()
            .chain(&process::descendants(own))
            .map(process::Stat::identity)
            .filter(|identity| identity.pid != own)
            .collect()
    })
}
