//! `cargo xtask cluster play`: walks through what an administrator does, with real services, and
//! looks at each step whether the user sees what he should.

mod moosefs;
mod nfs;
mod stage;
mod web;

use std::path::{Path, PathBuf};

use self::stage::Stage;

/// What is played.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Words {
    #[arg(value_enum)]
    name: Name,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// How much a client writes while the active node loses its power.
    #[arg(long, default_value_t = 1024)]
    megabytes: u64,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// A floating address, Apache and HAProxy on two nodes.
    Web,
    /// MooseFS's master on a shared disk; a client writes while it fails over.
    Moosefs,
    /// An NFS server on a shared disk; a client with a kernel of its own writes while it fails over.
    Nfs,
}

/// Plays it on a bed of its own.
pub(crate) fn play(root: &Path, words: &Words) -> Result<(), String> {
    let (nodes, before) = match words.name {
        Name::Web => (web::NODES, web::MACHINE),
        Name::Moosefs => (moosefs::NODES, moosefs::MACHINE),
        Name::Nfs => (nfs::NODES, nfs::MACHINE),
    };
    let needed: &[(&str, &str)] = match words.name {
        Name::Web => &web::NEEDED,
        Name::Moosefs => &moosefs::NEEDED,
        Name::Nfs => &nfs::NEEDED,
    };
    let missing = needed.iter().filter(|(_, file)| !Path::new(file).exists());
    let missing: Vec<&str> = missing.map(|(package, _)| *package).collect();
    if !missing.is_empty() {
        return Err(format!("these packages are needed: {}", missing.join(" ")));
    }
    let program = words.program.as_deref();
    let stage = Stage::set(root, nodes, before, program, words.megabytes)?;
    let done = match words.name {
        Name::Web => web::play(&stage),
        Name::Moosefs => moosefs::play(&stage),
        Name::Nfs => nfs::play(&stage),
    };
    stage.end(done)
}
