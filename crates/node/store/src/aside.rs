//! Documents that lost against the quorum's, kept for people.

use crate::disk::Disk;

/// The oldest goes when there is one more.
const KEPT_MAX: usize = 100;

/// A name that no file has; numbers count up.
pub(crate) fn free_name(disk: &dyn Disk) -> String {
    let highest = numbers(disk).into_iter().max().unwrap_or(0);
    file_name(highest + 1)
}

pub(crate) fn drop_oldest(disk: &dyn Disk) {
    let mut numbers = numbers(disk);
    numbers.sort_unstable();
    let surplus = numbers.len().saturating_sub(KEPT_MAX);
    for number in numbers.into_iter().take(surplus) {
        let _tried_again_next_time = disk.remove(&file_name(number));
    }
}

fn file_name(number: u64) -> String {
    format!("set-aside-{number:06}.xml")
}

fn numbers(disk: &dyn Disk) -> Vec<u64> {
    let number = |name: String| name.strip_prefix("set-aside-")?.strip_suffix(".xml")?.parse().ok();
    disk.list().unwrap_or_default().into_iter().filter_map(number).collect()
}
