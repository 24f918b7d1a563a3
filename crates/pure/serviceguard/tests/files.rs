//! The reference that people read, and laws that hold for any text.

#![expect(clippy::disallowed_methods, reason = "the reference is a file")]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serviceguard::{Cluster, Package, Text, check_cluster, check_package, check_together};

const REFERENCE: &str = "# Serviceguard's files, line by line

Every parameter that Quorate knows of the cluster's ASCII file and of package files, made of the table in
[`crates/pure/serviceguard`](../../crates/pure/serviceguard/src/table.rs); `cargo xtask bless` writes it anew.
Case does not count in names. A parameter that is *below* another belongs to that one's last line before it.
";

#[test]
fn the_reference_is_what_the_table_says() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/serviceguard-files.md");
    let text = format!("{REFERENCE}{}", serviceguard::table::markdown());
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

/// Lines made of the words that mean something, so that drawn texts reach the rules.
fn line() -> impl Strategy<Value = String> {
    let names = [
        "NODE_NAME",
        "NETWORK_INTERFACE",
        "HEARTBEAT_IP",
        "SUBNET",
        "package_name",
        "node_name",
        "dependency_name",
        "dependency_condition",
        "ip_subnet",
        "ip_address",
        "service_name",
        "fs_name",
        "CAPACITY_NAME",
        "USER_NAME",
        "priority",
        "halt_script_timeout",
        "QS_HOST",
        "#",
    ];
    let values = [
        "n1",
        "10.0.0.1",
        "0.0.0.0",
        "::",
        "a = UP",
        "b = DOWN",
        "18446744073709551615",
        "\"",
        "/dev/a/b",
        "",
    ];
    (prop::sample::select(names.to_vec()), prop::sample::select(values.to_vec()))
        .prop_map(|(name, value)| format!("{name} {value}\n"))
}

proptest! {
    #[test]
    fn any_text_is_read_judged_and_written_back(text in ".{0,200}") {
        prop_assert_eq!(Text::parse(&text).to_string(), text.clone());
        check_cluster(&text);
        check_package(&text);
    }

    #[test]
    fn findings_are_of_lines_that_are_there(lines in prop::collection::vec(line(), 0..40)) {
        let text = lines.concat();
        let parsed = Text::parse(&text);
        let together = check_together(
            &Cluster::of(&parsed),
            &[Package::of(&parsed), Package::of(&parsed)],
        );
        let all = check_cluster(&text).into_iter().chain(check_package(&text));
        for finding in all.chain(together.into_iter().flatten()) {
            prop_assert!(finding.line as usize <= lines.len(), "{}", finding);
        }
    }
}
