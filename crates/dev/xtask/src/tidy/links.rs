//! Links in Markdown files lead to files that exist.

use super::files::Tree;

pub(super) fn check(tree: &Tree) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in tree.texts(".md") {
        let folder = tree.root.join(path);
        let folder = folder.parent().unwrap_or(&tree.root);
        for (number, line) in text.lines().enumerate() {
            for target in targets(line) {
                if !folder.join(target).exists() {
                    found
                        .push(format!("{path}:{}: the link to {target} leads nowhere", number + 1));
                }
            }
        }
    }
    found
}

/// Relative targets of `](target)` in a line, without their fragments.
fn targets(line: &str) -> impl Iterator<Item = &str> {
    line.split("](").skip(1).filter_map(|rest| {
        let (target, _) = rest.split_once(')')?;
        let (file, _) = target.split_once('#').unwrap_or((target, ""));
        let is_local = !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:");
        is_local.then_some(file)
    })
}
