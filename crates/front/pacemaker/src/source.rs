//! Texts of documents: files, packed ones too, and standard input.

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::path::{Path, PathBuf};

use bzip2::read::MultiBzDecoder;
use cib::Document;
use flate2::read::MultiGzDecoder;

use crate::exit::{self, Exit};
use crate::memory;

/// Why there is no text.
#[derive(Clone, Debug)]
pub(crate) struct Unreadable {
    pub(crate) exit: Exit,
    pub(crate) why: String,
}

impl Unreadable {
    /// There is one, and the user may not see any of it.
    pub(crate) fn denied() -> Self {
        Self { exit: Exit::NotPermitted, why: String::new() }
    }

    pub(crate) fn is_denied(&self) -> bool {
        self.exit == Exit::NotPermitted && self.why.is_empty()
    }
}

/// A file that the environment names in place of the running cluster: a copy by its name, or any.
pub(crate) fn file_in_place_of_cluster() -> Option<PathBuf> {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let shadow = variable("CIB_shadow").map(|name| shadow_file(&name));
    shadow.or_else(|| variable("CIB_file").map(PathBuf::from))
}

/// The cluster elsewhere that the environment names, as Pacemaker's tools would ask it over the network:
/// a server and a port. Copies and files come first, as there.
pub(crate) fn cluster_elsewhere() -> Option<Unreadable> {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
    let port = variable("CIB_port").filter(|_| file_in_place_of_cluster().is_none())?;
    let server = variable("CIB_server").unwrap_or_else(|| "localhost".to_owned());
    let why = format!(
        "CIB_port names the cluster at {server}:{port}, and clusters are not asked over the network \
         here: run the command on one of its nodes, or unset CIB_port to ask this node's"
    );
    Some(Unreadable { exit: Exit::Disconnected, why })
}

/// Where root keeps copies of the document, as on a node of Pacemaker's.
const SHADOWS_OF_ROOT: &str = "/var/lib/pacemaker/cib";

/// The file of a copy of the document that goes by a name.
pub(crate) fn shadow_file(name: &OsStr) -> PathBuf {
    let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let of_root = || {
        let folder = PathBuf::from(SHADOWS_OF_ROOT);
        (rustix::process::geteuid().is_root() && folder.is_dir()).then_some(folder)
    };
    let of_user = || Some(PathBuf::from(variable("HOME")?).join(".cib"));
    let folder = variable("CIB_shadow_dir").map(PathBuf::from).or_else(of_root).or_else(of_user);
    let mut file = OsString::from("shadow.");
    file.push(name);
    folder.unwrap_or_default().join(file)
}

/// The document in a file, in the argument `text` if that begins as XML does, or in the standard
/// input for `-`.
pub(crate) fn document(text: &str) -> Result<Document, Unreadable> {
    let text = match text {
        xml if xml.trim_start().starts_with('<') => xml.to_owned(),
        path => read_file(Path::new(path))?,
    };
    parse(text)
}

/// The document that a text is.
pub(crate) fn parse(text: String) -> Result<Document, Unreadable> {
    Document::parse_owned(text)
        .map_err(|error| Unreadable { exit: Exit::Data, why: error.to_string() })
}

/// A document is never larger; what unpacks to more is an attack or a mistake.
const UNPACKED_MAX: u64 = 1 << 30;

/// Reads a file; `-` is the standard input.
pub(crate) fn read_file(path: &Path) -> Result<String, Unreadable> {
    if path == Path::new("-") {
        return read_all(&mut std::io::stdin(), "standard input");
    }
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| Unreadable {
        exit: Exit::of(&error),
        why: format!("{name}: {}", exit::system_words(&error)),
    };
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    memory::expect_document(file.metadata().map_or(0, |about| about.len()));
    read_all(&mut file, &name)
}

/// Reads all there is; packed files, as the cluster keeps its inputs, are unpacked.
pub(crate) fn read_all(file: &mut dyn Read, name: &str) -> Result<String, Unreadable> {
    let unreadable = |error: std::io::Error| Unreadable {
        exit: Exit::Data,
        why: format!("{name}: {}", exit::system_words(&error)),
    };
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let bytes = unpack(bytes).map_err(unreadable)?;
    String::from_utf8(bytes).map_err(|error| Unreadable {
        exit: Exit::Data,
        why: format!("{name}: not text in UTF-8: {error}"),
    })
}

fn unpack(bytes: Vec<u8>) -> std::io::Result<Vec<u8>> {
    if bytes.starts_with(b"BZh") {
        unpack_bz2(&bytes)
    } else if bytes.starts_with(&[0x1f, 0x8b]) {
        unpack_gz(&bytes)
    } else {
        Ok(bytes)
    }
}

// Not inlined, as the unpackers take 50 kB of the stack, which others need not touch.

#[inline(never)]
fn unpack_bz2(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiBzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}

#[inline(never)]
fn unpack_gz(packed: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut unpacked = Vec::new();
    MultiGzDecoder::new(packed).take(UNPACKED_MAX).read_to_end(&mut unpacked)?;
    Ok(unpacked)
}
