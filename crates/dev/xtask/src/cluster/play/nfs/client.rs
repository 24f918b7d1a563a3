//! The client: a machine of user-mode Linux behind the third node, since the kernel that all nodes share may
//! have no NFS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use super::super::stage::Stage;

/// So long a client may take until it has mounted what the server exports; it takes three seconds.
const BOOT: Duration = Duration::from_secs(50);

/// So often it is switched on at most.
const ON_MAX: u32 = 3;

/// The first process of the client's kernel. Its root is that of n3, and read only; what it has to say
/// stands after `client:`. As any machine does, it tries to come into the network until it is in it.
const FIRST_PROCESS: &str = r#"#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /mnt
say() { echo "client: $*"; }
modules=/run/root/lib/modules
mkdir -p $modules
ln -s "/usr/lib/uml/modules/$(uname -r)" "$modules/$(uname -r)"
modprobe -d /run/root nfsv4
ip link set lo up
network() {
  ip address replace 10.81.0.2/24 dev vec0 && ip link set vec0 up && ip route replace default via 10.81.0.1
}
until network && mount -t nfs4 -o hard,retry=0 10.77.0.100:/data /mnt; do sleep 1; done
say "Linux $(uname -r), $(grep ' /mnt nfs4' /proc/mounts)"
say "$(@SOURCE@ | dd of=/mnt/file bs=1M iflag=fullblock conv=fsync 2>&1 | tail -1)"
umount /mnt && mount -t nfs4 -o hard 10.77.0.100:/data /mnt
say "read again $(sha256sum </mnt/file)"
halt -f -d
"#;

pub(super) struct Client {
    kernel: Child,
    console: PathBuf,
}

impl Client {
    /// Switches it on: it mounts what the server exports, writes the source there slowly, and reads it again. Waits
    /// until it has mounted that.
    ///
    /// On a busy machine user-mode Linux stands still or dies now and then as it boots: its stack
    /// for signals is too small for all that come at once ("overflowed sigaltstack", says the machine's kernel). It is
    /// switched off and on then. The server has answered before, and what is played begins after.
    pub(super) fn boot(stage: &Stage, source: &Path) -> Result<Self, String> {
        let shared = stage.bed.root().join("shared");
        let (script, console) = (shared.join("client.sh"), shared.join("console"));
        let text = FIRST_PROCESS.replace("@SOURCE@", &stage.slowly(source));
        fs::write(&script, text).map_err(|error| format!("{}: {error}", script.display()))?;
        stage.run(3, &format!("chmod 755 {}", script.display()))?;
        for _time in 0..ON_MAX {
            let kernel = stage.begin(3, &kernel(&script, &console))?;
            let mut client = Self { kernel, console: console.clone() };
            if client.mounts() {
                return Ok(client);
            }
            println!("-- the client does not come up; its console:\n{}", client.console());
            stage.quietly(3, "pkill -KILL linux.uml; true")?;
            client.kernel.wait().map_err(|error| error.to_string())?;
        }
        Err(format!("the client has not mounted anything, and was switched on {ON_MAX} times"))
    }

    /// Whether it does so in time.
    fn mounts(&mut self) -> bool {
        let begun = Instant::now();
        while self.runs() && begun.elapsed() < BOOT {
            if self.console().contains("client: Linux") {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }

    pub(super) fn runs(&mut self) -> bool {
        self.kernel.try_wait().is_ok_and(|ended| ended.is_none())
    }

    /// Waits for its end; what it had to say, by lines.
    pub(super) fn ended(&mut self) -> Result<Vec<String>, String> {
        self.kernel.wait().map_err(|error| error.to_string())?;
        let console = self.console();
        let said = console.lines().filter_map(|line| line.split_once("client: "));
        Ok(said.map(|(_, said)| said.to_owned()).collect())
    }

    /// All that its kernel and it have printed.
    pub(super) fn console(&self) -> String {
        let bytes = fs::read(&self.console).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Words for a shell that switch it on. It has less memory than the file has bytes, so that the file must be
/// sent while it is written.
fn kernel(script: &Path, console: &Path) -> String {
    format!(
        "exec timeout -s KILL 900 linux.uml mem=128M root=/dev/root rootfstype=hostfs rootflags=/ ro \
         uml_dir=/run vec0:transport=tap,ifname=tap0,depth=64 init={} con=null con0=null,fd:1 </dev/null >{} 2>&1",
        script.display(),
        console.display()
    )
}
