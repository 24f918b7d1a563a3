//! The console's built files, and the status page that needs no JavaScript.
//!
//! The source is in `web/`; `cargo xtask console` builds it to `assets/`, which is committed, so
//! that building the program needs no node. [`find`] answers what a path holds, with what a server
//! must say about it; [`status_page`] writes `/status`, [`login_page`] the form before it.
//!
//! **Not here:** sockets, login, who may see what. The API serves these files.
//!
//! **Always:** no file has a script or style inside the page, or asks another host for anything:
//! [`CONTENT_POLICY`] holds for all.

mod entrance;
mod files;
mod page;

pub use entrance::{FORM_POLICY, PROOF_FIELD, login_page, logout_page};
pub use files::{CONTENT_POLICY, File, STATUS_POLICY, all, find};
pub use page::status_page;
