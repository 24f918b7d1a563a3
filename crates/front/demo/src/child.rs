//! What becomes a fabric or a daemon: dies with the demo, and lives in its node's network.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use rustix::process::Signal;
use rustix::thread::LinkNameSpaceType;

use crate::say;

/// The word after `quorate demo` that means this.
pub(crate) const WORD: &str = "--child";

/// In place of a namespace's path: none.
pub(crate) const HOST_NETWORK: &str = "-";

/// `PARENT NAMESPACE WORDS...`: becomes `quorate WORDS...`.
pub(crate) fn main(words: &[OsString]) -> ExitCode {
    let [parent, namespace, words @ ..] = words else {
        say::talk("quorate demo --child: PARENT NAMESPACE WORDS");
        return ExitCode::from(64);
    };
    match become_it(parent, namespace, words) {
        Ok(never) => match never {},
        Err(what) => {
            say::talk(&format!("quorate demo: {what}"));
            ExitCode::FAILURE
        }
    }
}

fn become_it(
    parent: &OsStr,
    namespace: &OsStr,
    words: &[OsString],
) -> Result<std::convert::Infallible, String> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .map_err(|error| format!("cannot ask to die with the demo: {error}"))?;
    // The demo may have died before that was asked.
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get().to_string());
    if now.as_deref() != parent.to_str() {
        return Err("the demo is gone already".to_owned());
    }
    if namespace != HOST_NETWORK {
        let file = File::open(namespace)
            .map_err(|error| format!("cannot open {}: {error}", namespace.display()))?;
        let network = Some(LinkNameSpaceType::Network);
        rustix::thread::move_into_link_name_space(file.as_fd(), network)
            .map_err(|error| format!("cannot enter {}: {error}", namespace.display()))?;
    }
    let program =
        std::env::current_exe().map_err(|error| format!("cannot find myself: {error}"))?;
    let error = Command::new(program).args(words).exec();
    Err(format!("cannot become the daemon: {error}"))
}
