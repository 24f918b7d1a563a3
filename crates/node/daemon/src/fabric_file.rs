//! Puts new editions of the file that names the nodes in the old one's place, and reads it when
//! somebody has edited it by hand and the fabric was told.

use std::path::{Path, PathBuf};

use controller::Input;
use tokio::sync::mpsc;

use crate::disk::chain;

/// Readable by all, as Corosync's tools expect it.
const MODE: u32 = 0o644;

/// Writes away from the loop, one edition after the other.
#[derive(Debug)]
pub(crate) struct FabricFileWriter {
    path: Option<PathBuf>,
    editions: std::sync::mpsc::Sender<(PathBuf, u64, String)>,
    written: mpsc::UnboundedReceiver<Input>,
}

impl FabricFileWriter {
    /// Without a path, every edition is refused.
    pub(crate) fn start(path: Option<PathBuf>) -> Self {
        let (editions, orders) = std::sync::mpsc::channel::<(PathBuf, u64, String)>();
        let (tell, written) = mpsc::unbounded_channel();
        #[cfg(feature = "corosync")]
        if let Some(path) = path.clone() {
            tokio::spawn(read_when_reloaded(path, tell.clone()));
        }
        std::thread::spawn(move || {
            while let Ok((path, edition, text)) = orders.recv() {
                let refused = put(&path, &text);
                if tell.send(Input::FabricFileWritten { edition, refused }).is_err() {
                    return;
                }
            }
        });
        Self { path, editions, written }
    }

    pub(crate) fn write(&mut self, edition: u64, text: String) {
        match &self.path {
            Some(path) => {
                // The writer ends only with this process.
                let _ended = self.editions.send((path.clone(), edition, text));
            }
            None => tracing::error!(edition, "this node has no file that names the nodes"),
        }
    }

    /// What became of the next edition, or what was read. May be dropped before it is ready without losing one.
    pub(crate) async fn next(&mut self) -> Input {
        match self.written.recv().await {
            Some(input) => input,
            None => std::future::pending().await,
        }
    }
}

/// The edition that is there.
pub(crate) fn read(path: &Path) -> Option<String> {
    std::fs::read_to_string(path)
        .inspect_err(|error| {
            tracing::warn!(path = %path.display(), %error, "the nodes cannot be changed from here");
        })
        .ok()
}

#[cfg(feature = "corosync")]
async fn read_when_reloaded(path: PathBuf, tell: mpsc::UnboundedSender<Input>) {
    let mut reloads = match fabric::corosync::Reloads::follow() {
        Ok(reloads) => reloads,
        Err(error) => return tracing::error!(%error, "reloads by hand go unnoticed"),
    };
    loop {
        reloads.next().await;
        match tokio::fs::read_to_string(&path).await {
            Ok(text) => {
                // The loop ends only with this process.
                let _ended = tell.send(Input::FabricFileRead { text });
            }
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the fabric's file cannot be read");
            }
        }
    }
}

fn put(path: &Path, text: &str) -> Option<String> {
    match store::replace(path, text.as_bytes(), MODE) {
        Ok(()) => {
            tracing::info!(path = %path.display(), "a new edition of the nodes' file");
            None
        }
        Err(error) => {
            tracing::error!(path = %path.display(), error = %chain(&error), "not written");
            Some(format!("{}: {error}", path.display()))
        }
    }
}
