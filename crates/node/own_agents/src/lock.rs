//! A lock on a shared file that is held exactly as long as a process lives, and a ledger that
//! proves that it was never held twice.
//!
//! Whoever gets the lock writes a line to the ledger while holding it, and so does who lets go in
//! order. A killed holder lets go without a line; the next one then looks whether that process is
//! really dead, and writes `lost`, or, if it is alive, `violation`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use process::Identity;
use rustix::fs::{FlockOperation, flock};
use tokio::signal::unix::{SignalKind, signal};

use crate::ocf::{self, Code, Failure, failed};
use crate::service::Service;

pub(crate) fn main(action: &str) -> ExitCode {
    let service = Service::new("lock");
    ocf::answer(match action {
        "start" => service.start(),
        "stop" => service.stop(),
        "monitor" if service.process().is_some() => Ok(Code::Ok),
        "monitor" => Ok(Code::NotRunning),
        "validate-all" => ocf::required("file").map(|_| Code::Ok),
        "serve" => hold(&service),
        _ => Ok(Code::Unimplemented),
    })
}

/// What a ledger says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerSummary {
    /// How often the lock was taken.
    pub acquired: u64,
    /// How often it was let go in order.
    pub released: u64,
    /// How often its holder died.
    pub lost: u64,
    /// Starts that found the lock held: the cluster wanted two copies at once.
    pub refused: u64,
    /// Lines that show two holders at once; empty if all was well.
    pub violations: Vec<String>,
}

/// Reads the ledger of the lock `file`, and proves from its order that no two held it at once.
///
/// # Errors
/// When the ledger cannot be read.
pub fn check_ledger(file: &Path) -> io::Result<LedgerSummary> {
    Ok(summary(&fs::read_to_string(ledger_of(file))?))
}

fn summary(text: &str) -> LedgerSummary {
    let mut sum = LedgerSummary::default();
    let mut holder: Option<&str> = None;
    for line in text.lines() {
        let mut words = line.splitn(3, ' ');
        let (_, what, who) = (words.next(), words.next().unwrap_or(""), words.next().unwrap_or(""));
        let is_in_order = match what {
            "acquire" => {
                sum.acquired += 1;
                holder.replace(who).is_none()
            }
            "release" => {
                sum.released += 1;
                holder.take() == Some(who)
            }
            "lost" => {
                sum.lost += 1;
                holder.take() == Some(who)
            }
            "busy" => {
                sum.refused += 1;
                true
            }
            _ => false,
        };
        if !is_in_order {
            sum.violations.push(line.to_owned());
        }
    }
    sum
}

#[expect(clippy::print_stdout, reason = "a check is run by people, too")]
pub(crate) fn check_main(file: &str) -> ExitCode {
    match check_ledger(Path::new(file)) {
        Ok(sum) => {
            println!(
                "acquired {}, released {}, lost with the holder {}, refused {}, violations {}",
                sum.acquired,
                sum.released,
                sum.lost,
                sum.refused,
                sum.violations.len()
            );
            sum.violations.iter().for_each(|line| println!("{line}"));
            if sum.violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("the ledger of {file} cannot be read: {error}");
            ExitCode::from(2)
        }
    }
}

fn hold(service: &Service) -> Result<Code, Failure> {
    let path = PathBuf::from(ocf::required("file")?);
    let cannot = |error: io::Error| failed(format!("cannot lock {}: {error}", path.display()));
    let file = OpenOptions::new().create(true).append(true).open(&path).map_err(cannot)?;
    let mut ledger = Ledger::open(&path).map_err(cannot)?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => {
            ledger.write("busy", &own_name()).map_err(cannot)?;
            return Err(failed(format!("{} is locked by another process", path.display())));
        }
        Err(error) => return Err(cannot(error.into())),
    }
    if !is_at(&file, &path) {
        ledger.write("violation", "the locked file was replaced").map_err(cannot)?;
        return Err(failed(format!("{} was replaced while it was being locked", path.display())));
    }
    ledger.close_previous(&path).map_err(cannot)?;
    ledger.write("acquire", &own_name()).map_err(cannot)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(cannot)?.block_on(async {
        let mut end = signal(SignalKind::terminate()).map_err(cannot)?;
        service.become_ready().map_err(cannot)?;
        end.recv().await;
        ledger.write("release", &own_name()).map_err(cannot)
    })?;
    Ok(Code::Ok)
}

/// Whether the file at `path` is the open one: a lock on a deleted file keeps nobody out.
fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), path.metadata()) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

struct Ledger {
    file: File,
}

impl Ledger {
    fn open(lock: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(ledger_of(lock))?;
        Ok(Self { file })
    }

    /// One line is one write, so lines of several processes never mix.
    fn write(&mut self, what: &str, who: &str) -> io::Result<()> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.file.write_all(format!("{now} {what} {who}\n").as_bytes())
    }

    /// With the lock in hand: accounts for a holder that did not let go in order.
    fn close_previous(&mut self, lock: &Path) -> io::Result<()> {
        let text = fs::read_to_string(ledger_of(lock))?;
        let last = text
            .lines()
            .rev()
            .filter_map(|line| line.split_once(' ').map(|(_, rest)| rest))
            .find(|rest| !rest.starts_with("busy "));
        let Some(who) = last.and_then(|rest| rest.strip_prefix("acquire ")) else { return Ok(()) };
        self.write(if is_alive(who) { "violation" } else { "lost" }, who)
    }
}

fn ledger_of(lock: &Path) -> PathBuf {
    let mut name = lock.as_os_str().to_owned();
    name.push(".ledger");
    PathBuf::from(name)
}

/// A node, a process, and whose process numbers these are.
fn own_name() -> String {
    format!("{} {} {}", ocf::node(), Identity::own(), numbering())
}

/// Which process numbers are seen from here. Those of another machine, or of another namespace on this
/// one, mean nothing here, and may be equal to some that do.
fn numbering() -> String {
    let namespace = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    format!("{}@{}", namespace.display(), boot.trim())
}

/// Whether a holder lives though its lock is free. Of one whose processes are not seen from here that
/// the lock is free is all that can be known.
fn is_alive(who: &str) -> bool {
    let words: Vec<&str> = who.split(' ').collect();
    let [_node, process, started, numbers] = words.as_slice() else { return true };
    let identity = format!("{process} {started}").parse();
    *numbers == numbering() && identity.is_ok_and(Identity::is_alive)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordered_ledger_is_clean() {
        let sum = summary(
            "1 acquire n1 10 5\n2 busy n2 11 6\n3 release n1 10 5\n4 acquire n2 12 7\n\
             5 lost n2 12 7\n6 acquire n1 13 8\n",
        );
        assert_eq!((sum.acquired, sum.released, sum.lost, sum.refused), (3, 1, 1, 1));
        assert_eq!(sum.violations, Vec::<String>::new());
    }

    #[test]
    fn only_processes_that_are_seen_from_here_are_looked_for() {
        assert!(is_alive(&own_name()));
        let elsewhere = format!("n2 {} pid:[1]@another", Identity::own());
        assert!(!is_alive(&elsewhere), "its number says nothing here");
        assert!(!is_alive(&format!("n2 1 99 {}", numbering())), "not the process that it was");
        assert!(is_alive("nonsense"), "what cannot be read is not taken for well");
    }

    #[test]
    fn two_holders_show() {
        let sum = summary("1 acquire n1 10 5\n2 acquire n2 11 6\n");
        assert_eq!(sum.violations, ["2 acquire n2 11 6"]);
        let sum = summary("1 acquire n1 10 5\n2 violation n1 10 5\n2 acquire n2 11 6\n");
        assert_eq!(sum.violations.len(), 2);
        assert_eq!(summary("1 release n1 1 1\ngarbage\n").violations.len(), 2);
    }
}
