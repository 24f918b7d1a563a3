//! A node's two sectors: whose they are, and what was written to it.

/// How long a node's name may be.
pub const NAME_MAX: usize = 63;

/// Where the sector is that says whose slot this is.
pub fn slot_sector(slot: u8) -> u64 {
    1 + 2 * u64::from(slot)
}

/// Where the sector is that messages to this slot's owner are written to.
pub fn mailbox_sector(slot: u8) -> u64 {
    2 + 2 * u64::from(slot)
}

/// Whose slot it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Nobody,
    Node(String),
}

impl Owner {
    pub fn read(sector: &[u8]) -> Self {
        match sector.split_first() {
            None | Some((0, _)) => Self::Nobody,
            Some((_, name)) => Self::Node(text(name)),
        }
    }

    /// Whether this node has it. Names differ by more than upper and lower case.
    pub fn is(&self, node: &str) -> bool {
        match self {
            Self::Nobody => false,
            Self::Node(name) => name.eq_ignore_ascii_case(node),
        }
    }

    /// The sector that says so.
    pub fn write(&self, sector_size: usize) -> Vec<u8> {
        match self {
            Self::Nobody => vec![0; sector_size],
            Self::Node(name) => sector(1, name, sector_size),
        }
    }
}

/// What a node is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Nothing.
    Clear,
    /// Only to see whether it comes through.
    Test,
    Reset,
    Off,
    /// Stop watching, in peace.
    Exit,
    CrashDump,
    /// None that there is: perhaps half written.
    Unknown(u8),
}

impl Message {
    fn of(code: u8) -> Self {
        match code {
            0 => Self::Clear,
            1 => Self::Test,
            2 => Self::Reset,
            3 => Self::Off,
            4 => Self::Exit,
            5 => Self::CrashDump,
            code => Self::Unknown(code),
        }
    }

    fn code(self) -> u8 {
        match self {
            Self::Clear => 0,
            Self::Test => 1,
            Self::Reset => 2,
            Self::Off => 3,
            Self::Exit => 4,
            Self::CrashDump => 5,
            Self::Unknown(code) => code,
        }
    }

    /// The word that `sbd message` and `sbd list` have for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Test => "test",
            Self::Reset => "reset",
            Self::Off => "off",
            Self::Exit => "exit",
            Self::CrashDump => "crashdump",
            Self::Unknown(_) => "undefined",
        }
    }

    /// Whether who reads it must die, and who starts after it was fenced.
    pub fn is_deadly(self) -> bool {
        match self {
            Self::Reset | Self::Off | Self::CrashDump => true,
            Self::Clear | Self::Test | Self::Exit | Self::Unknown(_) => false,
        }
    }
}

/// A message and who wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub message: Message,
    pub from: String,
}

impl Letter {
    pub fn read(sector: &[u8]) -> Self {
        let (code, name) = sector.split_first().unwrap_or((&0, &[]));
        Self { message: Message::of(*code), from: text(name) }
    }

    /// The sector that says so.
    pub fn write(&self, sector_size: usize) -> Vec<u8> {
        sector(self.message.code(), &self.from, sector_size)
    }
}

fn text(bytes: &[u8]) -> String {
    let name = bytes.iter().copied().take(NAME_MAX).take_while(|byte| *byte != 0);
    String::from_utf8_lossy(&name.collect::<Vec<u8>>()).into_owned()
}

fn sector(first: u8, name: &str, sector_size: usize) -> Vec<u8> {
    let mut bytes = vec![first];
    bytes.extend(name.bytes().take(NAME_MAX));
    bytes.resize(sector_size, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn owners_and_letters_are_read_as_sbd_wrote_them() {
        let with = |text: &[u8]| {
            let mut sector = text.to_vec();
            sector.resize(512, 0);
            sector
        };
        assert_eq!(Owner::read(&with(b"")), Owner::Nobody);
        let owner = Owner::read(&with(b"\x01n1"));
        assert!(owner.is("n1") && owner.is("N1") && !owner.is("n11"));
        assert_eq!(owner.write(512), with(b"\x01n1"));
        let letter = Letter::read(&with(b"\x02vm"));
        assert_eq!(letter, Letter { message: Message::Reset, from: "vm".to_owned() });
        assert_eq!(letter.write(512), with(b"\x02vm"));
        assert_eq!((slot_sector(0), mailbox_sector(0)), (1, 2));
        assert_eq!((slot_sector(254), mailbox_sector(254)), (509, 510));
    }

    proptest! {
        #[test]
        fn any_sector_is_read_and_what_is_written_reads_back(
            sector in proptest::collection::vec(any::<u8>(), 0..600),
            code in any::<u8>(),
            name in "[a-z0-9.-]{1,80}",
        ) {
            let _any = (Owner::read(&sector), Letter::read(&sector));
            let _any = crate::Header::read(&sector, 512);
            let letter = Letter { message: Message::of(code), from: name.clone() };
            let known = name.get(..NAME_MAX.min(name.len())).unwrap().to_owned();
            let back = Letter::read(&letter.write(512));
            prop_assert_eq!(back, Letter { from: known.clone(), ..letter });
            let owner = Owner::Node(name);
            prop_assert_eq!(Owner::read(&owner.write(512)), Owner::Node(known));
        }
    }
}
