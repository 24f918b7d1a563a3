//! Calls of Corosync's libraries, which wait for its answer.
//!
//! Such a call must not hold up the node, nor its end: Corosync may be stopped and never answer. So
//! each is made on a thread of its own, which is left behind where it must be.

use std::io;

use tokio::sync::oneshot;

/// Whether anybody still waits for what comes of a call.
pub(super) struct Wanted<'a, T>(&'a oneshot::Sender<T>);

impl<T> Wanted<'_, T> {
    pub(super) fn is_still(&self) -> bool {
        !self.0.is_closed()
    }
}

/// Makes calls away from this thread. Ready when they are answered, which may be never: who waits
/// must be ready for that, and must not begin again before.
pub(super) async fn apart<T>(
    work: impl FnOnce(&Wanted<'_, T>) -> T + Send + 'static,
) -> io::Result<T>
where
    T: Send + 'static,
{
    let (send, answer) = oneshot::channel();
    std::thread::Builder::new().name("corosync".to_owned()).spawn(move || {
        let came_of_it = work(&Wanted(&send));
        let _nobody_waits = send.send(came_of_it);
    })?;
    answer.await.map_err(|_panicked| io::ErrorKind::BrokenPipe.into())
}
