//! `quorate schemas DIR`: writes the schema files that pcs and crmsh open by path, to be put in
//! `/usr/share/pacemaker`.

use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::ExitCode;

#[expect(clippy::print_stderr, reason = "a command of two lines says its own failure")]
pub(crate) fn schemas(words: &[OsString]) -> ExitCode {
    let [folder] = words else {
        eprintln!("quorate: `schemas` takes one folder, in which to write the files");
        return ExitCode::from(64);
    };
    match write(Path::new(folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("quorate: cannot write schemas to {}: {error}", Path::new(folder).display());
            ExitCode::FAILURE
        }
    }
}

fn write(folder: &Path) -> io::Result<()> {
    for (name, text) in pacemaker::schema_files() {
        let path = folder.join(name);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        std::fs::write(path, text)?;
    }
    Ok(())
}
