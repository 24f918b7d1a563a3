//! Which of the machine's units this node runs, on record, so that they can be ended in a hurry.
//!
//! A unit's processes are systemd's children and bear no mark of ours. So each start leaves a file
//! with the unit's name before it is asked for, which goes when the unit is known to be stopped. An
//! init script leaves one, too, where there is a unit of its name: distributions have theirs ask
//! systemd for that.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::time::Duration;

use agent::UnitJob;
use model::{ExecStatus, OcfCode, Outcome};
use tokio::time::timeout;

use crate::config::ExecConfig;
use crate::record::boot_id;
use crate::unit::Bus;

/// Before a job: a unit that may be about to run is on record.
pub(crate) fn begin(config: &ExecConfig, unit: &str, job: UnitJob) {
    match job {
        UnitJob::Start | UnitJob::Restart => note(config, unit),
        UnitJob::Stop
        | UnitJob::Reload
        | UnitJob::Status
        | UnitJob::Metadata
        | UnitJob::Unknown => {}
    }
}

/// After it.
pub(crate) fn ended(config: &ExecConfig, unit: &str, job: UnitJob, outcome: &Outcome) {
    if outcome.status != ExecStatus::Done {
        return;
    }
    match (job, outcome.code) {
        (UnitJob::Status, OcfCode::OK) => note(config, unit),
        (UnitJob::Stop, OcfCode::OK) | (UnitJob::Status, OcfCode::NOT_RUNNING) => {
            let _was_not_there = fs::remove_file(config.units_dir().join(unit));
        }
        (
            UnitJob::Start
            | UnitJob::Stop
            | UnitJob::Restart
            | UnitJob::Reload
            | UnitJob::Status
            | UnitJob::Metadata
            | UnitJob::Unknown,
            _,
        ) => {}
    }
}

/// A full disk costs the record, not the operation.
fn note(config: &ExecConfig, unit: &str) {
    if unit.contains('/') {
        return; // no unit is called so
    }
    let path = config.units_dir().join(unit);
    if fs::read_to_string(&path).is_ok_and(|boot| boot == boot_id()) {
        return;
    }
    let written = fs::create_dir_all(config.units_dir()).and_then(|()| fs::write(path, boot_id()));
    if let Err(error) = written {
        tracing::warn!(%error, unit, "a unit that runs is not on record");
    }
}

/// See [`Executor::end_units`](crate::Executor::end_units).
pub(crate) async fn end_all(config: &ExecConfig, patience: Duration) -> io::Result<()> {
    let units = on_record(config)?;
    if units.is_empty() {
        return Ok(());
    }
    let bus = Bus::new(config.system_bus.clone());
    let ending = async {
        let mut left = Vec::new();
        for unit in &units {
            match bus.end(unit).await {
                Ok(()) => {
                    let _was_not_there = fs::remove_file(config.units_dir().join(unit));
                }
                Err(why) => left.push(format!("{unit} ({why})")),
            }
        }
        left
    };
    match timeout(patience, ending).await {
        Ok(left) if left.is_empty() => Ok(()),
        Ok(left) => Err(io::Error::other(format!("units may run: {}", left.join(", ")))),
        Err(_elapsed) => {
            let units: Vec<String> = units.into_iter().collect();
            Err(io::Error::other(format!("units do not die: {}", units.join(", "))))
        }
    }
}

/// Of this start of the machine: what ran before died with that.
fn on_record(config: &ExecConfig) -> io::Result<BTreeSet<String>> {
    let entries = match fs::read_dir(config.units_dir()) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(error),
    };
    let mut units = BTreeSet::new();
    for entry in entries {
        let entry = entry?;
        if fs::read_to_string(entry.path())? == boot_id() {
            units.extend(entry.file_name().into_string());
        }
    }
    Ok(units)
}
