//! The folder where `ip netns` keeps names, shared by all demos of this machine.
//!
//! `ip netns` mounts the folder onto itself when it is first used, and leaves it so. Here a file
//! system with a name of ours is mounted before, so that it can be told from one that was there:
//! the demo that ends last removes it.

use std::fs::{self, File};
use std::io;

use rustix::fs::FlockOperation;
use rustix::mount::{MountFlags, UnmountFlags};

use crate::trouble::Trouble;

/// Where `ip netns` keeps names.
pub(crate) const NAMESPACES: &str = "/run/netns";

/// What the file system is called when the folder was there before.
const MOUNTED: &str = "quorate-demo";
/// What it is called when the folder was made for it, too.
const MADE: &str = "quorate-demo-made";

/// The folder, in place while this lives.
#[derive(Debug)]
pub(crate) struct Folder {
    /// What is open cannot be unmounted: another demo that ends leaves it in place.
    held: Option<File>,
}

impl Folder {
    /// Takes the folder as it is, or mounts it.
    pub(crate) fn take() -> Result<Self, Trouble> {
        let failed = |source| Trouble::System { what: "mount /run/netns", source };
        let _alone = alone().map_err(failed)?;
        if !is_mounted() {
            mount().map_err(failed)?;
        }
        Ok(Self { held: Some(File::open(NAMESPACES).map_err(failed)?) })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.held = None;
        let_go();
    }
}

/// Removes the file system that a demo mounted, if nobody uses it any more.
pub(crate) fn let_go() {
    let Ok(_alone) = alone() else { return };
    let Some(name) = mounted_by_us() else { return };
    let empty = fs::read_dir(NAMESPACES).is_ok_and(|mut names| names.next().is_none());
    // While another demo holds it, the kernel refuses; then that one removes it.
    if empty && rustix::mount::unmount(NAMESPACES, UnmountFlags::empty()).is_ok() && name == MADE {
        let _ = fs::remove_dir(NAMESPACES);
    }
}

/// Keeps other demos from looking while one mounts, unmounts or chooses its network.
pub(crate) fn alone() -> io::Result<File> {
    let folder = File::open("/run")?;
    rustix::fs::flock(&folder, FlockOperation::LockExclusive)?;
    Ok(folder)
}

fn mount() -> io::Result<()> {
    let made = match fs::create_dir(NAMESPACES) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(error),
    };
    let name = if made { MADE } else { MOUNTED };
    let flags = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    let mounted = rustix::mount::mount(name, NAMESPACES, "tmpfs", flags, Some(c"mode=0755"));
    if mounted.is_err() && made {
        let _ = fs::remove_dir(NAMESPACES);
    }
    Ok(mounted?)
}

fn is_mounted() -> bool {
    mount_lines().any(|line| is_of_namespaces(&line))
}

/// What the topmost file system there is called, if a demo mounted it.
fn mounted_by_us() -> Option<&'static str> {
    let topmost = mount_lines().filter(|line| is_of_namespaces(line)).last()?;
    let (_, kind) = topmost.split_once(" - ")?;
    let source = kind.split(' ').nth(1)?;
    [MOUNTED, MADE].into_iter().find(|name| *name == source)
}

fn is_of_namespaces(line: &str) -> bool {
    line.split(' ').nth(4) == Some(NAMESPACES)
}

fn mount_lines() -> impl Iterator<Item = String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().map(str::to_owned).collect::<Vec<_>>().into_iter()
}
