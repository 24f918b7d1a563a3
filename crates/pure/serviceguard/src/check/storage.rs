//! Volume groups, file systems, variables.

use super::{Findings, twice};
use crate::package::{FileSystem, Package};

pub(super) fn check(package: &Package, found: &mut Findings) {
    let groups = package.volume_groups.iter().map(|group| (group.value.as_str(), group.line));
    for (group, line, first) in twice(groups) {
        let what = format!("the volume group {group} is there twice");
        found.error(line, what, &format!("first in line {first}"));
    }
    let directories = package
        .file_systems
        .iter()
        .filter_map(|fs| fs.directory.as_ref())
        .map(|directory| (directory.value.as_str(), directory.line));
    for (directory, line, first) in twice(directories) {
        let what = format!("two file systems at {directory}");
        found.error(line, what, &format!("first in line {first}"));
    }
    for fs in &package.file_systems {
        file_system(package, fs, found);
    }
}

fn file_system(package: &Package, fs: &FileSystem, found: &mut Findings) {
    let device = &fs.device;
    if fs.directory.is_none() {
        let what = format!("{} has no fs_directory", device.value);
        found.error(device.line, what, "where is it mounted?");
    }
    let kind = fs.kind.as_ref().map(|kind| kind.value.as_str());
    match (kind, &fs.server) {
        (Some("nfs"), None) => {
            let what = format!("{} of type nfs has no fs_server", device.value);
            found.error(device.line, what, "who serves it?");
        }
        (Some("nfs"), Some(_)) => return,
        (_, Some(server)) => {
            found.error(server.line, "fs_server is for nfs", "say fs_type nfs");
        }
        (_, None) => {}
    }
    if let Some(group) = group_of(&device.value)
        && !package.volume_groups.iter().any(|known| of_group(&known.value) == group)
    {
        let what = format!("the package has no volume group {group}");
        found.error(device.line, what, &format!("say vg {group}"));
    }
}

/// `vg01` of `/dev/vg01/lvol1`; nothing for what is no logical volume.
fn group_of(device: &str) -> Option<&str> {
    let (group, volume) = device.strip_prefix("/dev/")?.split_once('/')?;
    let is_volume = !volume.contains('/') && !["mapper", "disk", "dsk", "vx"].contains(&group);
    is_volume.then_some(group)
}

/// `vg01` and `/dev/vg01` are one.
fn of_group(name: &str) -> &str {
    name.strip_prefix("/dev/").unwrap_or(name)
}
