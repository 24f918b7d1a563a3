//! Resources of HP's monitors that Linux has, too. Source: the manuals *Using EMS HA Monitors* and *Using the Event
//! Monitoring Service*.
//!
//! Of `/vg` (disks), `/cluster` and the rest there is none here: what they tell apart has no counterpart, so a program
//! must say what is meant.

/// Something that this machine can say by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Native<'r> {
    /// Whether a network card is in use and works.
    LanStatus(&'r str),
    /// How many processes have waited for a processor or a disk.
    JobQueue(Minutes),
    /// How many users are logged in.
    Users,
    /// How much room a file system has (MiB), by where it is mounted.
    AvailableMb(&'r str),
}

/// What a load is the average of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Minutes {
    One,
    Five,
    Fifteen,
}

impl<'r> Native<'r> {
    /// What a resource's path stands for, if it is one of these.
    pub fn of(resource: &'r str) -> Option<Self> {
        match resource {
            "/system/jobQueue1Min" => return Some(Self::JobQueue(Minutes::One)),
            "/system/jobQueue5Min" => return Some(Self::JobQueue(Minutes::Five)),
            "/system/jobQueue15Min" => return Some(Self::JobQueue(Minutes::Fifteen)),
            "/system/numUsers" => return Some(Self::Users),
            _ => {}
        }
        if let Some(card) = resource.strip_prefix("/net/interfaces/lan/status/") {
            return (!card.is_empty() && !card.contains('/')).then_some(Self::LanStatus(card));
        }
        let place = resource.strip_prefix("/system/filesystem/availMb")?;
        (place.len() > 1 && place.starts_with('/')).then_some(Self::AvailableMb(place))
    }
}

/// A card that stands by is DOWN there, until it has taken over.
pub fn lan_status(works: bool, is_in_use: bool) -> &'static str {
    if works && is_in_use { "UP" } else { "DOWN" }
}

/// Of `/proc/loadavg`, in whole numbers as there. Source: proc(5).
pub fn job_queue(loadavg: &str, minutes: Minutes) -> Option<String> {
    let at = match minutes {
        Minutes::One => 0,
        Minutes::Five => 1,
        Minutes::Fifteen => 2,
    };
    let load: f64 = loadavg.split_whitespace().nth(at)?.parse().ok()?;
    Some(format!("{load:.0}"))
}

/// Of what `uptime` prints, which the manual names for it.
pub fn users(uptime: &str) -> Option<String> {
    let count = |part: &str| {
        let (count, what) = part.trim().split_once(' ')?;
        let is_count = matches!(what.trim(), "user" | "users") && count.parse::<u32>().is_ok();
        is_count.then(|| count.to_owned())
    };
    uptime.split(',').find_map(count)
}

/// Whether a file system is mounted there, by `/proc/self/mounts`. Source: proc(5), fstab(5).
pub fn is_mount_point(mounts: &str, place: &str) -> bool {
    // Blanks of names are written so.
    let escaped = place.replace('\\', "\\134").replace(' ', "\\040").replace('\t', "\\011");
    mounts.lines().any(|line| line.split(' ').nth(1) == Some(escaped.as_str()))
}

/// In MiB, of blocks of so many bytes that are free for users.
pub fn available_mb(blocks: u64, block_size: u64) -> String {
    (u128::from(blocks) * u128::from(block_size) / (1024 * 1024)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_known_monitors_are_understood() {
        for (resource, wanted) in [
            ("/net/interfaces/lan/status/eth0", Some(Native::LanStatus("eth0"))),
            ("/net/interfaces/lan/status/", None),
            ("/net/interfaces/lan/status/a/b", None),
            ("/system/jobQueue1Min", Some(Native::JobQueue(Minutes::One))),
            ("/system/jobQueue5Min", Some(Native::JobQueue(Minutes::Five))),
            ("/system/jobQueue15Min", Some(Native::JobQueue(Minutes::Fifteen))),
            ("/system/jobQueue", None),
            ("/system/numUsers", Some(Native::Users)),
            ("/system/filesystem/availMb/opt/shop", Some(Native::AvailableMb("/opt/shop"))),
            ("/system/filesystem/availMb/", None),
            ("/system/filesystem/availMb", None),
            ("/system/filesystem/availMbs", None),
            ("/vg/vg01/pv_summary", None),
        ] {
            assert_eq!(Native::of(resource), wanted, "{resource}");
        }
    }

    #[test]
    fn loads_are_whole_numbers() {
        let text = "0.52 3.49 12.61 3/1234 5678\n";
        let of = |minutes| job_queue(text, minutes);
        assert_eq!(of(Minutes::One).as_deref(), Some("1"));
        assert_eq!(of(Minutes::Five).as_deref(), Some("3"));
        assert_eq!(of(Minutes::Fifteen).as_deref(), Some("13"));
        assert_eq!(job_queue("", Minutes::One), None);
    }

    #[test]
    fn users_are_counted_as_uptime_does() {
        // Of procps-ng 4.0.4 and 3.3.17, and of busybox, which says none.
        for (text, wanted) in [
            (" 14:12:01 up 3 days,  4:03,  2 users,  load average: 0.52, 0.58, 0.59", Some("2")),
            (" 14:12:01 up 3 min,  1 user,  load average: 0.52, 0.58, 0.59", Some("1")),
            (" 14:12:01 up  3:01,  0 user,  load average: 0.00, 0.01, 0.05", Some("0")),
            (" 14:12:01 up 3 days,  4:03,  load average: 0.00, 0.01, 0.05", None),
        ] {
            assert_eq!(users(text).as_deref(), wanted, "{text}");
        }
    }

    #[test]
    fn only_what_is_mounted_there_counts() {
        let mounts = "/dev/sda2 / ext4 rw 0 0\n/dev/sdb1 /opt/my\\040shop xfs rw 0 0\n";
        assert!(is_mount_point(mounts, "/opt/my shop"));
        assert!(!is_mount_point(mounts, "/opt"));
        assert!(!is_mount_point(mounts, "/dev/sda2"));
        assert_eq!(available_mb(256, 4096), "1");
        assert_eq!(available_mb(u64::MAX, 4096), "72057594037927935");
    }

    #[test]
    fn a_card_that_stands_by_is_down() {
        assert_eq!(lan_status(true, true), "UP");
        assert_eq!(lan_status(true, false), "DOWN");
        assert_eq!(lan_status(false, true), "DOWN");
    }
}
