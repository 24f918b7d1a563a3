//! Calls of Corosync's libraries, which wait for its answer.
//!
//! Such a call must not hold up the node, nor its end: Corosync may be stopped and never answer. So
//! each is made on a thread of its own, which is left behind where it must be.

use std::io;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

/// Corosync answers at once or is in trouble.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// There was no answer.
#[derive(Debug)]
pub(super) enum Unanswered {
    Silent,
    Thread(io::Error),
}

/// Makes calls away from this thread, and waits a while for what they come to.
pub(super) async fn apart<T>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Unanswered>
where
    T: Send + 'static,
{
    let (send, answer) = oneshot::channel();
    std::thread::Builder::new()
        .name("corosync".to_owned())
        .spawn(move || drop(send.send(work())))
        .map_err(Unanswered::Thread)?;
    match timeout(ANSWER_MAX, answer).await {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(_)) | Err(_) => Err(Unanswered::Silent),
    }
}
