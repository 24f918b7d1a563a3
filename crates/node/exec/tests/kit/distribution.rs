//! Namespaces of their own, which tests of the distribution's packages need.

use std::process::{Command, Stdio};

/// Set inside the namespaces.
const INSIDE: &str = "QUORATE_TEST_INSIDE";

/// Runs the test called `test` again in new namespaces, made by `unshare` with these options, after
/// `prepare`, a shell script. Answers whether this *is* that second run; otherwise the test is over.
///
/// Everything in it ends with it: `unshare` is told to kill what is left.
pub(crate) fn is_inside(test: &str, options: &[&str], prepare: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let own = std::env::current_exe().unwrap();
    let log = std::env::temp_dir().join(format!("quorate-{test}-{}.log", std::process::id()));
    let output = std::fs::File::create(&log).unwrap();
    let status = Command::new("unshare")
        .args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"])
        .args(options)
        .args(["sh", "-c", &format!("set -e\n{prepare}\n\"$@\""), "sh"])
        .arg(own)
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .stdin(Stdio::null())
        .stdout(output.try_clone().unwrap())
        .stderr(output)
        .status()
        .unwrap();
    let said = std::fs::read_to_string(&log).unwrap_or_default();
    let _ = std::fs::remove_file(&log);
    assert!(status.success(), "{status}\n{said}");
    false
}
