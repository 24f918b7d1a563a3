//! Large documents: what deciding costs, and how that grows.

use std::path::{Path, PathBuf};
use std::process::Command;

use scale::{SIZES, Size};

use super::growth::exponent;
use super::process::Measured;
use super::{Comparison, ratio};

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// The state, and no plan.
    Status,
    /// One decision, its graph written.
    Graph,
    /// One decision, carried out on paper.
    Simulate,
}

impl Mode {
    const ALL: [Self; 3] = [Self::Status, Self::Graph, Self::Simulate];

    const fn title(self) -> &'static str {
        match self {
            Self::Status => "status only",
            Self::Graph => "a decision, -G",
            Self::Simulate => "a decision and its simulation, -S",
        }
    }

    fn words(self, document: &Path, folder: &Path) -> Vec<String> {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let mut words = vec!["-x".to_owned(), text(document)];
        match self {
            Self::Status => {}
            Self::Graph => words.extend(["-G".to_owned(), text(&folder.join("graph"))]),
            Self::Simulate => words.push("-S".to_owned()),
        }
        words
    }
}

/// More cells than this are for those who ask for the largest.
const USUAL_MOST: usize = 100_000;

impl Comparison {
    pub(super) fn sizes(&self, largest: bool) -> Result<(), String> {
        let sizes = SIZES.into_iter();
        let sizes: Vec<Size> =
            sizes.filter(|size| largest || size.nodes * size.resources <= USUAL_MOST).collect();
        let documents: Result<Vec<PathBuf>, String> =
            sizes.iter().map(|size| self.written(*size)).collect();
        let documents = documents?;
        for mode in Mode::ALL {
            println!("\n{}, whole processes: CPU seconds, peak MB, ratio", mode.title());
            let mut rows = Vec::new();
            for (size, document) in sizes.iter().zip(&documents) {
                let measured = self.run(&mode.words(document, &self.folder))?;
                self.print_row(*size, &measured);
                rows.push((*size, measured));
            }
            self.print_growth(&rows);
        }
        Ok(())
    }

    /// Another process makes the document: this one's memory would count for its children's.
    fn written(&self, size: Size) -> Result<PathBuf, String> {
        let Size { nodes, resources } = size;
        let path = self.folder.join(format!("{nodes}x{resources}.xml"));
        let own = std::env::current_exe().map_err(|error| error.to_string())?;
        let status = Command::new(own)
            .args(["document", &nodes.to_string(), &resources.to_string()])
            .arg(&path)
            .status()
            .map_err(|error| error.to_string())?;
        if status.success() { Ok(path) } else { Err(format!("cargo xtask document: {status}")) }
    }

    fn print_row(&self, size: Size, measured: &[Option<Measured>]) {
        print!("{:>12}", format!("{}x{}", size.nodes, size.resources));
        let cpu = |measured: Option<Measured>| measured.map(|measured| measured.cpu);
        let ours = measured.first().copied().flatten();
        for (program, measured) in self.programs.iter().zip(measured) {
            match measured {
                Some(Measured { status, .. })
                    if ours.is_some_and(|ours| ours.status != *status) =>
                {
                    print!("  {}: ended otherwise", program.name);
                    continue;
                }
                Some(Measured { cpu, peak_kib, .. }) => {
                    print!("  {}: {cpu:8.3} {:7.1}", program.name, *peak_kib as f64 / 1024.0);
                }
                None => print!("  {}:  over {} s    -", program.name, self.patience),
            }
            if program.name != "quorate" {
                print!(" {:>6}", ratio(cpu(ours), cpu(*measured)));
            }
        }
        println!();
    }

    fn print_growth(&self, rows: &[(Size, Vec<Option<Measured>>)]) {
        for (position, program) in self.programs.iter().enumerate() {
            let points = rows.iter().filter_map(|(size, measured)| {
                let cells = (size.nodes * size.resources) as f64;
                Some((cells, measured.get(position).copied().flatten()?.cpu))
            });
            // Small documents cost what a process costs, so growth shows from here on.
            let points: Vec<(f64, f64)> = points.filter(|(cells, _)| *cells >= 2000.0).collect();
            if let Some(exponent) = exponent(&points) {
                println!(
                    "{:>12}  {}: time grows with (nodes x resources)^{exponent:.2}",
                    "", program.name
                );
            }
        }
    }
}

/// Writes a document for `written`, and for people.
pub(super) fn write(size: Size, path: &Path) -> Result<(), String> {
    std::fs::write(path, scale::document(size))
        .map_err(|error| format!("{}: {error}", path.display()))
}
