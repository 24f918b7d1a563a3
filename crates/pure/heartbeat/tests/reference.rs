//! `docs/reference/ha-cf.md` is made of the table. `REWRITE=1` writes it anew.

#![expect(clippy::disallowed_methods, reason = "the file is the test")]

use std::fs;
use std::path::Path;

const REFERENCE: &str = "# ha.cf, line by line

Every directive of Heartbeat's `ha.cf`, made of the table in
[`crates/pure/heartbeat`](../../crates/pure/heartbeat/src/table.rs); `cargo xtask bless` writes it anew.
At the end, what plug-ins for fence devices become.
Times are seconds unless they say `ms` or `us`.
";

#[test]
fn the_reference_is_what_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/reference/ha-cf.md");
    let (table, plugins) = (heartbeat::table::markdown(), heartbeat::plugins_markdown());
    let text = format!("{REFERENCE}{table}{plugins}");
    if std::env::var_os("REWRITE").is_some() {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}
