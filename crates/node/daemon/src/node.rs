//! The beginning of a daemon's life: everything opened in the order in which it is needed.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use api::Api;
use controller::{Controller, Identity};
use exec::{ExecConfig, Executor};
use fabric::Votes;
use fabric::embedded::{self, Member};
use model::{NodeId, NodeName};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::agent_tools;
use crate::clock::{Clock, incarnation};
use crate::config::{Config, FabricConfig};
use crate::disk::{Disk, Found};
use crate::end;
use crate::notify::Notify;
use crate::perform::Performer;
use crate::run::{self, Running};
use crate::timers::Timers;
use crate::watchdog::Watchdog;

/// The daemon could not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("cannot open the state")]
    Store(#[source] store::OpenError),
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
    #[error("cannot serve clients")]
    Api(#[source] api::ListenError),
}

/// Lives the daemon's life.
pub(crate) async fn live(config: &Config) -> Result<ExitCode, StartError> {
    // Signals come first: one that arrives while the rest starts is not lost.
    let terminate = take_signal(SignalKind::terminate())?;
    let interrupt = take_signal(SignalKind::interrupt())?;
    // The store's lock comes before everything that another daemon of this node might be using.
    let Found { disk, restored } = Disk::open(config).map_err(StartError::Store)?;
    end::write_pid_file(&config.state_dir)
        .map_err(|source| StartError::PidFile { path: config.state_dir.clone(), source })?;
    if end::is_switched_off(&config.state_dir) {
        return Ok(end::stay_off(&config.state_dir));
    }
    let exec_config = exec_config(config)?;
    let leftovers = exec::reap_previous_life(&exec_config).await.map_err(StartError::Reap)?;
    for left in leftovers {
        tracing::warn!(
            resource = %left.resource, action = left.action, pid = left.pid, ended = left.ended,
            "a former daemon left an agent running"
        );
    }
    let watchdog = config.watchdog.as_deref().map(arm).transpose()?;
    let (report, reports) = mpsc::unbounded_channel();
    let executor = Executor::new(exec_config, report);
    let api = Api::listen(&config.api_socket).map_err(StartError::Api)?;
    let fabric = join(config);
    let controller = Controller::new(identity(config), restored);
    let timers = Timers::default();
    let mut running = Running {
        controller,
        performer: Performer { fabric, executor, timers, disk, api },
        clock: Clock::start(),
        reports,
        terminate,
        interrupt,
        notify: Notify::from_environment(),
        watchdog,
    };
    running.notify.ready();
    tracing::info!(node = %config.name, id = %config.id, "started");
    let ended = run::run(&mut running).await;
    Ok(end::end(running, ended, config).await)
}

fn take_signal(kind: SignalKind) -> Result<Signal, StartError> {
    signal(kind).map_err(StartError::Signals)
}

fn arm(device: &Path) -> Result<Watchdog, StartError> {
    Watchdog::arm(device).map_err(|source| StartError::Watchdog { path: device.to_owned(), source })
}

fn identity(config: &Config) -> Identity {
    let nodes = config.nodes.iter().map(|node| (NodeId(node.id), NodeName::new(&node.name)));
    Identity {
        id: config.id,
        name: config.name.clone(),
        incarnation: incarnation(),
        nodes: nodes.collect(),
    }
}

fn join(config: &Config) -> fabric::Fabric {
    let votes = Votes::new(config.nodes.iter().map(|node| (NodeId(node.id), node.votes)));
    match &config.fabric {
        FabricConfig::Embedded { socket } => {
            tracing::info!("embedded fabric: for nodes of this one machine");
            embedded::join(Member { node: config.id, votes, socket: socket.clone() })
        }
    }
}

fn exec_config(config: &Config) -> Result<ExecConfig, StartError> {
    let (name, state_dir) = (config.name.clone(), config.state_dir.clone());
    let mut exec = ExecConfig::new(name, state_dir, config.agents.clone());
    // Nodes of the embedded fabric share their machine, and must not share what agents remember.
    exec.scratch_dir = match &config.fabric {
        FabricConfig::Embedded { .. } => Some(exec.state_dir.join("run/resource-agents")),
    };
    exec.environment.push(("QUORATE_NODE".to_owned(), config.name.as_str().to_owned()));
    agent_tools::give(&mut exec, &config.api_socket).map_err(StartError::AgentTools)?;
    Ok(exec)
}
