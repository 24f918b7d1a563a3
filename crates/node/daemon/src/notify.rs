//! Tells the service manager how the daemon is, where one asks for it.
//!
//! Field word: systemd *sd_notify*.

use std::ffi::OsString;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The service manager's ear.
#[derive(Debug)]
pub(crate) struct Notify {
    to: Option<(UnixDatagram, SocketAddr)>,
    /// The manager restarts a daemon that does not speak up this often.
    every: Option<Duration>,
}

impl Notify {
    pub(crate) fn from_environment() -> Self {
        Self::new(
            std::env::var_os("NOTIFY_SOCKET"),
            std::env::var("WATCHDOG_USEC").ok().as_deref(),
            std::env::var("WATCHDOG_PID").ok().as_deref(),
        )
    }

    fn new(socket: Option<OsString>, watchdog: Option<&str>, of: Option<&str>) -> Self {
        let to = socket.and_then(|name| {
            let address = match name.as_bytes() {
                [b'@', name @ ..] => SocketAddr::from_abstract_name(name),
                _ => SocketAddr::from_pathname(&name),
            };
            Some((UnixDatagram::unbound().ok()?, address.ok()?))
        });
        let for_us = of.is_none_or(|pid| pid == std::process::id().to_string());
        let limit = watchdog.and_then(|text| text.parse().ok()).filter(|_| for_us && to.is_some());
        // Twice as often as asked, as sd_watchdog_enabled(3) advises.
        Self { to, every: limit.map(|micros: u64| Duration::from_micros(micros / 2)) }
    }

    /// How often [`Notify::alive`] is wanted.
    pub(crate) fn alive_every(&self) -> Option<Duration> {
        self.every
    }

    pub(crate) fn ready(&self) {
        self.say("READY=1");
    }

    /// Not ready yet, for this reason, but alive: the manager is to be patient for so long from now.
    #[cfg(feature = "corosync")]
    pub(crate) fn waiting(&self, why: &str, patience: Duration) {
        self.say(&format!("STATUS={why}\nEXTEND_TIMEOUT_USEC={}", patience.as_micros()));
    }

    pub(crate) fn stopping(&self) {
        self.say("STOPPING=1");
    }

    pub(crate) fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    fn say(&self, words: &str) {
        if let Some((socket, address)) = &self.to {
            // A manager that does not listen has its own ways to find out.
            let _unheard = socket.send_to_addr(words.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ear(name: &str) -> (UnixDatagram, OsString) {
        let name = format!("quorate-notify-{name}-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        (UnixDatagram::bind_addr(&address).unwrap(), OsString::from(format!("@{name}")))
    }

    fn heard(ear: &UnixDatagram) -> String {
        let mut bytes = [0; 64];
        ear.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let length = ear.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    #[test]
    fn the_manager_hears() {
        let (ear, name) = ear("hears");
        let notify = Notify::new(Some(name), Some("3000000"), None);
        assert_eq!(notify.alive_every(), Some(Duration::from_millis(1500)));
        notify.ready();
        assert_eq!(heard(&ear), "READY=1");
        notify.alive();
        assert_eq!(heard(&ear), "WATCHDOG=1");
        notify.stopping();
        assert_eq!(heard(&ear), "STOPPING=1");
    }

    #[test]
    fn another_process_s_watchdog_is_not_ours() {
        let (_ear, name) = ear("other");
        let notify = Notify::new(Some(name), Some("3000000"), Some("1"));
        assert_eq!(notify.alive_every(), None);
        assert_eq!(Notify::new(None, Some("3000000"), None).alive_every(), None);
    }
}
