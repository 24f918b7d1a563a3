//! What one package says of its dependencies. What the others are is looked at in
//! [`super::together`].

use super::Findings;
use crate::package::{Dependency, Package, Type};

pub(super) fn check(package: &Package, found: &mut Findings) {
    for dependency in &package.dependencies {
        one(package, dependency, found);
    }
}

fn one(package: &Package, dependency: &Dependency, found: &mut Findings) {
    let Dependency { name, condition, location } = dependency;
    let Some(condition) = condition else {
        let what = format!("the dependency {} has no condition", name.value);
        return found.error(name.line, what, "say dependency_condition PACKAGE = UP, or = DOWN");
    };
    if condition.value.package == package.called() {
        found.error(condition.line, "a package depends on itself", "");
    }
    let place = location.as_ref().map_or("same_node", |location| location.value.as_str());
    let line = location.as_ref().map_or(name.line, |location| location.line);
    let fits: &[&str] = if condition.value.up {
        &["same_node", "any_node", "different_node"]
    } else {
        &["same_node", "all_nodes"]
    };
    let word = if condition.value.up { "UP" } else { "DOWN" };
    if !fits.contains(&place) {
        let what = format!("`{place}` with a condition that says {word}");
        found.error(line, what, &format!("it takes {}", fits.join(", ")));
    }
    let is_ordered = package.kind() == Type::Failover && package.is_configured_node();
    if !condition.value.up && !is_ordered {
        let what = "who must not meet another has failover_policy configured_node";
        found.error(condition.line, what, "and is a failover package");
    }
}
