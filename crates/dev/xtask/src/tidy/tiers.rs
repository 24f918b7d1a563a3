//! The tier rule: who may depend on whom (ARCHITECTURE.md, "Where things are").

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// What pure code must never reach: runtimes, randomness, the operating system.
const NOT_PURE: &[&str] =
    &["tokio", "async-std", "smol", "rand", "getrandom", "libc", "nix", "rustix", "mio", "zbus"];

pub(super) fn check(root: &Path) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root)
        .output();
    let Ok(output) = output else { return vec!["cargo metadata does not run".to_owned()] };
    let Ok(metadata) = serde_json::from_slice::<Value>(&output.stdout) else {
        return vec!["cargo metadata does not answer JSON".to_owned()];
    };
    let packages = metadata.get("packages").and_then(Value::as_array).cloned().unwrap_or_default();
    let tiers: BTreeMap<String, String> = packages
        .iter()
        .filter_map(|package| Some((text(package, "name")?.to_owned(), tier(root, package)?)))
        .collect();
    packages.iter().flat_map(|package| broken(package, &tiers)).collect()
}

/// `pure`, `node`, `front`, `dev`, or `quorate` for the binary that joins them.
fn tier(root: &Path, package: &Value) -> Option<String> {
    let manifest = Path::new(text(package, "manifest_path")?);
    let below = manifest.strip_prefix(root.join("crates")).ok()?;
    Some(below.components().next()?.as_os_str().to_str()?.to_owned())
}

fn broken(package: &Value, tiers: &BTreeMap<String, String>) -> Vec<String> {
    let name = text(package, "name").unwrap_or_default();
    let Some(own) = tiers.get(name) else { return Vec::new() };
    let dependencies =
        package.get("dependencies").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut found = Vec::new();
    for dependency in &dependencies {
        // What only tests use does not reach the users.
        if text(dependency, "kind") == Some("dev") {
            continue;
        }
        let used = text(dependency, "name").unwrap_or_default();
        let allowed = match (own.as_str(), tiers.get(used).map(String::as_str)) {
            ("pure", Some(tier)) => tier == "pure",
            ("pure", None) => !NOT_PURE.contains(&used),
            ("node", Some(tier)) => matches!(tier, "pure" | "node"),
            ("front", Some(tier)) => matches!(tier, "pure" | "front"),
            (_, Some("dev")) => own == "dev",
            (_, Some("quorate")) => false,
            _ => true,
        };
        if !allowed {
            found.push(format!("crates/{own}/{name}/Cargo.toml:1: {own} may not depend on {used}"));
        }
    }
    if name == "sim" && dependencies.iter().any(|used| text(used, "name") == Some("daemon")) {
        found.push(
            "crates/dev/sim/Cargo.toml:1: the simulator runs controllers, not daemons".into(),
        );
    }
    found
}

fn text<'a>(value: &'a Value, key: &str) -> Option<&'a str> {
    value.get(key).and_then(Value::as_str)
}
