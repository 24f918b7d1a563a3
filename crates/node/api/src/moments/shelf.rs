//! Files: the moment itself as a line of JSON, and all the rest of it packed.

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use super::{Inside, Moment};

/// What a file may hold, unpacked: more than the largest document that the fabric carries.
const UNPACKED_MAX: u64 = 256 << 20;

/// The first line is no longer than this.
const HEAD_MAX: u64 = 64 << 10;

/// A file, and how large it is.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) moment: Moment,
    pub(super) bytes: u64,
}

/// Where the files are.
#[derive(Debug)]
pub(super) struct Shelf {
    pub(super) directory: PathBuf,
}

impl Shelf {
    /// All that are there, oldest first. What is none is removed.
    pub(super) fn look(&self) -> Vec<Text> {
        let files = fs::read_dir(&self.directory).into_iter().flatten().flatten();
        let mut all: Vec<Text> = Vec::new();
        for path in files.map(|file| file.path()) {
            match head(&path) {
                Ok(text) if path == self.path(text.moment.id) => all.push(text),
                Ok(_) | Err(_) => drop(fs::remove_file(&path)),
            }
        }
        all.sort_by_key(|text| text.moment.id);
        all
    }

    /// Writes one; how many bytes it has.
    pub(super) fn write(&self, moment: &Moment, inside: &Inside) -> io::Result<u64> {
        fs::create_dir_all(&self.directory)?;
        let new = self.directory.join("new");
        // The document has secrets.
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        serde_json::to_writer(&mut file, moment)?;
        file.write_all(b"\n")?;
        let mut packer = GzEncoder::new(file, Compression::fast());
        serde_json::to_writer(&mut packer, inside)?;
        let bytes = packer.finish()?.metadata()?.len();
        fs::rename(&new, self.path(moment.id))?;
        Ok(bytes)
    }

    /// What one holds. `None` if it is damaged, which the log is told, or gone meanwhile.
    pub(super) fn read(&self, id: u64) -> Option<Inside> {
        match inside(&self.path(id)) {
            Ok(inside) => Some(inside),
            Err(error) => {
                tracing::warn!(%error, id, "how the cluster was then cannot be read");
                None
            }
        }
    }

    pub(super) fn remove(&self, text: &Text) {
        if let Err(error) = fs::remove_file(self.path(text.moment.id)) {
            tracing::warn!(%error, "an old moment stays on the disk");
        }
    }

    fn path(&self, id: u64) -> PathBuf {
        self.directory.join(format!("{id:012}.moment"))
    }
}

fn head(path: &Path) -> io::Result<Text> {
    let file = fs::File::open(path)?;
    let bytes = file.metadata()?.len();
    let mut line = String::new();
    BufReader::new(file).take(HEAD_MAX).read_line(&mut line)?;
    let moment = serde_json::from_str(&line)?;
    Ok(Text { moment, bytes })
}

fn inside(path: &Path) -> io::Result<Inside> {
    let mut file = BufReader::new(fs::File::open(path)?);
    file.skip_until(b'\n')?;
    let mut text = String::new();
    GzDecoder::new(file).take(UNPACKED_MAX).read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text)?)
}
