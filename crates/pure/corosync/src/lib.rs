//! What `corosync.conf` means: read, judged line by line, edited without losing a comment.
//!
//! [`Conf`] keeps every line, so that a file which is read and written is the same file.
//! [`Settings`] is what the lines add up to; [`check()`] says what is odd and where; [`Timing`]
//! derives every waiting time of a cluster from one wish, and refuses what cannot be.
//!
//! **Not here:** files, sockets, Corosync itself. The caller brings the text and puts it back.
//!
//! **Always:** any text is read; what is no directive is kept and reported. Only lines that an edit
//! names are changed.
//!
//! Field word: `corosync.conf(5)`, `votequorum(5)`, `corosync-qdevice(8)`.

mod text;

pub mod table;

mod settings;

pub mod check;

mod edit;
mod fresh;

pub mod timing;

pub use check::{Finding, Severity, check};
pub use edit::{EditError, Member};
pub use fresh::{NewCluster, fresh, totem};
pub use settings::{Device, Interface, Node, Quorum, Settings, Totem, Transport, Valued};
pub use text::{Conf, Pair, Section};
pub use timing::{Fencing, Impossible, Timing, Wish};
