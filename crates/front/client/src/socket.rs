//! Where the daemon's socket is.

use std::path::PathBuf;

/// Where a daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/run/quorate/api.sock";

/// Environment variable with the socket's path.
pub const SOCKET_VARIABLE: &str = "QUORATE_SOCKET";

/// The socket: as given, else as the environment says, else the default.
pub fn socket_path(given: Option<PathBuf>) -> PathBuf {
    given
        .or_else(|| {
            std::env::var_os(SOCKET_VARIABLE).filter(|path| !path.is_empty()).map(PathBuf::from)
        })
        .unwrap_or_else(|| PathBuf::from(DEFAULT_SOCKET))
}
