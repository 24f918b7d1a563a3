//! Corosync's side: its memberships, and the vote of its quorum device.
//!
//! Memberships come on a connection and a thread of their own; votes go over another, and a Corosync that
//! hangs holds up who casts them, which is no harm: a vote that is not repeated ends.
//!
//! Who counts is a value in Corosync's map. While it forms a membership, and waits for the vote, Corosync answers nobody who
//! asks for that, so who votes never asks.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::mpsc::Sender;

use model::NodeId;
use rust_corosync::cmap::{self, Data, Map, NotifyCallback, TrackType};
use rust_corosync::quorum;
use rust_corosync::votequorum::{self, Callbacks, Handle, RingId};
use rust_corosync::{CsError, DispatchFlags, NodeId as CsNodeId, TrackFlags};
use tie_breaker::{COUNTED, Counted, Ring};

use crate::configuration::MODEL;

/// What is heard of Corosync.
#[derive(Debug)]
pub(crate) enum Heard {
    Membership {
        ring: Ring,
        members: BTreeSet<NodeId>,
    },
    /// Of the present members, those that were not in the membership before, or in another life.
    Joined(BTreeSet<NodeId>),
    /// The daemon has said who counts.
    Counted(Counted),
    /// The connection is lost.
    Lost,
}

const NOTHING: Callbacks = Callbacks {
    quorum_notification_fn: None,
    nodelist_notification_fn: None,
    expectedvotes_notification_fn: None,
};

type Listener = Box<dyn Fn(Heard)>;

thread_local! {
    static LISTENER: RefCell<Option<Listener>> = const { RefCell::new(None) };
}

fn tell(heard: Heard) {
    LISTENER.with_borrow(|listener| {
        if let Some(listener) = listener {
            listener(heard);
        }
    });
}

#[expect(clippy::needless_pass_by_value, reason = "the library's signature")]
fn on_nodelist(_handle: &Handle, _context: u64, ring: RingId, members: Vec<CsNodeId>) {
    let ring = Ring { node: ring.nodeid.into(), sequence: ring.seq };
    let members = members.into_iter().map(|node| NodeId(node.into())).collect();
    tell(Heard::Membership { ring, members });
}

/// Hears memberships, beginning with the present one, until Corosync is gone.
pub(crate) fn listen<T: From<Heard> + Send + 'static>(to: &Sender<T>) -> Result<(), CsError> {
    let callbacks = Callbacks { nodelist_notification_fn: Some(on_nodelist), ..NOTHING };
    let handle = votequorum::initialize(&callbacks)?;
    follow(to, move || {
        let tracked = votequorum::trackstart(&handle, 0, TrackFlags::Changes);
        while tracked.is_ok() && votequorum::dispatch(&handle, DispatchFlags::One).is_ok() {}
    });
    Ok(())
}

/// Tells on a thread of its own what is called back there, and when that has ended.
fn follow<T: From<Heard> + Send + 'static>(
    to: &Sender<T>,
    until_lost: impl FnOnce() + Send + 'static,
) {
    let to = to.clone();
    std::thread::spawn(move || {
        LISTENER.replace(Some(Box::new(move |heard| drop(to.send(heard.into())))));
        until_lost();
        tell(Heard::Lost);
    });
}

fn on_joined(
    _handle: &quorum::Handle,
    _ring: quorum::RingId,
    _members: Vec<CsNodeId>,
    joined: Vec<CsNodeId>,
    _left: Vec<CsNodeId>,
) {
    tell(Heard::Joined(joined.into_iter().map(|node| NodeId(node.into())).collect()));
}

/// Hears who joined, until Corosync is gone. That comes after the membership, and after the vote for it was cast: who
/// holds a lock on the disk that it has lost with its machine's reset has it there for longer than that.
pub(crate) fn listen_for_joined<T: From<Heard> + Send + 'static>(
    to: &Sender<T>,
) -> Result<(), CsError> {
    let model = quorum::ModelData::ModelV1(quorum::Model1Data {
        flags: quorum::Model1Flags::None,
        quorum_notification_fn: None,
        nodelist_notification_fn: Some(on_joined),
    });
    let (handle, _kind) = quorum::initialize(&model, 0)?;
    follow(to, move || {
        let tracked = quorum::trackstart(&handle, TrackFlags::Changes);
        while tracked.is_ok() && quorum::dispatch(&handle, DispatchFlags::One).is_ok() {}
    });
    Ok(())
}

/// Who counts, as the daemon says it to this Corosync.
pub(crate) struct Counts(cmap::Handle);

impl Counts {
    /// Nothing that is said from now on is missed.
    pub(crate) fn open() -> Result<Self, CsError> {
        let map = cmap::initialize(Map::Icmap)?;
        // What is called back with is no news: the value is asked for.
        let nothing = NotifyCallback { notify_fn: None };
        cmap::track_add(&map, COUNTED, TrackType::ADD | TrackType::MODIFY, &nothing, 0)?;
        Ok(Self(map))
    }

    /// What was said last.
    pub(crate) fn now(&self) -> Option<Counted> {
        let said = cmap::get(&self.0, COUNTED).ok()?;
        let counted = if let Data::String(text) = &said { text.parse().ok() } else { None };
        if counted.is_none() {
            tracing::warn!("{COUNTED} in Corosync's map does not say who counts: {said}");
        }
        counted
    }

    /// Hears what is said next, until Corosync is gone.
    pub(crate) fn listen<T: From<Heard> + Send + 'static>(self, to: &Sender<T>) {
        let to = to.clone();
        std::thread::spawn(move || {
            let mut is_heard = true;
            while is_heard && cmap::dispatch(&self.0, DispatchFlags::One).is_ok() {
                let counted = self.now().map(|counted| Heard::Counted(counted).into());
                is_heard = counted.is_none_or(|counted| to.send(counted).is_ok());
            }
        });
    }
}

/// The quorum device that this process is.
pub(crate) struct Device(Handle);

impl Device {
    pub(crate) fn register() -> Result<Self, CsError> {
        let handle = votequorum::initialize(&NOTHING)?;
        votequorum::qdevice_register(&handle, MODEL)?;
        Ok(Self(handle))
    }

    /// Casts the vote or withholds it. One for another membership than Corosync's is not taken.
    pub(crate) fn vote(&self, ring: Ring, cast: bool) -> Result<bool, CsError> {
        let ring = RingId { nodeid: CsNodeId::from(ring.node), seq: ring.sequence };
        match votequorum::qdevice_poll(&self.0, MODEL, cast, &ring) {
            Ok(()) => Ok(true),
            Err(CsError::CsErrMessageError | CsError::CsErrTryAgain) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn unregister(&self) -> Result<(), CsError> {
        votequorum::qdevice_unregister(&self.0, MODEL)
    }
}
