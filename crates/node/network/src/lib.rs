//! Network cards of this machine: what the kernel says of them, and what is done to their addresses.
//!
//! [`Cards`] shows links, addresses and counts as `lan` wants them, tells when something changes, and moves
//! addresses with their routes. [`announce`] tells the neighbours; [`Echo`] asks for answers.
//!
//! [`is_held`] and [`take_off`] are of one address, on whichever card it is.
//!
//! [`survey`] shows all cards, and [`wires`] which of them hear each other.
//!
//! **Not here:** any decision (`lan`), and which process does it (`own_agents`).
//!
//! **Always:** an address is taken off a card only after the kernel has it on the other one. Everything
//! happens in the namespace of the process; nothing is read from `/sys`, which may show another one's.

mod cards;
mod echo;
mod frames;
mod held;
mod netlink;
mod packet;
mod survey;

pub use cards::Cards;
pub use echo::Echo;
pub use held::{is_held, take_off};
pub use packet::{announce, provoke};
pub use survey::{Surveyed, survey, wires};
