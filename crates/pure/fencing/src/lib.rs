//! How a node is cut off: which devices, in which order, how often; and the proof that it worked.
//!
//! [`Fencing`] is one request on its way: [`Fencing::begin`] and [`Fencing::answered`] say what to
//! do next, until it is done or has failed. [`Confirmed`] is the only value with which a lost
//! node's resources may be released, and only this crate makes one.
//!
//! **Not here:** running agents (`node/exec`), deciding to fence (`scheduler`).
//!
//! Field words: Pacemaker *fencer*, *stonith*.

mod confirmed;
mod device;
mod levels;
mod request;

pub use confirmed::Confirmed;
pub use device::{Device, HostCheck, PORT, UNFENCING, Unfences, devices};
pub use levels::levels_for;
pub use request::{Answer, Attempt, Fencing, Next, Target};
