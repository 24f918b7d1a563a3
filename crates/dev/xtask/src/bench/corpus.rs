//! Small documents: what a process costs.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Comparison, ratio};

/// What all documents of the corpus came to for one program.
#[derive(Clone, Copy, Default)]
struct Total {
    cases: u32,
    /// How many ended as they do with ours. What is refused at once costs nothing.
    alike: u32,
    wall: f64,
    cpu: f64,
    peak_kib: i64,
}

impl Comparison {
    /// Every document once in each round; a program's time for a document is its median.
    pub(super) fn corpus(&self, folder: &Path) -> Result<(), String> {
        let cases = cases(folder)?;
        let mut totals = vec![Total::default(); self.programs.len()];
        for words in &cases {
            let measured = self.run(words)?;
            let ours = measured.first().copied().flatten().map(|ours| ours.status);
            for (total, measured) in totals.iter_mut().zip(measured) {
                let Some(measured) = measured else { continue };
                total.cases += 1;
                total.alike += u32::from(Some(measured.status) == ours);
                total.wall += measured.wall;
                total.cpu += measured.cpu;
                total.peak_kib = total.peak_kib.max(measured.peak_kib);
            }
        }
        println!("\ncorpus, {} documents, -S, whole processes", cases.len());
        println!(
            "{:10}{:>10}{:>10}{:>12}{:>12}{:>10}{:>8}",
            "", "finished", "as ours", "ms a case", "CPU ms", "peak MB", "ratio"
        );
        let ours = totals.first().copied().unwrap_or_default();
        for (program, total) in self.programs.iter().zip(&totals) {
            let mean = |sum: f64| 1e3 * sum / f64::from(total.cases.max(1));
            println!(
                "{:10}{:>10}{:>10}{:>12.2}{:>12.2}{:>10.1}{:>8}",
                program.name,
                total.cases,
                total.alike,
                mean(total.wall),
                mean(total.cpu),
                total.peak_kib as f64 / 1024.0,
                ratio(Some(ours.cpu), Some(total.cpu)),
            );
        }
        Ok(())
    }
}

/// The arguments for each document.
fn cases(folder: &Path) -> Result<Vec<Vec<String>>, String> {
    let documents = folder.join("xml");
    let told = |error: std::io::Error| format!("{}: {error}", documents.display());
    let further: BTreeMap<String, Vec<String>> = match std::fs::read(folder.join("args.json")) {
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map_err(|error| format!("args.json: {error}"))?
        }
        Err(_) => BTreeMap::new(),
    };
    let mut cases = Vec::new();
    for entry in std::fs::read_dir(&documents).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if path.extension().is_none_or(|end| end != "xml") {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let mut words = vec!["-x".to_owned(), path.to_string_lossy().into_owned(), "-S".to_owned()];
        words.extend(further.get(&name).into_iter().flatten().cloned());
        cases.push(words);
    }
    cases.sort();
    Ok(cases)
}
