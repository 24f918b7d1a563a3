//! The beginning of a daemon's life: everything opened in the order in which it is needed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use alert::Alerts;
use api::{Api, ApiSettings, PamSettings, Web};
use controller::{Controller, Identity};
use exec::{ExecConfig, Executor};
use fabric::embedded::{self, Member};
use model::{NodeName, QuorumBy};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::agent_tools;
use crate::carrier::Carriers;
use crate::checkpoints::{self, Checkpoints};
use crate::clock::{Clock, incarnation};
use crate::commands::FAILED;
use crate::config::{Config, FabricConfig, Logins, Roster, WatchdogConfig};
use crate::disk::{Disk, Found, chain};
use crate::end;
use crate::fabric_file::{self, FabricFileWriter};
use crate::notify::Notify;
use crate::ownership::{self, Ownership};
use crate::perform::Performer;
#[cfg(feature = "corosync")]
use crate::roster::RosterError;
use crate::run::{self, Running};
use crate::sbd_disks::{Mark, SbdDisks, SbdError};
use crate::timers::Timers;
use crate::watchdog::{Promise, Watchdog};

/// The daemon could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot open the state")]
    Store(#[source] store::OpenError),
    #[error("cannot tell whether the state is this cluster's, or keep another one's aside")]
    Ownership(#[source] io::Error),
    #[error("cannot write the daemon's number to `{path}`")]
    PidFile { path: PathBuf, source: io::Error },
    #[error("cannot end what a former daemon left running")]
    Reap(#[source] io::Error),
    #[error("cannot make the names that agents call")]
    AgentTools(#[source] io::Error),
    #[error("cannot take signals")]
    Signals(#[source] io::Error),
    #[error("cannot open the watchdog `{path}`")]
    Watchdog { path: PathBuf, source: io::Error },
    #[error("cannot heed sbd's disks")]
    Sbd(#[source] SbdError),
    #[cfg(feature = "corosync")]
    #[error("cannot tell which node this is")]
    Roster(#[source] RosterError),
    #[error("cannot serve clients")]
    Api(#[source] api::ListenError),
}

impl StartError {
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Store(_)
            | Self::Ownership(_)
            | Self::PidFile { .. }
            | Self::Reap(_)
            | Self::AgentTools(_)
            | Self::Signals(_)
            | Self::Watchdog { .. }
            | Self::Api(_) => FAILED,
            Self::Sbd(SbdError::Fenced { .. }) => end::FENCED,
            Self::Sbd(_) => FAILED,
            #[cfg(feature = "corosync")]
            Self::Roster(_) => crate::commands::CONFIG,
        }
    }
}

/// Lives the daemon's life.
pub(crate) async fn live(config: &Config) -> Result<ExitCode, StartError> {
    // Signals come first: one that arrives while the rest starts is not lost.
    let mut terminate = take_signal(SignalKind::terminate())?;
    let mut interrupt = take_signal(SignalKind::interrupt())?;
    let notify = Notify::from_environment();
    let roster = tokio::select! {
        roster = find_roster(config, &notify) => roster?,
        _ = terminate.recv() => return Ok(ExitCode::SUCCESS),
        _ = interrupt.recv() => return Ok(ExitCode::SUCCESS),
    };
    // The store's lock comes before everything that another daemon of this node might be using.
    let Found { mut disk, mut restored } = open_disk(config)?;
    end::write_pid_file(&config.state_dir)
        .map_err(|source| StartError::PidFile { path: config.state_dir.clone(), source })?;
    if end::is_switched_off(&config.state_dir) {
        return Ok(end::stay_off(&config.state_dir));
    }
    let exec_config = exec_config(config, &roster.name)?;
    let leftovers = exec::reap_previous_life(&exec_config).await.map_err(StartError::Reap)?;
    for left in leftovers {
        tracing::warn!(
            resource = %left.resource, action = left.action, pid = left.pid, ended = left.ended,
            "a former daemon left an agent running"
        );
    }
    let sbd = match &config.sbd {
        Some(file) => Some(sbd_disks(file, &roster, config).await?),
        None => None,
    };
    let watchdog = arm(config, sbd.as_ref())?;
    let (report, reports) = mpsc::unbounded_channel();
    let executor = Executor::new(exec_config, report);
    let api = Api::listen(api_settings(config)).map_err(StartError::Api)?;
    let web = serve_web(config, &api);
    #[cfg(feature = "traces")]
    trace(config, &roster, &api);
    let alerts = Alerts::new(roster.name.as_str(), config.state_dir.join("alerts"));
    let meter = api.meter();
    disk.measure_with(meter.clone());
    let fabric = join(config, &roster);
    let fabric_file = fabric_file(config);
    restored.fabric_file = fabric_file.as_deref().and_then(fabric_file::read);
    let controller = Controller::new(identity(&roster, watchdog.as_ref()), restored);
    let fabric_file = FabricFileWriter::start(fabric_file);
    let mut running = Running {
        controller,
        performer: Performer {
            fabric,
            executor,
            timers: Timers::default(),
            disk,
            api,
            fabric_file,
            watchdog,
            sbd,
            meter,
            alerts,
            carriers: Carriers::watch(&config.fabric),
            checkpoints: Checkpoints::start(pacemakers_directory(config)),
        },
        clock: Clock::start(),
        reports,
        terminate,
        interrupt,
        notify,
    };
    running.notify.ready();
    tracing::info!(node = %roster.name, id = %roster.id, "started");
    let ended = run::run(&mut running).await;
    drop(web);
    Ok(end::end(running, ended, config).await)
}

/// What cannot be served to the network is no reason not to be a node.
fn serve_web(config: &Config, api: &Api) -> Option<Web> {
    match api.serve_web(config.web.as_ref()?) {
        Ok(web) => {
            tracing::info!(address = %web.address(), "serves the network");
            Some(web)
        }
        Err(error) => {
            tracing::error!(error = chain(&error), "the network is not served");
            None
        }
    }
}

/// Nor is that nobody is told how it went.
#[cfg(feature = "traces")]
fn trace(config: &Config, roster: &Roster, api: &Api) {
    let Some(collector) = config.traces.clone() else { return };
    let settings = api::TraceSettings { node: roster.name.as_str().to_owned(), collector };
    if let Err(error) = api.trace(settings) {
        tracing::error!(%error, "failovers are not traced");
    }
}

/// Passwords are looked at by this program, in a process of its own.
fn api_settings(config: &Config) -> ApiSettings {
    let Logins { service, rules, group } = config.logins.clone();
    let program = std::env::current_exe().unwrap_or_default();
    ApiSettings {
        socket: config.api_socket.clone(),
        directory: config.state_dir.join("web"),
        pam: PamSettings { program, service, rules },
        group,
        others: config.others.clone(),
        sessions: config.sessions,
    }
}

/// Where nobody else would look, as with several nodes on one machine, nothing is kept for others.
fn pacemakers_directory(config: &Config) -> Option<&'static Path> {
    let is_usual = config.state_dir == Path::new(ownership::USUAL_STATE);
    (is_usual && fabric_file(config).is_some()).then_some(Path::new(checkpoints::DIRECTORY))
}

/// Opens what this cluster left; of one that was destroyed nothing.
fn open_disk(config: &Config) -> Result<Found, StartError> {
    let found = Disk::open(config).map_err(StartError::Store)?;
    let Some(ownership) = fabric_file(config).and_then(|file| Ownership::of(config, &file)) else {
        return Ok(found);
    };
    let found = if ownership.is_destroyed() {
        drop(found);
        ownership.set_aside().map_err(StartError::Ownership)?;
        Disk::open(config).map_err(StartError::Store)?
    } else {
        found
    };
    ownership.remember().map_err(StartError::Ownership)?;
    Ok(found)
}

fn take_signal(kind: SignalKind) -> Result<Signal, StartError> {
    signal(kind).map_err(StartError::Signals)
}

/// Beside the socket: what is there does not outlive the machine's start, or need not.
fn passing(config: &Config) -> &Path {
    config.api_socket.parent().unwrap_or(&config.state_dir)
}

/// Before the watchdog is armed: the disks say for how long, and whether at all.
async fn sbd_disks(file: &Path, roster: &Roster, config: &Config) -> Result<SbdDisks, StartError> {
    let mark = Mark::find(passing(config)).map_err(StartError::Sbd)?;
    SbdDisks::start(file, roster.name.as_str(), mark).await.map_err(StartError::Sbd)
}

fn arm(config: &Config, sbd: Option<&SbdDisks>) -> Result<Option<Watchdog>, StartError> {
    let (device, timeout) = match (&config.watchdog, sbd) {
        (None, None) => return Ok(None),
        (Some(WatchdogConfig { device, timeout }), None) => (device.as_path(), *timeout),
        (Some(WatchdogConfig { device, .. }), Some(sbd)) => (device.as_path(), Some(sbd.timeout())),
        (None, Some(sbd)) => (sbd.watchdog(), Some(sbd.timeout())),
    };
    let failed = |source| StartError::Watchdog { path: device.to_owned(), source };
    let promise = Promise::find(passing(config)).map_err(failed)?;
    let may_live = sbd.is_none_or(|sbd| !sbd.must_die());
    Watchdog::arm(device, timeout, promise, may_live).map(Some).map_err(failed)
}

/// With Corosync this may take until somebody starts that.
#[cfg_attr(
    not(feature = "corosync"),
    expect(clippy::unused_async, unused_variables, reason = "only Corosync is waited for")
)]
async fn find_roster(config: &Config, notify: &Notify) -> Result<Roster, StartError> {
    match &config.fabric {
        FabricConfig::Embedded { roster, .. } => Ok(roster.clone()),
        #[cfg(feature = "corosync")]
        FabricConfig::Corosync { name, stall: _ } => {
            crate::roster::ask_corosync(name.as_ref(), notify).await.map_err(StartError::Roster)
        }
    }
}

fn identity(roster: &Roster, watchdog: Option<&Watchdog>) -> Identity {
    let Roster { id, name, nodes, majority_only } = roster.clone();
    Identity {
        id,
        name,
        incarnation: incarnation(),
        nodes,
        watchdog: watchdog.map(Watchdog::timeout),
        promised_reset: watchdog.and_then(Watchdog::promised),
        quorum_by: if majority_only { QuorumBy::Majority } else { QuorumBy::Rule },
    }
}

fn join(config: &Config, roster: &Roster) -> fabric::Fabric {
    let node = roster.id;
    match &config.fabric {
        FabricConfig::Embedded { socket, votes, .. } => {
            tracing::info!("embedded fabric: for nodes of this one machine");
            embedded::join(Member { node, votes: votes.clone(), socket: socket.clone() })
        }
        #[cfg(feature = "corosync")]
        FabricConfig::Corosync { stall, .. } => {
            fabric::corosync::join(fabric::corosync::Member { node, stall: *stall })
        }
    }
}

/// The file that names the nodes; nodes of one machine have each a list of their own.
fn fabric_file(config: &Config) -> Option<PathBuf> {
    match &config.fabric {
        FabricConfig::Embedded { .. } => None,
        #[cfg(feature = "corosync")]
        FabricConfig::Corosync { .. } => Some(PathBuf::from(crate::config::COROSYNC_CONF)),
    }
}

fn exec_config(config: &Config, name: &NodeName) -> Result<ExecConfig, StartError> {
    let (state_dir, agents) = (config.state_dir.clone(), config.agents.clone());
    let mut exec = ExecConfig::new(name.clone(), state_dir, agents);
    // Nodes of the embedded fabric share their machine, and must not share what agents remember.
    exec.scratch_dir = match &config.fabric {
        FabricConfig::Embedded { .. } => Some(exec.state_dir.join("run/resource-agents")),
        #[cfg(feature = "corosync")]
        FabricConfig::Corosync { .. } => {
            exec.run_dir = Some(PathBuf::from(process::RUN_OF_MACHINE));
            None
        }
    };
    exec.environment.push(("QUORATE_NODE".to_owned(), name.as_str().to_owned()));
    agent_tools::give(&mut exec, &config.api_socket).map_err(StartError::AgentTools)?;
    Ok(exec)
}
