//! As much of HTTP/1.1 as one request on one connection needs, with a deadline on every wait.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use wire::api::{ACTING_FOR, CLIENT};

/// Longer lines are nonsense: an event's largest part is a plan's list of actions.
const LINE_MAX: usize = 16 << 20;
/// Longer answers are nonsense: the largest documents are some 15 MB.
const BODY_MAX: usize = 1 << 30;

#[derive(Debug)]
pub(crate) enum HttpError {
    Connect(io::Error),
    Deadline,
    Broken(io::Error),
    Garbled(String),
    Status(u16, String),
}

/// What is asked for, and in whose name if not in one's own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) acting_for: Option<&'a str>,
}

impl Target<'_> {
    /// The headers that name the program, and whom one acts for. What no header can hold is left out
    /// of a name: nobody is called so, and nobody's rights are got.
    fn header(&self) -> String {
        let plain = |name: &str| name.replace(|c: char| !c.is_ascii_graphic(), "?");
        let name = self.acting_for.map(plain);
        let acting = name.map_or_else(String::new, |name| format!("{ACTING_FOR}: {name}\r\n"));
        let program = std::env::args_os().next().unwrap_or_default();
        let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy();
        format!("{CLIENT}: {}\r\n{acting}", plain(&program))
    }
}

/// Sends `body`; gives back the answer's.
pub(crate) fn post(
    path: &Path,
    target: &Target<'_>,
    body: &[u8],
    deadline: Instant,
) -> Result<Vec<u8>, HttpError> {
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: quorate\r\nContent-Type: application/json\r\n{}\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        target.path,
        target.header(),
        body.len()
    );
    let mut stream = Stream::open(path, deadline)?;
    // In one piece: a daemon that answers before it has read all is heard, too.
    stream.send(&[head.as_bytes(), body].concat(), deadline)?;
    let head = stream.head(deadline)?;
    let body = stream.body(&head, deadline)?;
    head.check(|| String::from_utf8_lossy(&body).into_owned())?;
    Ok(body)
}

/// Asks for something; gives back the answer's body.
pub(crate) fn get(
    path: &Path,
    target: &Target<'_>,
    deadline: Instant,
) -> Result<Vec<u8>, HttpError> {
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: quorate\r\n{}Connection: close\r\n\r\n",
        target.path,
        target.header()
    );
    let mut stream = Stream::open(path, deadline)?;
    stream.send(head.as_bytes(), deadline)?;
    let head = stream.head(deadline)?;
    let body = stream.body(&head, deadline)?;
    head.check(|| String::from_utf8_lossy(&body).into_owned())?;
    Ok(body)
}

/// Asks for a stream of lines.
pub(crate) fn get_stream(
    path: &Path,
    target: &Target<'_>,
    deadline: Instant,
) -> Result<Stream, HttpError> {
    let head = format!(
        "GET {} HTTP/1.1\r\nHost: quorate\r\nAccept: text/event-stream\r\n{}\
         Connection: close\r\n\r\n",
        target.path,
        target.header()
    );
    let mut stream = Stream::open(path, deadline)?;
    stream.send(head.as_bytes(), deadline)?;
    let head = stream.head(deadline)?;
    head.check(String::new)?;
    stream.chunked = head.chunked;
    Ok(stream)
}

/// The status and what says how long the body is.
#[derive(Debug, Default)]
struct Head {
    status: u16,
    length: Option<usize>,
    chunked: bool,
}

impl Head {
    fn check(&self, text: impl FnOnce() -> String) -> Result<(), HttpError> {
        if self.status == 200 { Ok(()) } else { Err(HttpError::Status(self.status, text())) }
    }
}

/// One connection, and what was read of it but not used.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: UnixStream,
    read: Vec<u8>,
    /// The body comes in chunks.
    chunked: bool,
    /// What is left of the present chunk.
    chunk_left: usize,
    /// Text of the body, of which no line end has come yet.
    text: Vec<u8>,
}

impl Stream {
    /// The process at the other end, as the kernel knows it.
    pub(crate) fn peer(&self) -> Option<i32> {
        let peer = rustix::net::sockopt::socket_peercred(&self.socket).ok()?;
        Some(peer.pid.as_raw_nonzero().get())
    }

    /// Connecting waits when the daemon's queue of callers is full, and has no deadline of its
    /// own: so a thread waits.
    fn open(path: &Path, deadline: Instant) -> Result<Self, HttpError> {
        let (done, answer) = std::sync::mpsc::channel();
        let path = path.to_owned();
        std::thread::spawn(move || done.send(UnixStream::connect(path)));
        let socket = answer
            .recv_timeout(time_left(deadline)?)
            .map_err(|_| HttpError::Deadline)?
            .map_err(HttpError::Connect)?;
        let (read, text) = (Vec::new(), Vec::new());
        Ok(Self { socket, read, chunked: false, chunk_left: 0, text })
    }

    fn send(&mut self, mut bytes: &[u8], deadline: Instant) -> Result<(), HttpError> {
        while !bytes.is_empty() {
            let left = time_left(deadline)?;
            self.socket.set_write_timeout(Some(left)).map_err(HttpError::Broken)?;
            match self.socket.write(bytes) {
                Ok(written) => bytes = bytes.get(written..).unwrap_or_default(),
                Err(error) => check(error)?,
            }
        }
        Ok(())
    }

    /// Reads more; `false` at the end.
    fn fill(&mut self, deadline: Instant) -> Result<bool, HttpError> {
        let mut buffer = [0; 16 << 10];
        loop {
            let left = time_left(deadline)?;
            self.socket.set_read_timeout(Some(left)).map_err(HttpError::Broken)?;
            match self.socket.read(&mut buffer) {
                Ok(0) => return Ok(false),
                Ok(count) => {
                    self.read.extend_from_slice(buffer.get(..count).unwrap_or_default());
                    return Ok(true);
                }
                Err(error) => check(error)?,
            }
        }
    }

    /// One line of what comes over the wire, without its end.
    fn raw_line(&mut self, deadline: Instant) -> Result<String, HttpError> {
        loop {
            if let Some(line) = take_line(&mut self.read) {
                return Ok(line);
            }
            if self.read.len() > LINE_MAX {
                return Err(HttpError::Garbled("a line without end".to_owned()));
            }
            if !self.fill(deadline)? {
                return Err(ended());
            }
        }
    }

    fn head(&mut self, deadline: Instant) -> Result<Head, HttpError> {
        let first = self.raw_line(deadline)?;
        let status = first.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        let status = status.and_then(|code| code.parse().ok());
        let Some(status) = status else {
            return Err(HttpError::Garbled(format!("`{first}` is no HTTP")));
        };
        let mut head = Head { status, ..Head::default() };
        loop {
            let line = self.raw_line(deadline)?;
            if line.is_empty() {
                return Ok(head);
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            if name.eq_ignore_ascii_case("content-length") {
                head.length = value.trim().parse().ok();
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                head.chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
    }

    fn body(&mut self, head: &Head, deadline: Instant) -> Result<Vec<u8>, HttpError> {
        if head.chunked {
            self.chunked = true;
            while self.more_text(deadline)? {}
            return Ok(std::mem::take(&mut self.text));
        }
        let wanted = head.length.unwrap_or(BODY_MAX);
        if wanted > BODY_MAX {
            return Err(HttpError::Garbled(format!("an answer of {wanted} bytes")));
        }
        while self.read.len() < wanted {
            if !self.fill(deadline)? {
                if head.length.is_none() {
                    break;
                }
                return Err(ended());
            }
        }
        self.read.truncate(wanted);
        Ok(std::mem::take(&mut self.read))
    }

    /// Moves what came of the body into `text`; `false` at its end.
    fn more_text(&mut self, deadline: Instant) -> Result<bool, HttpError> {
        if !self.chunked {
            if self.read.is_empty() && !self.fill(deadline)? {
                return Ok(false);
            }
            self.text.append(&mut self.read);
            return Ok(true);
        }
        if self.chunk_left == 0 {
            let mut line = self.raw_line(deadline)?;
            if line.is_empty() {
                // The line end after the chunk before.
                line = self.raw_line(deadline)?;
            }
            let digits = line.split(';').next().unwrap_or_default().trim();
            self.chunk_left = usize::from_str_radix(digits, 16)
                .map_err(|_| HttpError::Garbled(format!("`{line}` is no chunk's length")))?;
            if self.chunk_left == 0 {
                return Ok(false);
            }
        }
        if self.read.is_empty() && !self.fill(deadline)? {
            return Err(ended());
        }
        let count = self.chunk_left.min(self.read.len());
        self.text.extend(self.read.drain(..count));
        self.chunk_left -= count;
        if self.text.len() > BODY_MAX {
            return Err(HttpError::Garbled("an answer without end".to_owned()));
        }
        Ok(true)
    }

    /// One line of the body, without its end.
    pub(crate) fn line(&mut self, deadline: Instant) -> Result<String, HttpError> {
        loop {
            if let Some(line) = take_line(&mut self.text) {
                return Ok(line);
            }
            if self.text.len() > LINE_MAX {
                return Err(HttpError::Garbled("a line without end".to_owned()));
            }
            if !self.more_text(deadline)? {
                return Err(ended());
            }
        }
    }
}

fn take_line(from: &mut Vec<u8>) -> Option<String> {
    let end = from.iter().position(|byte| *byte == b'\n')?;
    let line: Vec<u8> = from.drain(..=end).collect();
    Some(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

fn ended() -> HttpError {
    HttpError::Broken(io::Error::new(io::ErrorKind::UnexpectedEof, "the daemon closed it"))
}

fn time_left(deadline: Instant) -> Result<Duration, HttpError> {
    match deadline.saturating_duration_since(Instant::now()) {
        Duration::ZERO => Err(HttpError::Deadline),
        left => Ok(left),
    }
}

/// An interrupted wait goes on, a wait that was too long is told as such.
fn check(error: io::Error) -> Result<(), HttpError> {
    if error.kind() == io::ErrorKind::Interrupted {
        Ok(())
    } else if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) {
        Err(HttpError::Deadline)
    } else {
        Err(HttpError::Broken(error))
    }
}
