//! Where another cluster's API is.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use tokio_rustls::rustls::pki_types::ServerName;

/// What stands for it where no port is said. Source: RFC 9110.
const PORT: u16 = 443;

/// `https://HOST`, `https://HOST:PORT`, with a name, an IPv4 address or an IPv6 one in brackets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

/// It is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `https://HOST` or `https://HOST:PORT`, and nothing behind it")]
pub struct WrongAddress;

impl FromStr for Address {
    type Err = WrongAddress;

    fn from_str(text: &str) -> Result<Self, WrongAddress> {
        let rest = text.strip_prefix("https://").ok_or(WrongAddress)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match rest.strip_prefix('[') {
            Some(rest) => {
                let (host, port) = rest.split_once(']').ok_or(WrongAddress)?;
                host.parse::<Ipv6Addr>().map_err(|_| WrongAddress)?;
                (host, port)
            }
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port > 0).ok_or(WrongAddress)?
            }
            None if port.is_empty() => PORT,
            Some(_) | None => return Err(WrongAddress),
        };
        // What a certificate can be for, and no user, path or space.
        ServerName::try_from(host).map_err(|_| WrongAddress)?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl Address {
    /// As the header `Host` says it.
    pub(super) fn authority(&self) -> String {
        let Self { host, port } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        if *port == PORT { host } else { format!("{host}:{port}") }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_said() {
        for (text, said, host, port) in [
            ("https://n1.example.org", "https://n1.example.org", "n1.example.org", 443),
            ("https://n1:7630/", "https://n1:7630", "n1", 7630),
            ("https://192.168.1.11:7630", "https://192.168.1.11:7630", "192.168.1.11", 7630),
            ("https://[::1]:7630", "https://[::1]:7630", "::1", 7630),
            ("https://[::1]", "https://[::1]", "::1", 443),
        ] {
            let address: Address = text.parse().unwrap();
            assert_eq!((address.host.as_str(), address.port), (host, port), "{text}");
            assert_eq!(address.to_string(), said);
        }
        for wrong in [
            "",
            "n1",
            "http://n1",
            "https://",
            "https://n1:",
            "https://n1:0",
            "https://n1:+1",
            "https://n1:99999",
            "https://root@n1",
            "https://n1/v1",
            "https://n1?x",
            "https://n1#x",
            "https://n1 ",
            "https://n1\r\nX: y",
            "https://[::1",
            "https://[n1]",
            "https://[::1]7630",
        ] {
            assert_eq!(wrong.parse::<Address>(), Err(WrongAddress), "{wrong}");
        }
    }
}
