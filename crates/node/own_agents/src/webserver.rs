//! A real, tiny web server: one page that says which node serves it.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::ocf::{self, Code, Failure, failed};
use crate::service::Service;

/// A client that says nothing for so long is left.
const PATIENCE: Duration = Duration::from_secs(5);

/// Clients at once; more are turned away.
const CLIENTS_MAX: usize = 64;

/// A request's head may be so long.
const HEAD_MAX: usize = 8 * 1024;

pub(crate) fn main(action: &str) -> ExitCode {
    let service = Service::new("webserver");
    ocf::answer(match action {
        "start" => service.start(),
        "stop" => service.stop(),
        "monitor" => monitor(&service),
        "validate-all" => address().map(|_| Code::Ok),
        "serve" => serve(&service),
        _ => Ok(Code::Unimplemented),
    })
}

fn address() -> Result<SocketAddr, Failure> {
    let ip = ocf::parameter("ip").unwrap_or_else(|| "127.0.0.1".to_owned());
    let port = ocf::parameter("port").unwrap_or_else(|| "8080".to_owned());
    let port = port.parse::<u16>();
    let port = port.map_err(|_| (Code::NotConfigured, "port is not a port number".to_owned()))?;
    let mut found = (ip.as_str(), port).to_socket_addrs();
    let first = found.as_mut().ok().and_then(Iterator::next);
    first.ok_or_else(|| (Code::NotConfigured, format!("{ip} is not an address")))
}

/// Active only if its own page comes back: a process alone serves nobody.
fn monitor(service: &Service) -> Result<Code, Failure> {
    if service.process().is_none() {
        return Ok(Code::NotRunning);
    }
    let address = address()?;
    let page = fetch(address)
        .map_err(|error| failed(format!("the server at {address} does not answer: {error}")))?;
    if page.starts_with("HTTP/1.1 200 ") && page.contains(&marker()) {
        Ok(Code::Ok)
    } else {
        Err(failed(format!("another server answers at {address}")))
    }
}

fn fetch(address: SocketAddr) -> io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut page = String::new();
    stream.take(64 * 1024).read_to_string(&mut page)?;
    Ok(page)
}

fn serve(service: &Service) -> Result<Code, Failure> {
    let address = address()?;
    let listener = TcpListener::bind(address)
        .map_err(|error| failed(format!("cannot listen on {address}: {error}")))?;
    service.become_ready().map_err(|error| failed(error.to_string()))?;
    static CLIENTS: AtomicUsize = AtomicUsize::new(0);
    for stream in listener.incoming().flatten() {
        if CLIENTS.fetch_add(1, Ordering::Relaxed) >= CLIENTS_MAX {
            CLIENTS.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        std::thread::spawn(move || {
            // A client that went away has lost its own page only.
            let _ = answer(stream);
            CLIENTS.fetch_sub(1, Ordering::Relaxed);
        });
    }
    Ok(Code::Ok)
}

fn answer(mut stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut head = Vec::new();
    let mut bytes = [0; 1024];
    while head.len() < HEAD_MAX && !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut bytes)? {
            0 => return Ok(()),
            count => head.extend_from_slice(bytes.get(..count).unwrap_or_default()),
        }
    }
    let page = page();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nConnection: close\r\n{}\r\n\r\n{page}",
        page.len(),
        marker(),
    )
}

/// Tells this resource's server from any other.
fn marker() -> String {
    format!("X-Quorate-Resource: {}", plain(&ocf::instance()))
}

fn page() -> String {
    let (node, resource) = (plain(&ocf::node()), plain(&ocf::instance()));
    let pid = std::process::id();
    format!(
        "<!doctype html>\n<title>{resource} on {node}</title>\n\
         <p>This is <b>{resource}</b>, served by node <b>{node}</b> (process {pid}).</p>\n"
    )
}

/// Names of nodes and resources are plain words; what is not is left out.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || "-_.:".contains(*c)).collect()
}
