//! What lints cannot see. Each rule answers the list of what breaks it, as `path:line: what`.

mod files;
mod links;
mod tiers;
mod words;

use std::path::{Path, PathBuf};

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(3).map_or_else(|| here.to_path_buf(), Path::to_path_buf)
}

/// Everything that breaks a rule.
pub fn findings(root: &Path) -> Vec<String> {
    let tree = files::Tree::read(root);
    let mut found = tiers::check(root);
    found.extend(words::check(&tree));
    found.extend(files::check(&tree));
    found.extend(links::check(&tree));
    found
}
