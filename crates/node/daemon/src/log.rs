//! The log: one line for each event, to the standard error and, if wanted, to a file.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;
use std::sync::Arc;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt;

use crate::config::LogLevel;

/// Starts logging. Only the first call of a process has an effect.
///
/// # Errors
/// When the file cannot be opened.
pub(crate) fn start(level: LogLevel, file: Option<&Path>) -> io::Result<()> {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let format =
        tracing_subscriber::fmt().with_max_level(level).with_target(false).with_ansi(false);
    let started = match file {
        None => format.with_writer(io::stderr).try_init(),
        Some(path) => {
            let file: Arc<File> =
                Arc::new(OpenOptions::new().create(true).append(true).open(path)?);
            format.with_writer(io::stderr.and(file)).try_init()
        }
    };
    let _earlier_one_stays = started;
    std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug: please report it")));
    Ok(())
}
