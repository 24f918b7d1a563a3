//! The first sector: how large the others are, how many nodes have room, and all times.

use std::time::Duration;

const MAGIC: &[u8; 8] = b"SBD_SBD_";
/// The one version there is.
const VERSION: u8 = 2;

/// What a header needs of its sector.
pub const HEADER_BYTES: usize = 49;

/// A disk's first sector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Of the additions to version 2: from 1 on there is an identity.
    pub minor: u8,
    pub slots: u8,
    pub sector_size: u32,
    /// After so long without food the node's watchdog resets it.
    pub watchdog: Duration,
    /// Who has claimed a slot waits for so long before it looks whether another has, too.
    pub claim: Duration,
    /// How often a node looks into its slot.
    pub every: Duration,
    /// After so long a message has had its effect.
    pub msgwait: Duration,
    pub identity: Option<[u8; 16]>,
}

/// A sector that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHeader {
    #[error("the disk is shorter than a header")]
    Short,
    #[error("the disk is not initialized for sbd (`sbd -d DEVICE create` does it)")]
    NotInitialized,
    #[error("its header is of version {0}, and only {VERSION} is known")]
    Version(u8),
    #[error("its sectors are of {said} bytes by its header, and of {is} in truth")]
    SectorSize { said: u32, is: u32 },
    #[error("its header has no slots, or a time of 0")]
    Empty,
}

impl Header {
    /// Reads the first sector of a disk whose sectors have this size.
    ///
    /// # Errors
    /// When it is no header, or not this disk's.
    pub fn read(sector: &[u8], sector_size: u32) -> Result<Self, NoHeader> {
        let bytes: &[u8; HEADER_BYTES] = sector.first_chunk().ok_or(NoHeader::Short)?;
        if !bytes.starts_with(MAGIC) {
            return Err(NoHeader::NotInitialized);
        }
        let mut rest = bytes.iter().copied().skip(MAGIC.len());
        let mut byte = || rest.next().unwrap_or_default();
        let (version, slots) = (byte(), byte());
        if version != VERSION {
            return Err(NoHeader::Version(version));
        }
        // Two bytes of nothing, so that numbers begin where a machine wants them.
        let _filling = (byte(), byte());
        let mut number = || u32::from_be_bytes([byte(), byte(), byte(), byte()]);
        let said = number();
        let [watchdog, claim, every, msgwait] = [number(), number(), number(), number()];
        if said != sector_size {
            return Err(NoHeader::SectorSize { said, is: sector_size });
        }
        if slots == 0 || [watchdog, every, msgwait].contains(&0) {
            return Err(NoHeader::Empty);
        }
        let minor = byte();
        let seconds = |seconds| Duration::from_secs(u64::from(seconds));
        Ok(Self {
            minor,
            slots,
            sector_size,
            watchdog: seconds(watchdog),
            claim: seconds(claim),
            every: seconds(every),
            msgwait: seconds(msgwait),
            identity: (minor > 0).then(|| std::array::from_fn(|_| byte())),
        })
    }

    /// What `sbd dump` shows of it.
    pub fn lines(&self) -> Vec<String> {
        let Self { minor, slots, sector_size, watchdog, claim, every, msgwait, identity } = self;
        let mut lines = vec![format!("Header version     : {VERSION}.{minor}")];
        lines.extend(identity.map(|identity| format!("UUID               : {}", uuid(&identity))));
        lines.push(format!("Number of slots    : {slots}"));
        lines.push(format!("Sector size        : {sector_size}"));
        let times =
            [("watchdog", watchdog), ("allocate", claim), ("loop", every), ("msgwait", msgwait)];
        lines.extend(times.map(|(name, time)| {
            let what = format!("Timeout ({name})");
            format!("{what:<19}: {}", time.as_secs())
        }));
        lines
    }
}

fn uuid(bytes: &[u8; 16]) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().enumerate() {
        if [4, 6, 8, 10].contains(&at) {
            text.push('-');
        }
        text.push_str(&format!("{byte:02x}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As sbd 1.5.2 wrote it.
    const SECTOR: &[u8] = &[
        0x53, 0x42, 0x44, 0x5f, 0x53, 0x42, 0x44, 0x5f, 0x02, 0xff, 0, 0, 0, 0, 0x02, 0, 0, 0, 0,
        0x05, 0, 0, 0, 0x02, 0, 0, 0, 0x01, 0, 0, 0, 0x0a, 0x01, 0xf3, 0x39, 0xa2, 0x34, 0x7a,
        0x40, 0x49, 0x16, 0x91, 0x60, 0x23, 0xc6, 0x67, 0x19, 0xe0, 0xcb,
    ];

    #[test]
    fn a_header_is_read_as_sbd_shows_it() {
        let header = Header::read(SECTOR, 512).unwrap();
        let wanted = "Header version     : 2.1\n\
                      UUID               : f339a234-7a40-4916-9160-23c66719e0cb\n\
                      Number of slots    : 255\nSector size        : 512\n\
                      Timeout (watchdog) : 5\nTimeout (allocate) : 2\nTimeout (loop)     : 1\n\
                      Timeout (msgwait)  : 10";
        assert_eq!(header.lines().join("\n"), wanted);
    }

    #[test]
    fn what_is_none_is_said() {
        let changed = |at: usize, to: u8| {
            let mut sector = SECTOR.to_vec();
            sector[at] = to;
            Header::read(&sector, 512).unwrap_err()
        };
        assert_eq!(Header::read(&SECTOR[..20], 512), Err(NoHeader::Short));
        assert_eq!(Header::read(&[0; 512], 512), Err(NoHeader::NotInitialized));
        assert_eq!(changed(0, b'X'), NoHeader::NotInitialized);
        assert_eq!(changed(8, 3), NoHeader::Version(3));
        assert_eq!(changed(9, 0), NoHeader::Empty);
        assert_eq!(changed(31, 0), NoHeader::Empty);
        let other = NoHeader::SectorSize { said: 512, is: 4096 };
        assert_eq!(Header::read(SECTOR, 4096), Err(other));
    }
}
