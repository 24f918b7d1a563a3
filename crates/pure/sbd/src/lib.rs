//! Fencing by shared disks, as sbd has it: what the disks say, and what sbd's configuration says.
//!
//! Each node has a slot on one disk, or on each of three, and looks into it all the time. Whoever wants
//! a node off writes a message into its slot and waits (*msgwait*): by then the node has read it and
//! let its watchdog reset it, or has not been able to read, and done the same.
//!
//! **Not here:** disks, files, watchdogs. The caller brings sectors and text.
//!
//! **Always:** any bytes are read; what makes no sense is said so. What is written here, sbd's own
//! tools read, and the other way round.
//!
//! Field word: `sbd(8)`.

mod header;
mod settings;
mod slot;
mod watch;

pub use header::{HEADER_BYTES, Header, NoHeader};
pub use settings::{Delay, Finding, Settings, StartMode};
pub use slot::{Letter, Message, NAME_MAX, Owner, mailbox_sector, slot_sector};
pub use watch::{Times, TimesError, has_majority};
