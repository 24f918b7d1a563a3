//! A disk that all nodes of a storm share, by which they are fenced as sbd has it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use testbed::{Bed, Watchdog};

use super::fencing::{configure, device_of};

/// What a storm with such a disk wishes for: token and consensus must leave room below [`MSGWAIT`].
pub(super) const FAILOVER: f64 = 4.0;

/// Seconds after which a node that is not fed is reset.
const WATCHDOG: u64 = 5;
/// Seconds between two looks into a node's slot.
const LOOP: u64 = 1;
/// Seconds after which whoever wrote a message believes it: more than token, consensus and watchdog.
const MSGWAIT: u64 = 13;
/// Of two nodes that write to each other one waits for up to so many seconds: until the other has
/// read, and is dead.
const DELAY: u64 = 2 * (LOOP + WATCHDOG);

/// The fence agent, without the node's own clock: with that, a Python program cannot sleep.
const AGENT: &str = "#!/bin/sh\nunset LD_PRELOAD\nexec /usr/sbin/fence_sbd \"$@\"\n";

const NEEDED: [&str; 4] =
    ["/usr/sbin/sbd", "/usr/sbin/fence_sbd", "/usr/sbin/losetup", "/dev/loop-control"];

/// A loop device, which goes when this is dropped.
pub(super) struct Disk(String);

impl Disk {
    /// Makes the disk, with sbd's own tool.
    pub(super) fn create(bed: &Bed) -> Result<Self, String> {
        let missing: Vec<&str> =
            NEEDED.into_iter().filter(|file| !Path::new(file).exists()).collect();
        if !missing.is_empty() {
            return Err(format!("fencing by sbd's disk needs {}", missing.join(", ")));
        }
        let file = bed.root().join("shared/sbd");
        let made = fs::File::create(&file).and_then(|image| image.set_len(4 << 20));
        made.map_err(|error| format!("{}: {error}", file.display()))?;
        let disk = Self(run(Command::new("losetup").args(["-f", "--show"]).arg(&file))?);
        let times = [("-1", WATCHDOG), ("-3", LOOP), ("-4", MSGWAIT)];
        let times = times.map(|(word, seconds)| [word.to_owned(), seconds.to_string()]);
        run(Command::new("sbd").args(["-d", &disk.0]).args(times.concat()).arg("create"))?;
        let agent = bed.root().join("sbin/fence_disk");
        let failed = |error| format!("{}: {error}", agent.display());
        fs::write(&agent, AGENT).map_err(failed)?;
        fs::set_permissions(&agent, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(disk)
    }

    /// Has a node's daemon heed it, with a stand-in for the node's watchdog.
    pub(super) fn heed(&self, bed: &Bed, node: u32) -> Result<Watchdog, String> {
        let device = device_of(bed, node);
        let settings = bed.node_dir(&format!("n{node}")).join("sbd");
        let text = format!("SBD_DEVICE=\"{}\"\nSBD_WATCHDOG_DEV={}\n", self.0, device.display());
        fs::write(&settings, text).map_err(|error| format!("{}: {error}", settings.display()))?;
        configure(bed, node, &format!("[sbd]\nfile = \"{}\"\n", settings.display()))?;
        Watchdog::start(bed.root(), node, &device, Duration::from_secs(WATCHDOG))
    }

    /// The device that writes to it, as an element of `resources`.
    pub(super) fn device(&self, bed: &Bed) -> String {
        let hosts: Vec<String> = bed.plan().numbers().map(|node| format!("n{node}")).collect();
        let delay = format!("{DELAY}s");
        let mut parameters = vec![("devices", self.0.as_str())];
        if bed.plan().nodes == 2 {
            parameters.push(("pcmk_delay_max", &delay));
        }
        let hosts = hosts.join(" ");
        parameters.push(("pcmk_host_list", &hosts));
        let pair = |(name, value): (&str, &str)| {
            format!("<nvpair id=\"disk-{name}\" name=\"{name}\" value=\"{value}\"/>")
        };
        let pairs: String = parameters.into_iter().map(pair).collect();
        format!(
            "<primitive id=\"disk\" class=\"stonith\" type=\"fence_disk\"><instance_attributes \
             id=\"disk-parameters\">{pairs}</instance_attributes></primitive>"
        )
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _gone = run(Command::new("losetup").args(["-d", &self.0]));
    }
}

/// Runs it; answers with the line that it says.
fn run(command: &mut Command) -> Result<String, String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let why = String::from_utf8_lossy(&output.stderr);
    Err(format!("{command:?}: {}: {}", output.status, why.trim()))
}
