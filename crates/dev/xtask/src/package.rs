//! `cargo xtask package`: the program as a package of Debian's, with the names of Pacemaker's commands
//! where Pacemaker's packages have them.
//!
//! The package takes the place of Pacemaker's: what depends on those (crmsh does) is content with it.

mod trial;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::Parser;

pub(crate) use trial::step;

/// The version whose decisions and commands these are.
const PACEMAKER: &str = "3.0.2";

/// Where the program goes.
const PROGRAM: &str = "/usr/bin/quorate";

#[derive(Parser)]
pub(crate) struct Arguments {
    /// Where the package goes.
    #[arg(long, value_name = "DIRECTORY", default_value = "target/debian")]
    out: PathBuf,
    /// The program, instead of one that is built now.
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// Installs it on a copy of this machine, too, and removes it again.
    #[arg(long)]
    trial: bool,
}

pub(crate) fn package(arguments: &Arguments) -> Result<(), String> {
    let program = match &arguments.program {
        Some(program) => program.clone(),
        None => crate::check::release()?,
    };
    let made = make(&program, &arguments.out)?;
    println!("{}", made.display());
    if arguments.trial { trial::trial(&made, &arguments.out) } else { Ok(()) }
}

/// Of systemd's, in `packaging/systemd`.
const UNITS: [&str; 5] = [
    "quorate.service",
    "quorate-door.service",
    "quorate-lock.service",
    "pacemaker.service",
    "corosync.service.d/quorate.conf",
];

/// Agents of our own that real clusters run; the others are for demonstrations.
const AGENTS: [&str; 8] = [
    "lan",
    "package-address",
    "package-attach",
    "package-resources",
    "package-script",
    "package-service",
    "package-site",
    "polled-resource",
];

/// What an administrator puts in place by hand, from `packaging`.
const EXAMPLES: [&str; 2] = ["grafana/quorate.json", "heartbeat/heartbeat"];

/// Makes the package of `program` in `out`, and says where it is.
pub(crate) fn make(program: &Path, out: &Path) -> Result<PathBuf, String> {
    let sources = xtask::tidy::root().join("packaging");
    let stage = out.join("stage");
    // What an earlier run left; there may be nothing.
    let _gone = fs::remove_dir_all(&stage);
    let stage = Stage(stage);
    stage.copy(program, PROGRAM, 0o755)?;
    run(Command::new("strip").arg(stage.at(PROGRAM)))?;
    stage.names(program)?;
    let schemas = stage.at("/usr/share/pacemaker");
    run(Command::new(program).arg("schemas").arg(schemas))?;
    for unit in UNITS {
        let from = sources.join("systemd").join(unit);
        stage.copy(&from, &format!("/usr/lib/systemd/system/{unit}"), 0o644)?;
    }
    for agent in AGENTS {
        let from = sources.with_file_name("agents").join("ocf/quorate").join(agent);
        stage.copy(&from, &format!("/usr/lib/ocf/resource.d/quorate/{agent}"), 0o755)?;
    }
    for example in EXAMPLES {
        let to = format!("/usr/share/doc/quorate/examples/{example}");
        stage.copy(&sources.join(example), &to, 0o644)?;
    }
    // The machine's own rules for passwords may be others: what is changed here is kept.
    stage.copy(&sources.join("pam/quorate"), "/etc/pam.d/quorate", 0o644)?;
    stage.write("/DEBIAN/conffiles", "/etc/pam.d/quorate\n")?;
    stage.copy(&sources.join("debian/copyright"), "/usr/share/doc/quorate/copyright", 0o644)?;
    let changes = sources.with_file_name("CHANGELOG.md");
    stage.copy(&changes, "/usr/share/doc/quorate/changelog", 0o644)?;
    run(Command::new("gzip").arg("-9n").arg(stage.at("/usr/share/doc/quorate/changelog")))?;
    stage.manual()?;
    for script in ["postinst", "prerm", "postrm"] {
        let from = sources.join("debian").join(script);
        stage.copy(&from, &format!("/DEBIAN/{script}"), 0o755)?;
    }
    let architecture = said(Command::new("dpkg").arg("--print-architecture"))?;
    let control = fs::read_to_string(sources.join("debian/control"))
        .map_err(|error| format!("packaging/debian/control: {error}"))?
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
        .replace("@ARCHITECTURE@", &architecture)
        .replace("@PACEMAKER@", PACEMAKER)
        .replace("@LIBRARIES@", &libraries(program, out)?);
    stage.write("/DEBIAN/control", &control)?;
    let made = out.join(format!("quorate_{}_{architecture}.deb", env!("CARGO_PKG_VERSION")));
    run(Command::new("dpkg-deb")
        .args(["--root-owner-group", "-Zxz", "-z1", "--build"])
        .args([&stage.0, &made]))?;
    Ok(made)
}

/// The packages of the libraries that the program is linked with.
fn libraries(program: &Path, out: &Path) -> Result<String, String> {
    // It looks for the sources of a package around it.
    let folder = out.join("libraries");
    let control = folder.join("debian/control");
    fs::create_dir_all(folder.join("debian")).map_err(at(&folder))?;
    fs::write(&control, "Source: quorate\n\nPackage: quorate\nArchitecture: any\n")
        .map_err(at(&control))?;
    let program = program.canonicalize().map_err(at(program))?;
    let words = said(Command::new("dpkg-shlibdeps").arg("-O").arg(&program).current_dir(&folder))?;
    let known = words.lines().find_map(|line| line.strip_prefix("shlibs:Depends="));
    known.map(str::to_owned).ok_or_else(|| format!("dpkg-shlibdeps says {words:?}"))
}

/// The files of the package, as they will lie on the machine.
struct Stage(PathBuf);

impl Stage {
    fn at(&self, path: &str) -> PathBuf {
        self.0.join(path.trim_start_matches('/'))
    }

    fn copy(&self, from: &Path, to: &str, mode: u32) -> Result<(), String> {
        let to = self.ready(to)?;
        fs::copy(from, &to).map_err(at(from))?;
        fs::set_permissions(&to, PermissionsExt::from_mode(mode)).map_err(at(&to))
    }

    fn write(&self, to: &str, text: &str) -> Result<(), String> {
        let to = self.ready(to)?;
        fs::write(&to, text).map_err(at(&to))
    }

    /// The path of a file that can be made there.
    fn ready(&self, path: &str) -> Result<PathBuf, String> {
        let path = self.at(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(at(folder))?;
        }
        Ok(path)
    }

    /// A page for the program and one for each of its commands.
    fn manual(&self) -> Result<(), String> {
        let folder = self.at("/usr/share/man/man8");
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let mut command = cli::command().disable_help_subcommand(true);
        // Each command gets its whole name.
        command.build();
        write_pages(&command, &folder)?;
        for page in fs::read_dir(&folder).map_err(at(&folder))? {
            run(Command::new("gzip").arg("-9n").arg(page.map_err(at(&folder))?.path()))?;
        }
        Ok(())
    }

    /// Every other name of the program, where clients look for it.
    fn names(&self, program: &Path) -> Result<(), String> {
        let names = self.0.join("names");
        run(Command::new(program).arg("links").arg(&names))?;
        for entry in fs::read_dir(&names).map_err(at(&names))? {
            let name = entry.map_err(at(&names))?.file_name();
            let name = name.to_string_lossy();
            let link = self.ready(&format!("{}/{name}", home(&name)))?;
            symlink(PROGRAM, &link).map_err(at(&link))?;
        }
        fs::remove_dir_all(&names).map_err(at(&names))
    }
}

fn write_pages(command: &clap::Command, folder: &Path) -> Result<(), String> {
    for inner in command.get_subcommands() {
        write_pages(inner, folder)?;
    }
    let page = clap_mangen::Man::new(command.clone()).section("8");
    page.generate_to(folder).map(drop).map_err(at(folder))
}

/// The daemons of Pacemaker are no commands of administrators.
fn home(name: &str) -> &'static str {
    if name.starts_with("pacemaker-") { "/usr/lib/pacemaker" } else { "/usr/sbin" }
}

fn at(path: &Path) -> impl Fn(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

fn run(command: &mut Command) -> Result<(), String> {
    said(command).map(drop)
}

/// What it writes, without the end of its last line.
fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("{name} does not run: {error}"))?;
    if !done.status.success() {
        let why = String::from_utf8_lossy(&done.stderr);
        return Err(format!("{name}: {}: {}", done.status, why.trim_end()));
    }
    Ok(String::from_utf8_lossy(&done.stdout).trim_end().to_owned())
}
