//! `cargo xtask cluster play`: walks through what an administrator does, with real services, and
//! looks at each step whether the user sees what he should.

mod moosefs;
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
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// A floating address, Apache and HAProxy on two nodes.
    Web,
    /// MooseFS's master on a shared disk; a client writes 1 GB while it fails over.
    Moosefs,
}

/// Plays it on a bed of its own.
pub(crate) fn play(root: &Path, words: &Words) -> Result<(), String> {
    let (nodes, before) = match words.name {
        Name::Web => (web::NODES, web::MACHINE),
        Name::Moosefs => (moosefs::NODES, moosefs::MACHINE),
    };
    let needed: &[(&str, &str)] = match words.name {
        Name::Web => &web::NEEDED,
        Name::Moosefs => &moosefs::NEEDED,
    };
    let missing = needed.iter().filter(|(_, file)| !Path::new(file).exists());
    let missing: Vec<&str> = missing.map(|(package, _)| *package).collect();
    if !missing.is_empty() {
        return Err(format!("these packages are needed: {}", missing.join(" ")));
    }
    let stage = Stage::set(root, nodes, before, words.program.as_deref())?;
    let done = match words.name {
        Name::Web => web::play(&stage),
        Name::Moosefs => moosefs::play(&stage),
    };
    stage.end(done)
}
