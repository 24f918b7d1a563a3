//! When Corosync has read its file again: somebody edited it, and told Corosync so.
//!
//! Field words: *cmap* `config.reload_in_progress`, `corosync-cfgtool -R`.

use std::io;
use std::time::Duration;

use rust_corosync::cmap::{self, Data, Map, NotifyCallback, TrackType};
use rust_corosync::{CsError, DispatchFlags};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// One while Corosync reads, zero afterwards; not there before it was first told to.
/// Source: cmap_keys(7).
const IN_PROGRESS: &str = "config.reload_in_progress";

/// Wait until a Corosync that was lost is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// See the module.
#[derive(Debug)]
pub struct Reloads(UnboundedReceiver<()>);

impl Reloads {
    /// Follows Corosync on this machine, through its lives, on a thread of its own.
    ///
    /// # Errors
    /// When there is no thread to be had.
    pub fn follow() -> io::Result<Self> {
        let (tell, told) = unbounded_channel();
        std::thread::Builder::new().name("corosync".to_owned()).spawn(move || {
            while !tell.is_closed() {
                let Err(_lost) = listen(&tell);
                std::thread::sleep(RETRY);
            }
        })?;
        Ok(Self(told))
    }

    /// Ready when the file may have been read anew since this was last ready: also by a Corosync that
    /// has just started. May be dropped before it is ready without losing one.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending::<()>().await;
        }
        while self.0.try_recv().is_ok() {}
    }
}

/// Until Corosync ends.
fn listen(tell: &UnboundedSender<()>) -> Result<std::convert::Infallible, CsError> {
    let map = cmap::initialize(Map::Icmap)?;
    // What is called back with is no news: the value is asked for.
    let nothing = NotifyCallback { notify_fn: None };
    let changes = TrackType::ADD | TrackType::MODIFY;
    cmap::track_add(&map, IN_PROGRESS, changes, &nothing, 0)?;
    loop {
        if !is_reading(&map) {
            let _nobody_waits = tell.send(());
        }
        cmap::dispatch(&map, DispatchFlags::One)?;
    }
}

fn is_reading(map: &cmap::Handle) -> bool {
    matches!(cmap::get(map, IN_PROGRESS), Ok(Data::UInt8(value)) if value != 0)
}
