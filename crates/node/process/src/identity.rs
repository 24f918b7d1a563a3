//! A process that cannot be mistaken for another.

use std::fmt;
use std::str::FromStr;

use crate::scan::Stat;

/// A process: its number and the moment of its start, in clock ticks since the boot.
///
/// As text, `PID STARTED`: what pid files of daemons contain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identity {
    pub pid: u32,
    pub started: u64,
}

impl Identity {
    /// The process that has the number `pid` now.
    pub fn of(pid: u32) -> Option<Self> {
        Stat::of(pid).map(|stat| stat.identity())
    }

    /// This process.
    pub fn own() -> Self {
        let pid = std::process::id();
        // Without `/proc` nothing of this crate works; a start of 0 matches no process.
        Self::of(pid).unwrap_or(Self { pid, started: 0 })
    }

    /// Whether it still runs. A zombie does not: it holds nothing any more.
    pub fn is_alive(self) -> bool {
        Stat::of(self.pid).is_some_and(|stat| stat.started == self.started && !stat.is_zombie())
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.pid, self.started)
    }
}

impl FromStr for Identity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut words = text.split_ascii_whitespace();
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok()).ok_or(());
        let pid = u32::try_from(number()?).map_err(|_| ())?;
        Ok(Self { pid, started: number()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_reads_back() {
        let own = Identity::own();
        assert_ne!(own.started, 0);
        assert_eq!(own.to_string().parse(), Ok(own));
        assert!("12".parse::<Identity>().is_err());
        assert!("-1 4".parse::<Identity>().is_err());
    }

    #[test]
    fn a_reused_number_is_another_process() {
        let own = Identity::own();
        assert!(own.is_alive());
        assert!(!Identity { started: own.started + 1, ..own }.is_alive());
    }
}
