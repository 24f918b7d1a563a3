//! Ctrl-C and its like end the demo, in order.

use std::sync::mpsc::Sender;

use tokio::signal::unix::{SignalKind, signal};

use crate::trouble::Trouble;
use crate::world::Message;

/// Tells the world of the first signal; another one changes nothing, the end is under way.
pub(crate) fn watch(world: Sender<Message>) -> Result<(), Trouble> {
    let failed = |source| Trouble::System { what: "watch for signals", source };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
    let _inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(failed)?;
    // Ctrl-\ is what people press when Ctrl-C seems not to be heard.
    let mut quit = signal(SignalKind::quit()).map_err(failed)?;
    drop(_inside);
    std::thread::spawn(move || {
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                    _ = quit.recv() => {}
                }
                if world.send(Message::Stop).is_err() {
                    return;
                }
            }
        });
    });
    Ok(())
}
