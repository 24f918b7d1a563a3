//! The demo's directory, and the files that it needs: agents, configurations, the document.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use cib::Document;
use rustix::fs::FlockOperation;

use crate::NODES;
use crate::network::Network;
use crate::trouble::Trouble;

/// Our agents, as in the source tree.
const AGENTS: [(&str, &str); 6] = [
    ("fence/fence_quorate", include_str!("../../../../agents/fence/fence_quorate")),
    ("ocf/quorate/address", include_str!("../../../../agents/ocf/quorate/address")),
    ("ocf/quorate/counter", include_str!("../../../../agents/ocf/quorate/counter")),
    ("ocf/quorate/lock", include_str!("../../../../agents/ocf/quorate/lock")),
    ("ocf/quorate/ping", include_str!("../../../../agents/ocf/quorate/ping")),
    ("ocf/quorate/webserver", include_str!("../../../../agents/ocf/quorate/webserver")),
];

/// The configuration.
const DOCUMENT: &str = include_str!("../../../../examples/web/cib.xml");

/// Unix socket addresses hold 107 bytes; the longest name below the directory is `fabric.sock` or
/// `n1/api.sock`, and daemons may make names a little longer.
const PATH_MAX: usize = 80;

/// What was in the directory after an earlier run; only these are removed.
const KNOWN: [&str; 6] = ["agents", "shared", "fabric.sock", "fabric.log", "network", "web.xml"];

/// The demo's directory, ours alone while this lives.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
}

impl Directory {
    /// Makes the directory, or takes an earlier run's.
    pub(crate) fn take(path: &Path) -> Result<Self, Trouble> {
        let made = fs::DirBuilder::new().mode(0o700).create(path);
        match made {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => check_ours(path)?,
            Err(source) => return Err(file("make", path, source)),
        }
        let path = path.canonicalize().map_err(|source| file("find", path, source))?;
        if path.as_os_str().len() > PATH_MAX {
            return Err(Trouble::TooLong { path });
        }
        let lock_path = path.join("lock");
        let lock = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(|source| file("open", &lock_path, source))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
            .map_err(|_| Trouble::InUse { path: path.clone() })?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Removes what an earlier run wrote.
    pub(crate) fn empty(&self) -> Result<(), Trouble> {
        for name in KNOWN.iter().chain(&NODES) {
            let path = self.path.join(name);
            let removed = match path.symlink_metadata() {
                Ok(found) if found.is_dir() => fs::remove_dir_all(&path),
                Ok(_) => fs::remove_file(&path),
                Err(_) => continue,
            };
            removed.map_err(|source| file("remove", &path, source))?;
        }
        Ok(())
    }

    /// Writes agents and each node's configuration.
    pub(crate) fn fill(&self, network: &Network) -> Result<(), Trouble> {
        for (name, text) in AGENTS {
            let path = self.path.join("agents").join(name);
            self.write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))
                .map_err(|source| file("change", &path, source))?;
        }
        self.make_folder(&self.path.join("shared"))?;
        for name in NODES {
            self.write(&self.node(name).join("quorate.toml"), &self.configuration(name))?;
            if let Some(namespace) = network.namespace(name) {
                self.write(&self.node(name).join("netns"), &format!("{namespace}\n"))?;
            }
        }
        Ok(())
    }

    /// A node's state directory.
    pub(crate) fn node(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn socket(&self, name: &str) -> PathBuf {
        self.node(name).join("api.sock")
    }

    pub(crate) fn lock_file(&self) -> PathBuf {
        self.path.join("shared/lock")
    }

    fn configuration(&self, name: &str) -> String {
        let path = |path: PathBuf| format!("\"{}\"", path.display());
        let nodes: Vec<String> = (1..)
            .zip(NODES)
            .map(|(id, name)| format!("{{ name = \"{name}\", id = {id} }}"))
            .collect();
        format!(
            "name = \"{name}\"\nstate_dir = {}\napi_socket = {}\nagents = {}\nlog_level = \
             \"info\"\nnodes = [{}]\n\n[fabric]\nkind = \"embedded\"\nsocket = {}\n",
            path(self.node(name)),
            path(self.socket(name)),
            path(self.path.join("agents")),
            nodes.join(", "),
            path(self.path.join("fabric.sock")),
        )
    }

    /// The example's document with this demo's paths, address and port; kept as `web.xml`.
    pub(crate) fn document(&self, network: &Network) -> Result<String, Trouble> {
        let example = |error: &dyn std::fmt::Display| Trouble::Example(error.to_string());
        let mut document = Document::parse(DOCUMENT).map_err(|error| example(&error))?;
        let text = |path: PathBuf| path.display().to_string();
        let (ip, port) = network.service();
        for (resource, name, value) in [
            ("power", "state_dir", text(self.path.clone())),
            ("lock", "file", text(self.lock_file())),
            ("address", "ip", ip.to_string()),
            ("server", "ip", ip.to_string()),
            ("server", "port", port.to_string()),
        ] {
            let found = document
                .find_id(resource)
                .into_iter()
                .flat_map(cib::Element::descendants)
                .find(|pair| pair.is("nvpair") && pair.attr("name") == Some(name))
                .map(cib::Element::id);
            let found = found.ok_or_else(|| example(&format!("{resource} has no {name}")))?;
            document.set(found, "value", &value);
        }
        let text = document.to_string();
        self.write(&self.path.join("web.xml"), &text)?;
        Ok(text)
    }

    pub(crate) fn write(&self, path: &Path, text: &str) -> Result<(), Trouble> {
        if let Some(folder) = path.parent() {
            self.make_folder(folder)?;
        }
        File::create(path)
            .and_then(|mut open| open.write_all(text.as_bytes()))
            .map_err(|source| file("write", path, source))
    }

    fn make_folder(&self, path: &Path) -> Result<(), Trouble> {
        fs::create_dir_all(path).map_err(|source| file("make", path, source))
    }
}

/// Somebody else's directory, or a link to one, could make us write anywhere.
fn check_ours(path: &Path) -> Result<(), Trouble> {
    let found = path.symlink_metadata().map_err(|source| file("look at", path, source))?;
    let ours = found.uid() == rustix::process::getuid().as_raw();
    let closed = found.mode() & 0o022 == 0;
    if found.is_dir() && ours && closed {
        Ok(())
    } else {
        Err(Trouble::NotOurs { path: path.to_owned() })
    }
}

pub(crate) fn file(what: &'static str, path: &Path, source: io::Error) -> Trouble {
    Trouble::File { what, path: path.to_owned(), source }
}
