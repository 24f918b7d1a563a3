//! `cargo xtask cluster play`: walks through what an administrator does, with real services, and
//! looks at each step whether the user sees what he should.

mod cloudera;
mod heartbeat;
mod moosefs;
mod nfs;
mod pcs_web;
mod script;
mod serviceguard;
mod stage;
mod web;

use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::ValueEnum;

use self::stage::{Begins, Scene, Stage};

/// What is played.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Words {
    /// Without a name all that can be played here, one after the other.
    #[arg(value_enum)]
    name: Option<Name>,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How much a client writes while the active node loses its power.
    #[arg(long, default_value_t = 1024)]
    megabytes: u64,
    /// From a node's death to its resources elsewhere, fence device not included.
    #[arg(long, value_name = "SECONDS", default_value_t = corosync::timing::FAILOVER_DEFAULT.as_secs_f64())]
    failover: f64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// A floating address, Apache and HAProxy on two nodes.
    Web,
    /// MooseFS's master on a shared disk; a client writes while it fails over.
    Moosefs,
    /// An NFS server on a shared disk; a client with a kernel of its own writes while it fails over.
    Nfs,
    /// A floating address and Apache on two nodes, from bare machines on, all of it with `pcs`.
    PcsWeb,
    /// An init script and an OCF agent, each on a pair behind HAProxy, with `crm`.
    Cloudera,
    /// Heartbeat's files taken over: an address, a file system and Apache, with the commands of old.
    Heartbeat,
    /// A Serviceguard cluster with a lock and two packages, from its files on, with the commands of old.
    Serviceguard,
}

impl Name {
    fn nodes(self) -> u32 {
        match self {
            Self::Web => web::NODES,
            Self::Moosefs => moosefs::NODES,
            Self::Nfs => nfs::NODES,
            Self::PcsWeb => pcs_web::NODES,
            Self::Cloudera => cloudera::NODES,
            Self::Heartbeat => heartbeat::NODES,
            Self::Serviceguard => serviceguard::NODES,
        }
    }

    /// Cards of each machine that stand by.
    fn standby_cards(self) -> u32 {
        if matches!(self, Self::Serviceguard) { serviceguard::STANDBY_CARDS } else { 0 }
    }

    /// What each machine does before it begins with the cluster.
    fn machine(self) -> String {
        match self {
            Self::Web => web::MACHINE.to_owned(),
            Self::Moosefs => moosefs::machine(),
            Self::Nfs => nfs::MACHINE.to_owned(),
            Self::PcsWeb => pcs_web::machine(),
            Self::Cloudera => cloudera::MACHINE.to_owned(),
            Self::Heartbeat => heartbeat::machine(),
            Self::Serviceguard => serviceguard::machine(),
        }
    }

    /// What is there at first; systemd where that can be in a node.
    fn begins(self) -> Begins {
        match self {
            Self::Moosefs if testbed::has_systemd() => Begins::Machines,
            Self::Moosefs | Self::Web | Self::Nfs => Begins::Cluster,
            Self::Cloudera | Self::Serviceguard => Begins::Clusters,
            Self::PcsWeb | Self::Heartbeat => Begins::Machines,
        }
    }

    /// Why it cannot be played here.
    fn hindrance(self) -> Option<String> {
        if self.begins() == Begins::Machines && !testbed::has_systemd() {
            return Some("nodes here cannot have systemd".to_owned());
        }
        let missing = self.missing();
        (!missing.is_empty()).then(|| format!("these packages are needed: {}", missing.join(" ")))
    }

    /// The packages that are needed and not there.
    fn missing(self) -> Vec<&'static str> {
        let needed: &[(&str, &str)] = match self {
            Self::Web => &web::NEEDED,
            Self::Moosefs => &moosefs::NEEDED,
            Self::Nfs => &nfs::NEEDED,
            Self::PcsWeb => &pcs_web::NEEDED,
            Self::Cloudera => &cloudera::NEEDED,
            Self::Heartbeat => &heartbeat::NEEDED,
            Self::Serviceguard => &serviceguard::NEEDED,
        };
        let missing = needed.iter().filter(|(_, file)| !Path::new(file).exists());
        missing.map(|(package, _)| *package).collect()
    }
}

/// Packages of all plays, and a file of each.
pub(crate) fn packages() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    let all = web::NEEDED.iter().chain(&moosefs::NEEDED).chain(&nfs::NEEDED);
    let all = all.chain(&pcs_web::NEEDED).chain(&cloudera::NEEDED).chain(&heartbeat::NEEDED);
    let all = all.chain(&serviceguard::NEEDED);
    // The one that is not built for every machine.
    all.filter(|(package, _)| cfg!(target_arch = "x86_64") || *package != "user-mode-linux")
}

/// The names of what can be played here, those that take longest first; says what cannot.
pub(super) fn playable() -> Vec<String> {
    let longest_first = [
        Name::PcsWeb,
        Name::Moosefs,
        Name::Serviceguard,
        Name::Cloudera,
        Name::Nfs,
        Name::Heartbeat,
        Name::Web,
    ];
    let here = longest_first.into_iter().filter(|name| match name.hindrance() {
        Some(why) => {
            println!("left out: the play {name:?}; {why}");
            false
        }
        None => true,
    });
    here.filter_map(|name| name.to_possible_value())
        .map(|name| name.get_name().to_owned())
        .collect()
}

/// Plays what is asked for.
pub(crate) fn play(root: &Path, words: &Words) -> Result<(), String> {
    let wanted = match &words.name {
        Some(name) => std::slice::from_ref(name),
        None => Name::value_variants(),
    };
    for name in wanted {
        match name.hindrance() {
            None => play_one(root, *name, words)?,
            Some(why) if words.name.is_some() => return Err(why),
            Some(why) => println!("left out: the play {name:?}; {why}"),
        }
    }
    Ok(())
}

/// Plays one on a bed of its own.
fn play_one(root: &Path, name: Name, words: &Words) -> Result<(), String> {
    let start = Instant::now();
    let scene = Scene {
        nodes: name.nodes(),
        standby_cards: name.standby_cards(),
        machine: name.machine(),
        begins: name.begins(),
    };
    let stage = Stage::set(root, scene, words)?;
    let done = match name {
        Name::Web => web::play(&stage),
        Name::Moosefs => moosefs::play(&stage),
        Name::Nfs => nfs::play(&stage),
        Name::PcsWeb => script::play(&stage, "pcs-web.txt"),
        Name::Cloudera => script::play(&stage, "cloudera-crmsh.txt"),
        Name::Heartbeat => script::play(&stage, "heartbeat-web.txt"),
        Name::Serviceguard => script::play(&stage, "serviceguard.txt"),
    };
    stage.end(done)?;
    println!("-- played {name:?} in {:.1} s", start.elapsed().as_secs_f64());
    Ok(())
}
