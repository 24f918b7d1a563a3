//! The sequencer's side of one connection: reads what a member sends, writes what it is sent.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use model::NodeId;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};
use tokio::task::JoinHandle;

use super::control::Verb;
use super::frame::{self, Hello, kind};
use super::health::Health;

/// Payload bytes of one sender that may be on their way to members at a time. A larger message
/// goes alone. Bounds the sequencer's memory and slows a sender to what the slowest member takes.
const WINDOW: usize = 4 << 20;

/// Small frames are gathered up to this size into one write.
const GATHER: usize = 64 << 10;

/// One frame for one or more members.
pub(super) struct Frame {
    pub(super) bytes: Vec<u8>,
    pub(super) is_ping: bool,
    /// Given back to the sender when the last member's copy was written.
    _window: Option<OwnedSemaphorePermit>,
}

impl Frame {
    pub(super) fn new(bytes: Vec<u8>) -> Arc<Self> {
        Arc::new(Self { bytes, is_ping: false, _window: None })
    }

    pub(super) fn ping(number: u64) -> Arc<Self> {
        let bytes = frame::encode_number(kind::PING, number);
        Arc::new(Self { bytes, is_ping: true, _window: None })
    }
}

/// Tells one connection from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnectionId(pub(super) u64);

/// What connections tell the sequencer.
pub(super) enum Report {
    /// A member asks to be let in.
    Hello { connection: ConnectionId, hello: Hello, door: Door },
    /// A member's message, as a delivery that is ready to be sent on.
    Message { connection: ConnectionId, delivery: Arc<Frame> },
    /// The connection has ended.
    Gone { connection: ConnectionId, why: String },
    /// Someone asks for a change of sides.
    Control { verb: Verb, answer: oneshot::Sender<Vec<Vec<NodeId>>> },
}

/// What the sequencer needs to serve a member.
pub(super) struct Door {
    pub(super) frames: mpsc::UnboundedSender<Arc<Frame>>,
    pub(super) health: SharedHealth,
    writer: JoinHandle<()>,
    reader: tokio::task::AbortHandle,
}

impl Door {
    /// Says why and ends the connection once that is written.
    pub(super) fn refuse(self, why: &str) {
        let _gone = self.frames.send(Frame::new(frame::frame(kind::REFUSED, why.as_bytes())));
        self.reader.abort();
    }

    /// Ends the connection now, whatever waits.
    pub(super) fn shut(&self) {
        self.writer.abort();
        self.reader.abort();
    }
}

/// One member's health, noted by its reader and writer and read by the sequencer.
#[derive(Clone, Default)]
pub(super) struct SharedHealth(Arc<Mutex<Health>>);

impl SharedHealth {
    pub(super) fn lock(&self) -> MutexGuard<'_, Health> {
        // Every update is a single assignment, so a panic elsewhere leaves it sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves one connection to its end.
pub(super) fn start(
    stream: UnixStream,
    connection: ConnectionId,
    reports: mpsc::UnboundedSender<Report>,
) {
    let (handle_sender, handle) = oneshot::channel();
    let task = tokio::spawn(async move {
        let Ok(abort) = handle.await else { return };
        let why = match serve(stream, connection, &reports, abort).await {
            Ok(()) => "closed by the member".to_owned(),
            Err(error) => error.to_string(),
        };
        let _stopping = reports.send(Report::Gone { connection, why });
    });
    let _runs = handle_sender.send(task.abort_handle());
}

async fn serve(
    stream: UnixStream,
    connection: ConnectionId,
    reports: &mpsc::UnboundedSender<Report>,
    reader: tokio::task::AbortHandle,
) -> io::Result<()> {
    let (read_half, write_half) = stream.into_split();
    let mut stream = BufReader::new(read_half);
    let Some((first, length)) = frame::read_prefix(&mut stream).await? else { return Ok(()) };
    let mut body = Vec::new();
    frame::read_body(&mut stream, length, &mut body).await?;
    match first {
        kind::HELLO => {
            let hello = frame::decode_hello(&body)?;
            let node = hello.node;
            let health = SharedHealth::default();
            let (frames, queue) = mpsc::unbounded_channel();
            let writer = tokio::spawn(write_frames(write_half, queue, health.clone()));
            let door = Door { frames, health: health.clone(), writer, reader };
            let _stopping = reports.send(Report::Hello { connection, hello, door });
            read_messages(&mut stream, connection, node, reports, &health).await
        }
        kind::CONTROL => answer_control(write_half, &body, reports).await,
        _ => Err(frame::malformed("kind")),
    }
}

async fn answer_control(
    mut write_half: OwnedWriteHalf,
    body: &[u8],
    reports: &mpsc::UnboundedSender<Report>,
) -> io::Result<()> {
    let verb = frame::decode_verb(body)?;
    let (answer, sides) = oneshot::channel();
    let _stopping = reports.send(Report::Control { verb, answer });
    let sides = sides.await.map_err(|_stopping| io::Error::from(io::ErrorKind::BrokenPipe))?;
    write_half.write_all(&frame::frame(kind::SIDES, &frame::encode_groups(&sides))).await
}

async fn read_messages(
    stream: &mut BufReader<OwnedReadHalf>,
    connection: ConnectionId,
    node: NodeId,
    reports: &mpsc::UnboundedSender<Report>,
    health: &SharedHealth,
) -> io::Result<()> {
    let window = Arc::new(Semaphore::new(WINDOW));
    while let Some((kind, length)) = frame::read_prefix(stream).await? {
        health.lock().spoke(Instant::now());
        match kind {
            kind::BROADCAST => {
                let share = u32::try_from(length.clamp(1, WINDOW)).unwrap_or(u32::MAX);
                let permit = Arc::clone(&window).acquire_many_owned(share).await.ok();
                let mut bytes = frame::delivered_head(node, length);
                frame::read_body(stream, length, &mut bytes).await?;
                let delivery = Arc::new(Frame { bytes, is_ping: false, _window: permit });
                let _stopping = reports.send(Report::Message { connection, delivery });
            }
            kind::PONG => {
                let mut body = Vec::new();
                frame::read_body(stream, length, &mut body).await?;
                health.lock().ponged(frame::decode_number(&body)?);
            }
            _ => return Err(frame::malformed("kind")),
        }
    }
    Ok(())
}

/// Writes frames in order until the sequencer lets go of the queue or the socket fails. A failure
/// needs no report: the reader sees the same socket end.
async fn write_frames(
    mut socket: OwnedWriteHalf,
    mut queue: mpsc::UnboundedReceiver<Arc<Frame>>,
    health: SharedHealth,
) {
    let mut gathered = Vec::with_capacity(GATHER);
    while let Some(first) = queue.recv().await {
        health.lock().has_to_write(Instant::now());
        let mut pinged = first.is_ping;
        let mut next = Some(first);
        while let Some(frame) = next.take() {
            if gathered.len() + frame.bytes.len() > GATHER {
                let written = match write(&mut socket, &gathered, &health).await {
                    Ok(()) => write(&mut socket, &frame.bytes, &health).await,
                    Err(error) => Err(error),
                };
                if written.is_err() {
                    return;
                }
                gathered.clear();
            } else {
                gathered.extend_from_slice(&frame.bytes);
            }
            pinged |= frame.is_ping;
            next = queue.try_recv().ok();
        }
        if write(&mut socket, &gathered, &health).await.is_err() {
            return;
        }
        gathered.clear();
        let mut health = health.lock();
        health.wrote_all();
        if pinged {
            health.pinged(Instant::now());
        }
    }
}

async fn write(socket: &mut OwnedWriteHalf, bytes: &[u8], health: &SharedHealth) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let written = socket.write(rest).await?;
        health.lock().wrote(Instant::now());
        rest = rest.get(written..).unwrap_or_default();
    }
    Ok(())
}
