//! Lists the console's built files, packs each, and writes the table that `files.rs` includes.
//!
//! Needs no node: the files were built before, and are in the tree.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

fn main() -> io::Result<()> {
    let assets =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("assets");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed={}", assets.display());
    let mut paths = Vec::new();
    collect(&assets, &mut paths)?;
    paths.sort();
    let mut table = String::from("&[\n");
    for (number, path) in paths.iter().enumerate() {
        let bytes = fs::read(path)?;
        let packed = out.join(format!("{number}.gz"));
        let mut packer = GzEncoder::new(fs::File::create(&packed)?, Compression::best());
        packer.write_all(&bytes)?;
        packer.finish()?;
        let name = path.strip_prefix(&assets).unwrap_or(path).display().to_string();
        let _infallible = writeln!(
            table,
            "    File {{ path: {:?}, whole: include_bytes!({path:?}), packed: include_bytes!({packed:?}), \
             edition: \"\\\"{:016x}\\\"\" }},",
            format!("/{name}"),
            edition(&bytes),
        );
    }
    table.push_str("]\n");
    fs::write(out.join("table.rs"), table)
}

fn collect(directory: &Path, into: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, into)?;
        } else {
            into.push(path);
        }
    }
    Ok(())
}

/// FNV-1a: tells one edition of a file from another, against no attacker.
fn edition(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
