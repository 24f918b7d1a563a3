//! What goes wrong with a node, on purpose.
//!
//! **Not here:** the power switch and its moods ([`crate::Power`]), and cables ([`crate::Bed::cut`]).

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::run::run;
use crate::{Bed, Result, network};

/// Stops each system call of these for a while, from outside.
const SLOW: &str = r#"
pid=$(cut -d' ' -f1 /var/lib/quorate/daemon.pid)
strace -f -qq -o /dev/null -p "$pid" -e trace=fsync,fdatasync \
  -e "inject=fsync,fdatasync:delay_enter=$1ms" </dev/null >/dev/null 2>&1 &
"#;

impl Bed {
    /// Stops a node's processes where they are, as a hypervisor does that has no time for it.
    ///
    /// # Errors
    /// When the node is off.
    pub fn pause(&self, node: u32) -> Result<()> {
        run(self.command(node, "sh")?.args(["-c", "kill -STOP -1"])).map(drop)
    }

    /// Lets them go on.
    ///
    /// # Errors
    /// When the node is off.
    pub fn resume(&self, node: u32) -> Result<()> {
        run(self.command(node, "sh")?.args(["-c", "kill -CONT -1"])).map(drop)
    }

    /// Loses so many percent of the packets that come to a node on one link, and that it sends
    /// there. With 100 and 0 it is heard and does not hear.
    ///
    /// # Errors
    /// When the node is off.
    pub fn set_link_loss(&self, node: u32, link: u32, incoming: u32, outgoing: u32) -> Result<()> {
        let first = self.first_process(node).ok_or_else(|| format!("n{node} is off"))?;
        network::set_link_loss(first, link, incoming, outgoing)
    }

    /// Makes what a node sends and gets on a link so many milliseconds late; 0 ends it, and so does the
    /// node's power.
    ///
    /// # Errors
    /// When the node is off.
    pub fn set_delay(&self, node: u32, link: u32, milliseconds: u32) -> Result<()> {
        self.first_process(node).ok_or_else(|| format!("n{node} is off"))?;
        network::set_delay(self, node, link, milliseconds)
    }

    /// Fills a node's own disk to the last byte.
    ///
    /// # Errors
    /// When the node is off or has no disk of its own.
    pub fn fill(&self, node: u32) -> Result<()> {
        if self.plan().disk.is_none() {
            return Err("the nodes have no disks of their own: `up --disk MEGABYTES`".to_owned());
        }
        let script = "dd if=/dev/zero of=/var/lib/quorate/filler bs=4k 2>/dev/null; true";
        run(self.command(node, "sh")?.args(["-c", script])).map(drop)
    }

    /// Gives the room back.
    ///
    /// # Errors
    /// When the node is off.
    pub fn unfill(&self, node: u32) -> Result<()> {
        run(self.command(node, "rm")?.args(["-f", "/var/lib/quorate/filler"])).map(drop)
    }

    /// Makes each flush of a node's daemon to its disk take so many milliseconds longer; 0 ends it.
    ///
    /// # Errors
    /// When the node is off.
    pub fn slow_flushes(&self, node: u32, milliseconds: u32) -> Result<()> {
        let end = "kill $(pidof strace) 2>/dev/null; true";
        run(self.command(node, "sh")?.args(["-c", end]))?;
        if milliseconds == 0 {
            return Ok(());
        }
        let by = milliseconds.to_string();
        run(self.command(node, "sh")?.args(["-c", SLOW, "sh", &by])).map(drop)
    }

    /// Kills a node's daemon and writes nonsense into what it keeps: into the file that the number
    /// chooses, at a place that it chooses. Answers with the file and the place.
    ///
    /// # Errors
    /// When the node is off, or keeps nothing yet.
    pub fn corrupt(&self, node: u32, choice: u64) -> Result<String> {
        self.kill_daemon(node)?;
        let first = self.first_process(node).ok_or_else(|| format!("n{node} is off"))?;
        let kept = PathBuf::from(format!("/proc/{first}/root/var/lib/quorate/store"));
        let failed = |error| format!("{}: {error}", kept.display());
        let entries = fs::read_dir(&kept).map_err(failed)?;
        let mut files: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| full(path))
            .collect();
        files.sort();
        let count = files.len() as u64;
        let at = choice.checked_rem(count).ok_or("the node keeps nothing yet")?;
        let path = usize::try_from(at).ok().and_then(|at| files.get(at)).ok_or("no file")?;
        let file = fs::OpenOptions::new().read(true).write(true).open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let place = (choice / count).checked_rem(length).unwrap_or(0);
        let mut byte = [0];
        file.read_exact_at(&mut byte, place).map_err(failed)?;
        file.write_all_at(&byte.map(|byte| byte ^ 0x5a), place).map_err(failed)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(format!("{name}, byte {place} of {length}"))
    }

    /// Shifts the wall clock of a node's daemon by so many seconds; monotonic time goes on.
    ///
    /// # Errors
    /// When the node is off.
    pub fn shift_clock(&self, node: u32, seconds: i64) -> Result<()> {
        let script = "echo \"$1\" > /run/bed-clock";
        let by = format!("{seconds:+}");
        run(self.command(node, "sh")?.args(["-c", script, "sh", &by])).map(drop)
    }
}

/// Whether there is something in the file to be damaged: it is not empty, nor the one that is only
/// locked.
fn full(path: &Path) -> bool {
    !path.ends_with("lock") && path.metadata().is_ok_and(|about| about.is_file() && about.len() > 0)
}
