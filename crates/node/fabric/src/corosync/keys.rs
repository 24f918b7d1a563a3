//! Following a key of Corosync's map, through Corosync's lives.
//!
//! Field word: *cmap*, `cmap_track_add`.

use std::io;
use std::time::Duration;

use rust_corosync::cmap::{self, Map, NotifyCallback, TrackType};
use rust_corosync::{CsError, DispatchFlags};
use tokio::sync::mpsc::UnboundedReceiver;

/// Wait until a Corosync that was lost is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// Calls `heard` on a thread of its own: for each Corosync that is found, and then each time that the key is another.
/// Until that answers that nobody listens.
pub(super) fn follow(
    key: &'static str,
    mut heard: impl FnMut(&cmap::Handle) -> bool + Send + 'static,
) -> io::Result<()> {
    std::thread::Builder::new().name("corosync".to_owned()).spawn(move || {
        while let Err(_lost) = listen(key, &mut heard) {
            std::thread::sleep(RETRY);
        }
    })?;
    Ok(())
}

/// Fails when Corosync ends.
fn listen(key: &str, heard: &mut impl FnMut(&cmap::Handle) -> bool) -> Result<(), CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    // What is called back with is no news: the value is asked for.
    let nothing = NotifyCallback { notify_fn: None };
    let changes = TrackType::ADD | TrackType::MODIFY | TrackType::DELETE;
    cmap::track_add(&map, key, changes, &nothing, 0)?;
    while heard(&map) {
        cmap::dispatch(&map, DispatchFlags::One)?;
    }
    Ok(())
}

/// Ready when something was told since this was last ready. May be dropped before it is ready without losing one.
pub(super) async fn told(by: &mut UnboundedReceiver<()>) {
    if by.recv().await.is_none() {
        std::future::pending::<()>().await;
    }
    while by.try_recv().is_ok() {}
}
