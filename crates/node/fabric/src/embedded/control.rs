//! Cutting and healing the membership of an embedded fabric, for tests and demonstrations.

use std::io;
use std::path::{Path, PathBuf};

use model::NodeId;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

use super::frame::{self, kind};

/// What the sequencer can be told from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Each group has its own membership and its own order from now on. Nodes that are not named
    /// form one more group.
    Partition(Vec<Vec<NodeId>>),
    /// All are together again.
    Heal,
    /// Changes nothing.
    Show,
}

/// The sequencer could not be told.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("cannot connect to the sequencer at `{socket}`")]
    Connect { socket: PathBuf, source: io::Error },
    #[error("the sequencer at `{socket}` did not answer")]
    Answer { socket: PathBuf, source: io::Error },
}

/// Tells the sequencer at `socket`, and answers with the memberships that there are afterwards.
///
/// # Errors
/// When nobody serves the socket, or who does goes away.
pub async fn control(socket: &Path, verb: Verb) -> Result<Vec<Vec<NodeId>>, ControlError> {
    let stream = UnixStream::connect(socket)
        .await
        .map_err(|source| ControlError::Connect { socket: socket.to_owned(), source })?;
    ask(stream, &verb)
        .await
        .map_err(|source| ControlError::Answer { socket: socket.to_owned(), source })
}

async fn ask(mut stream: UnixStream, verb: &Verb) -> io::Result<Vec<Vec<NodeId>>> {
    stream.write_all(&frame::encode_verb(verb)).await?;
    let mut stream = BufReader::new(stream);
    match frame::read_prefix(&mut stream).await? {
        Some((kind::SIDES, length)) => {
            let mut body = Vec::new();
            frame::read_body(&mut stream, length, &mut body).await?;
            frame::decode_groups(&body)
        }
        Some(_) => Err(frame::malformed("kind")),
        None => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}
