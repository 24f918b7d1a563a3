//! `haresources2cib.py`: haresources as the document of the resource manager. `quorate import heartbeat` does it; what
//! is here is where the files were, and where the document was kept.

use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use crate::{folder, out, talk, texts};

/// Where Heartbeat's resource manager looked for its document.
const MANAGERS: &str = "/var/lib/heartbeat/crm";

const USAGE: &str = "usage: haresources2cib.py [--stdout] [--config|-c FILE] [--help|-h] [HARESOURCES]\n\
                     Without them /etc/ha.d/ha.cf and /etc/ha.d/haresources; the document goes to \
                     /var/lib/heartbeat/crm/cib.xml.\n";

/// What was asked for.
struct Wanted {
    config: PathBuf,
    resources: PathBuf,
    is_shown: bool,
}

pub(crate) fn haresources2cib(words: Vec<OsString>) -> ExitCode {
    let wanted = match Wanted::read(&texts(words)) {
        Ok(wanted) => wanted,
        Err(why) => {
            talk(&format!("{why}{USAGE}"));
            return ExitCode::FAILURE;
        }
    };
    let is_there = |name: &str| Path::new(MANAGERS).join(name).exists();
    if !wanted.is_shown && ["cib.xml", "cib.xml.sig"].iter().any(|name| is_there(name)) {
        talk(&format!(
            "cib.xml or cib.xml.sig exist in {MANAGERS}; please remove them before generating new cib.xml\n"
        ));
        return ExitCode::FAILURE;
    }
    // Of this process alone, and nobody else's to look into.
    let place = std::env::temp_dir().join(format!("haresources2cib-{}", std::process::id()));
    let done = wanted.convert(&place);
    let _gone = std::fs::remove_dir_all(&place);
    match done {
        Ok(true) => ExitCode::SUCCESS,
        // The import has said why.
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            talk(&format!("haresources2cib.py: {error}\n"));
            ExitCode::FAILURE
        }
    }
}

impl Wanted {
    fn read(words: &[String]) -> Result<Self, String> {
        let (mut config, mut resources) = (folder().join("ha.cf"), folder().join("haresources"));
        let mut is_shown = false;
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--stdout" => is_shown = true,
                "-c" | "--config" => {
                    config = words.next().ok_or(format!("{word} needs a file\n"))?.into();
                }
                // The original ends so, too.
                "-h" | "--help" => return Err(String::new()),
                "--no-ocf" | "--no-monitor" => {
                    return Err(format!("{word}: take it out of the document afterwards\n"));
                }
                word if word.starts_with('-') => return Err(format!("{word} is not known\n")),
                word => resources = word.into(),
            }
        }
        Ok(Self { config, resources, is_shown })
    }

    /// Whether the import succeeded.
    fn convert(&self, place: &Path) -> io::Result<bool> {
        let files = place.join("ha.d");
        private(place).and_then(|()| private(&files))?;
        let beside = self.config.parent().unwrap_or(Path::new("."));
        for (from, name) in [
            (self.config.clone(), "ha.cf"),
            (self.resources.clone(), "haresources"),
            (beside.join("authkeys"), "authkeys"),
            (beside.join("resource.d"), "resource.d"),
        ] {
            symlink(std::path::absolute(from)?, files.join(name))?;
        }
        let made = place.join("made");
        let mut import = Command::new(std::env::current_exe()?);
        import.args(["import", "heartbeat"]).arg(&files).args(["--resources", "--out"]).arg(&made);
        // Standard output is the document's.
        let done =
            import.stdout(io::stderr()).stderr(Stdio::piped()).spawn()?.wait_with_output()?;
        let is_of = |line: &&str, place: &Path| line.contains(&*place.to_string_lossy());
        let said = String::from_utf8_lossy(&done.stderr);
        // What is taken away again is not to be spoken of.
        for line in said.lines().filter(|line| !is_of(line, &made)) {
            let line = line.replace(&*files.to_string_lossy(), &beside.to_string_lossy());
            talk(&format!("{line}\n"));
        }
        if !done.status.success() {
            return Ok(false);
        }
        let document = std::fs::read_to_string(made.join("cib.xml"))?;
        if self.is_shown {
            out(&document);
            return Ok(true);
        }
        std::fs::create_dir_all(MANAGERS)?;
        let path = Path::new(MANAGERS).join("cib.xml");
        let mut file =
            std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        io::Write::write_all(&mut file, document.as_bytes())?;
        talk(&format!(
            "wrote {}: with `crm on`, `quorate import heartbeat` takes it\n",
            path.display()
        ));
        Ok(true)
    }
}

fn private(folder: &Path) -> io::Result<()> {
    std::os::unix::fs::DirBuilderExt::mode(&mut std::fs::DirBuilder::new(), 0o700).create(folder)
}
