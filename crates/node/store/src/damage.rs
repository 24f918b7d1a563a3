//! What was found broken when the state directory was opened.

use std::fmt;

/// One file that could not be believed whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Name in the state directory.
    pub file: String,
    pub kind: DamageKind,
    /// Under which name the damaged bytes are kept; `None` if keeping them failed as well.
    pub kept_as: Option<String>,
}

/// How a file was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DamageKind {
    /// The snapshot's checksum or length does not fit. The one before it is used, with everything
    /// that the journals hold since.
    Snapshot,
    /// The file does not begin as a journal must.
    Header,
    /// The file ends inside a record, as after a power cut in the middle of a write. `lost` bytes
    /// after the last good record are left out.
    Truncated { after_record: u64, lost: u64 },
    /// A record's checksum does not fit. It and the `lost` bytes from it on are left out.
    Checksum { after_record: u64, lost: u64 },
    /// A whole journal that does not continue from the last good record.
    Gap { wanted: u64, found: u64 },
    /// The system could not read the file.
    Unreadable { reason: String },
    /// Damage was found when the directory was opened earlier, and no snapshot has made it good.
    Earlier,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.kind {
            DamageKind::Snapshot => write!(
                f,
                "`{file}` does not match its checksum; the version before it and the journal are \
                 used"
            )?,
            DamageKind::Header => write!(f, "`{file}` does not begin as a journal does")?,
            DamageKind::Truncated { after_record, lost } => write!(
                f,
                "`{file}` ends inside a record: {lost} bytes after record {after_record} left out"
            )?,
            DamageKind::Checksum { after_record, lost } => {
                write!(f, "`{file}` is corrupt: {lost} bytes after record {after_record} left out")?
            }
            DamageKind::Gap { wanted, found } => write!(
                f,
                "`{file}` starts at record {found} where {wanted} is the next; it is left out"
            )?,
            DamageKind::Unreadable { reason } => write!(f, "`{file}` cannot be read ({reason})")?,
            DamageKind::Earlier => {
                return write!(f, "damage was found earlier, and nothing whole was written since");
            }
        }
        match &self.kept_as {
            Some(name) => write!(f, "; the damaged file is kept as `{name}`"),
            None => write!(f, "; the damaged bytes could not be kept"),
        }
    }
}
