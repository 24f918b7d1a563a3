//! What this machine's door needs to know: `door.toml`.
//!
//! ```toml
//! port = 2226
//!
//! # Only where no systemd runs: how to start things.
//! [start]
//! corosync = ["corosync"]
//! daemon = ["quorate", "daemon", "--config", "/etc/quorate/quorate.toml"]
//! ```

use serde::Deserialize;

use crate::places::Places;
use crate::trouble::{Kind, Trouble};

/// Where members' doors are unless told otherwise.
pub(crate) const PORT_DEFAULT: u16 = 2226;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Own {
    #[serde(default = "port_default")]
    pub(crate) port: u16,
    #[serde(default)]
    pub(crate) start: Start,
}

/// Commands, where no service manager has them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Start {
    pub(crate) corosync: Option<Vec<String>>,
    pub(crate) daemon: Option<Vec<String>>,
    pub(crate) door: Option<Vec<String>>,
}

fn port_default() -> u16 {
    PORT_DEFAULT
}

impl Own {
    /// What is configured, or the defaults.
    pub(crate) fn read(places: &Places) -> Result<Self, Trouble> {
        let path = places.own();
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Trouble::read(&path, error)),
        };
        toml::from_str(&text)
            .map_err(|error| Trouble::new(Kind::BadData, format!("{}: {error}", path.display())))
    }

    /// The file of a new member.
    pub(crate) fn text(port: u16) -> String {
        format!("# Where the members' doors are (`quorate cluster listen`).\nport = {port}\n")
    }
}
