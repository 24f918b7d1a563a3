//! sbd's configuration file, which is a list of a shell's assignments.

use std::time::Duration;

/// Whether a node starts that finds that it was fenced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartMode {
    #[default]
    Always,
    /// Only if nobody fenced it, or somebody cleared its slot.
    Clean,
}

/// How long a node waits before it takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delay {
    #[default]
    None,
    /// As long as who fenced it waits.
    MsgWait,
    For(Duration),
}

/// What the file says, as far as it is heeded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub devices: Vec<String>,
    /// The machine's watchdog; `None` where sbd has its default.
    pub watchdog: Option<String>,
    pub start_mode: StartMode,
    pub delay: Delay,
}

/// A line that is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Counted from 1; 0 is the file as a whole.
    pub line: usize,
    pub what: String,
}

/// Known, and of no consequence here; with the reason.
const NOT_HEEDED: &[(&str, &str)] = &[
    ("SBD_WATCHDOG_TIMEOUT", "the disks' own time holds"),
    ("SBD_TIMEOUT_ACTION", "the watchdog does what it does"),
    ("SBD_OPTS", "options of another program"),
];
/// Known, and either without meaning here or always so.
const SILENT: &[&str] = &[
    "SBD_PACEMAKER",
    "SBD_MOVE_TO_ROOT_CGROUP",
    "SBD_SYNC_RESOURCE_STARTUP",
    "SBD_SYNC_RESOURCE_STARTUP_DEFAULT",
];

impl Settings {
    /// Reads the file, with what is odd in it. Never fails: what is not understood is a finding.
    pub fn read(text: &str) -> (Self, Vec<Finding>) {
        let (mut settings, mut findings) = (Self::default(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let what = match line.strip_prefix("export ").unwrap_or(line).split_once('=') {
                Some((name, value)) => settings.take(name.trim(), unquoted(value)),
                None => Some(format!("`{line}` sets nothing")),
            };
            findings.extend(what.map(|what| Finding { line: number + 1, what }));
        }
        findings.extend(settings.as_a_whole().map(|what| Finding { line: 0, what }));
        (settings, findings)
    }

    /// Answers with what is odd.
    fn take(&mut self, name: &str, value: &str) -> Option<String> {
        match name {
            "SBD_DEVICE" => {
                let devices = value.split(';').map(str::trim).filter(|device| !device.is_empty());
                self.devices = devices.map(str::to_owned).collect();
            }
            "SBD_WATCHDOG_DEV" => {
                self.watchdog = Some(value.to_owned()).filter(|it| !it.is_empty())
            }
            "SBD_STARTMODE" => match value {
                "always" | "" => self.start_mode = StartMode::Always,
                "clean" => self.start_mode = StartMode::Clean,
                _ => {
                    // The careful one.
                    self.start_mode = StartMode::Clean;
                    return Some(format!("SBD_STARTMODE is `{value}`: taken for `clean`"));
                }
            },
            "SBD_DELAY_START" => return self.take_delay(value),
            _ => {
                if let Some((_, why)) = NOT_HEEDED.iter().find(|(known, _)| *known == name) {
                    return (!value.is_empty()).then(|| format!("{name} is not heeded: {why}"));
                }
                let is_known = SILENT.contains(&name);
                return (!is_known).then(|| format!("{name} is not known, and not heeded"));
            }
        }
        None
    }

    /// `1` means yes. Source: sbd's own file.
    fn take_delay(&mut self, value: &str) -> Option<String> {
        self.delay = match value.to_ascii_lowercase().as_str() {
            "no" | "false" | "off" | "0" | "" => Delay::None,
            "yes" | "true" | "on" | "1" => Delay::MsgWait,
            number => match number.parse() {
                Ok(seconds) => Delay::For(Duration::from_secs(seconds)),
                Err(_) => {
                    self.delay = Delay::MsgWait;
                    return Some(format!("SBD_DELAY_START is `{value}`: taken for `yes`"));
                }
            },
        };
        None
    }

    fn as_a_whole(&self) -> Option<String> {
        match self.devices.len() {
            0 => Some("SBD_DEVICE names no disk".to_owned()),
            1 | 3 => None,
            2 => Some("with two disks, both must be there; take one or three".to_owned()),
            more => Some(format!("{more} disks; sbd knows up to three")),
        }
    }
}

/// Without quotes, and without what comes after the value.
fn unquoted(value: &str) -> &str {
    let value = value.trim();
    for quote in ['"', '\''] {
        if let Some(rest) = value.strip_prefix(quote) {
            return rest.split(quote).next().unwrap_or(rest);
        }
    }
    value.split([' ', '\t', '#']).next().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_and_what_is_odd_is_named() {
        let (settings, findings) = Settings::read(
            "# by hand\nSBD_DEVICE=\"/dev/a; /dev/b;/dev/c;\"\nSBD_PACEMAKER=yes\n\
             SBD_STARTMODE=clean # careful\nSBD_DELAY_START=25\n\
             SBD_WATCHDOG_DEV='/dev/watchdog1'\nSBD_WATCHDOG_TIMEOUT=5\nSBD_OPTS=\nSBD_DEVIC=x\n\
             nonsense\n",
        );
        let wanted = Settings {
            devices: ["/dev/a", "/dev/b", "/dev/c"].map(str::to_owned).to_vec(),
            watchdog: Some("/dev/watchdog1".to_owned()),
            start_mode: StartMode::Clean,
            delay: Delay::For(Duration::from_secs(25)),
        };
        assert_eq!(settings, wanted);
        let found: Vec<String> =
            findings.iter().map(|finding| format!("{}: {}", finding.line, finding.what)).collect();
        let expected = [
            "7: SBD_WATCHDOG_TIMEOUT is not heeded: the disks' own time holds",
            "9: SBD_DEVIC is not known, and not heeded",
            "10: `nonsense` sets nothing",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn doubt_is_taken_for_the_careful_side() {
        let (settings, findings) =
            Settings::read("SBD_DEVICE=/dev/a;/dev/b\nSBD_STARTMODE=claen\nSBD_DELAY_START=soon\n");
        assert_eq!(settings.start_mode, StartMode::Clean);
        assert_eq!(settings.delay, Delay::MsgWait);
        assert_eq!(findings.len(), 3);
        assert_eq!(Settings::read("").1.len(), 1);
        for (text, wanted) in [("1", Delay::MsgWait), ("no", Delay::None), ("YES", Delay::MsgWait)]
        {
            assert_eq!(Settings::read(&format!("SBD_DELAY_START={text}")).0.delay, wanted);
        }
    }
}
