//! Where traces are sent.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// What stands for it where no port is said. Source: RFC 9110.
const PORT: u16 = 80;

/// What follows the base of a collector's address. Source: OTLP/HTTP's specification.
const TRACES: &str = "/v1/traces";

/// `http://HOST`, with or without a port and a path, below which traces are taken at `/v1/traces`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collector {
    /// As the header `Host` says it.
    pub(super) authority: String,
    /// Without brackets.
    pub(super) host: String,
    pub(super) port: u16,
    /// Where traces are taken.
    pub(super) path: String,
}

/// It is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `http://HOST:PORT`, without a user or a query; over TLS a collector on this machine can pass on"
)]
pub struct WrongCollector;

impl FromStr for Collector {
    type Err = WrongCollector;

    fn from_str(text: &str) -> Result<Self, WrongCollector> {
        let uri: Uri = text.parse().map_err(|_| WrongCollector)?;
        let (Some(host), Some(authority)) = (uri.host(), uri.authority()) else {
            return Err(WrongCollector);
        };
        let port = uri.port_u16().unwrap_or(PORT);
        // A user, or a port that is none, would be left out without a word.
        let is_whole =
            [host.to_owned(), format!("{host}:{port}")].contains(&authority.as_str().to_owned());
        let is_plain = uri.scheme_str() == Some("http") && uri.query().is_none();
        if !is_whole || !is_plain || host.is_empty() || port == 0 || text.contains('#') {
            return Err(WrongCollector);
        }
        Ok(Self {
            authority: authority.as_str().to_owned(),
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            path: format!("{}{TRACES}", uri.path().trim_end_matches('/')),
        })
    }
}

impl fmt::Display for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http://{}{}", self.authority, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_are_read_and_said() {
        for (text, said, host, port) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces", "127.0.0.1", 4318),
            ("http://tempo:4318/", "http://tempo:4318/v1/traces", "tempo", 4318),
            ("http://[::1]:4318", "http://[::1]:4318/v1/traces", "::1", 4318),
            (
                "http://o.example.org/api/default",
                "http://o.example.org/api/default/v1/traces",
                "o.example.org",
                80,
            ),
        ] {
            let collector: Collector = text.parse().unwrap();
            assert_eq!((collector.host.as_str(), collector.port), (host, port), "{text}");
            assert_eq!(collector.to_string(), said);
        }
        for wrong in [
            "",
            "tempo",
            "tempo:4318",
            "/v1/traces",
            "https://tempo:4318",
            "http://",
            "http://tempo:",
            "http://tempo:0",
            "http://tempo:99999",
            "http://user:word@tempo:4318",
            "http://tempo:4318?token=x",
            "http://tempo:4318/#x",
            "http://tempo:4318\r\nX: y",
        ] {
            assert_eq!(wrong.parse::<Collector>(), Err(WrongCollector), "{wrong}");
        }
    }
}
