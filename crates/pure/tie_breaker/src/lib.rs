//! Decides how a node votes for the cluster lock: a lease on a shared disk that of two halves one has.
//!
//! More than half of the votes need no lock, and the device's vote is given to them, so that an odd number of
//! nodes loses nothing by it. Of exactly half, each node casts the vote while a member of its membership
//! holds the lease; who finds it free takes it. Fewer never get it. Nobody holds the lease in peace: it is
//! taken when a cluster falls into halves, and given back once more than half, or fewer, have been
//! together for so long that no vote that was cast for it still stands.
//!
//! In a cluster of two, halves are those of all votes. In a larger one they are those of the nodes that had quorum before,
//! as the daemon remembers them and says ([`Counted`]), so that of four nodes that are lost one after the other the last
//! one goes on.
//!
//! **Not here:** what a lease is, clocks, processes. The caller looks at the disk and does what [`Effect`]
//! says, one [`Order`] at a time.
//!
//! **Always:** a vote is cast for the membership that it was decided for. At half, it is cast on a look that
//! began in that membership and is not older than [`Timing::fresh`], and the look says of the holder that
//! it is a member, alive, and in the life in which it took the lease. In doubt there is no vote.
//!
//! Field words: Serviceguard *cluster lock*, *lock LUN*; Corosync *quorum device*, *cast vote*; sanlock
//! *lockspace*, *resource*, *host id*, *generation*.

mod brain;
mod lease;
mod standing;
mod words;

pub use brain::{Counted, Effect, Input, Order, Ring, Settings, Timing, Voter};
pub use lease::{Holder, Host, HostState, Owner, Seen};
pub use standing::Standing;
pub use words::{COUNTED, Malformed, RING, RUN};
