//! The socket by which the process is asked.

use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::time::Duration;

use crate::ocf;

/// Who asks waits so long; moving addresses takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// The process waits so long for a question: cards are waiting.
const HURRY: Duration = Duration::from_millis(100);

/// Questions are one word, or two with a card's name.
const QUESTION_MAX: u64 = 64;

fn path(resource: &str) -> PathBuf {
    ocf::run_dir().join(format!("lan-{resource}.sock"))
}

/// Asks the process of a resource.
pub(super) fn ask(resource: &str, question: &str) -> io::Result<String> {
    let mut stream = UnixStream::connect(path(resource))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(question.as_bytes())?;
    stream.shutdown(std::net::Shutdown::Write)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Begins to listen for questions. Only the node's own user may ask: the directory is its own.
pub(super) fn listen(resource: &str) -> io::Result<UnixListener> {
    fs::create_dir_all(ocf::run_dir())?;
    forget(resource);
    let listener = UnixListener::bind(path(resource))?;
    fs::set_permissions(path(resource), std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Takes the socket of a process away that is gone.
pub(super) fn forget(resource: &str) {
    let _ = fs::remove_file(path(resource));
}

/// The questions that are waiting, each with who waits for the answer.
pub(super) fn questions(listener: &UnixListener) -> Vec<(String, UnixStream)> {
    let mut found = Vec::new();
    while let Ok((stream, _)) = listener.accept() {
        let mut question = String::new();
        let is_read = stream.set_nonblocking(false).is_ok()
            && stream.set_read_timeout(Some(HURRY)).is_ok()
            && stream.set_write_timeout(Some(HURRY)).is_ok()
            && (&stream).take(QUESTION_MAX).read_to_string(&mut question).is_ok();
        if is_read {
            found.push((question, stream));
        }
    }
    found
}
