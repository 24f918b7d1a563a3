//! Decides on which network card of a node a subnet's addresses are, and whether the subnet works.
//!
//! One [`Watch`] looks after one wire: a card that has addresses and those that stand by for it. When the
//! card fails, its addresses, the node's own and those of resources, move to one that works, together;
//! when it is well again they go back, by [`Settings::auto_failback`].
//!
//! **Not here:** sockets, clocks, words of agents. The caller brings what it sees and how late it is, and
//! does what [`Effect`] says.
//!
//! **Always:** an address that was on a card of the wire is asked to be on one card, and on none is it
//! taken away before it was asked to be on another. Addresses leave a card only if it has failed, or for
//! the first of the cards. Nothing is said of the subnet that did not last for a polling interval.
//!
//! Field word: Serviceguard *network manager*, *local switch*; the standby *LAN card*.

mod address;
mod health;
mod polls;
mod settings;
mod watch;

pub use address::{Address, Card, Subnet};
pub use health::{Counters, Fault, Link};
pub use settings::{Detection, Peer, Settings};
pub use watch::{Effect, Input, Told, Watch};
