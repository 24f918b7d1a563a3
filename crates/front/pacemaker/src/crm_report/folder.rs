//! The report while it is made: a folder that nobody else can read, and the archive of it.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::masks::Masks;
use crate::exit::Exit;
use crate::tool::Trouble;

/// What is being collected.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// What was done, for `report.out`.
    said: String,
    /// How the cluster is, in a line: the first of `analysis.txt`.
    verdict: String,
    /// What is wrong besides.
    wrong: Vec<String>,
    /// What the analysis says after that.
    details: String,
}

impl Folder {
    /// A new folder: what is there already is never written to.
    pub(super) fn new(path: &Path) -> Result<Self, Trouble> {
        let (said, verdict, details) = (String::new(), String::new(), String::new());
        let folder = Self { path: path.to_owned(), said, verdict, wrong: Vec::new(), details };
        for taken in [path.to_owned(), folder.archive()] {
            if taken.symlink_metadata().is_ok() {
                let words = format!("{} is there already; name another DEST", taken.display());
                return Err(Trouble::new(Exit::CannotCreate, words));
            }
        }
        folder.make(path).map_err(|error| cannot(path, &error))?;
        Ok(folder)
    }

    fn make(&self, path: &Path) -> io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)
    }

    /// A node's part.
    pub(super) fn part(&self, node: &str) -> Result<PathBuf, Trouble> {
        let path = self.path.join(node);
        self.make(&path).map_err(|error| cannot(&path, &error))?;
        Ok(path)
    }

    pub(super) fn say(&mut self, words: &str) {
        self.said.push_str(words);
        self.said.push('\n');
    }

    /// Something wrong with the cluster, or with this report.
    pub(super) fn find_wrong(&mut self, words: &str) {
        self.say(words);
        self.wrong.push(words.to_owned());
    }

    /// Judges the cluster by what its status says first.
    pub(super) fn judge(&mut self, status: &str) {
        let mut lines = status.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.next().unwrap_or("The cluster's status is not known").clone_into(&mut self.verdict);
    }

    pub(super) fn explain(&mut self, title: &str, text: &str) {
        let text = text.trim_end();
        if !text.is_empty() {
            self.details.push_str(&format!("\n{title}\n\n{text}\n"));
        }
    }

    /// Writes what is told of all.
    pub(super) fn finish(&self, masks: &Masks) -> Result<(), Trouble> {
        let wrong: String = self.wrong.iter().map(|words| format!("- {words}\n")).collect();
        let analysis = format!("{}\n{wrong}{}", self.verdict, self.details);
        for (name, text) in [("analysis.txt", &analysis), ("report.out", &self.said)] {
            let path = self.path.join(name);
            write(&path, &masks.text(text)).map_err(|error| cannot(&path, &error))?;
        }
        Ok(())
    }

    fn archive(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".tar.bz2");
        name.into()
    }

    /// The archive, in the folder's place.
    pub(super) fn pack(&self) -> Result<PathBuf, Trouble> {
        let archive = self.archive();
        self.pack_into(&archive).map_err(|error| cannot(&archive, &error))?;
        std::fs::remove_dir_all(&self.path).map_err(|error| cannot(&self.path, &error))?;
        Ok(archive)
    }

    fn pack_into(&self, archive: &Path) -> io::Result<()> {
        let (Some(parent), Some(name)) = (self.path.parent(), self.path.file_name()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let mut tar = Command::new("tar");
        tar.arg("-C").arg(parent).args(["-cf", "-", "--"]).arg(name);
        let mut tar = tar.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let packed = private(archive)?;
        let mut packed = bzip2::write::BzEncoder::new(packed, bzip2::Compression::best());
        if let Some(mut stream) = tar.stdout.take() {
            io::copy(&mut stream, &mut packed)?;
        }
        packed.finish()?.sync_all()?;
        let done = tar.wait()?;
        if done.success() { Ok(()) } else { Err(io::Error::other(format!("tar: {done}"))) }
    }
}

fn cannot(path: &Path, error: &io::Error) -> Trouble {
    Trouble::new(Exit::CannotCreate, format!("{}: {error}", path.display()))
}

fn private(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// A file that only its owner reads.
pub(super) fn write(path: &Path, text: &str) -> io::Result<()> {
    private(path)?.write_all(text.as_bytes())
}
