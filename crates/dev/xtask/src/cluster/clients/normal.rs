//! What two clusters say alike, made the same: moments, versions, numbers that nobody chose.

use std::sync::LazyLock;

use regex_lite::Regex;

/// Patterns, and what stands for what they match.
const RULES: [(&str, &str); 23] = [
    // Colours.
    (r"\x1b\[[0-9;]*m", ""),
    (r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} +\d+ [\d:]{8} \d{4}", "TIME"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d\d:?\d\d))?", "TIME"),
    (r"\b\d\.\d\.\d-(quorate|[0-9a-f]{10,40})\b", "VERSION"),
    (r#"(api-version|crm_feature_set|crm-debug-origin)="[^"]*""#, r#"$1="X""#),
    (r"feature set \d+\.\d+\.\d+", "feature set X"),
    (r#"feature_set="[^"]*""#, r#"feature_set="X""#),
    (
        r#"\b(epoch|num_updates|admin_epoch|dc-uuid|call-id|op-digest|op-secure-digest|op-restart-digest)="[^"]*""#,
        r#"$1="X""#,
    ),
    // Who coordinates is whoever came first.
    (r"Current DC: n\d", "Current DC: NODE"),
    (r"(Ring ID: +)\S+", "${1}X"),
    (r"/tmp/[A-Za-z0-9_.-]+", "/tmp/X"),
    (r#"(exec-time|queue-time|exec|queue)="?[0-9]+m?s?"?"#, "$1=T"),
    (r"client=[a-z_-]+\.\d+", "client=X"),
    (r#"transition-(key|magic)="[^"]*""#, r#"transition-$1="X""#),
    (r"\b(checkpoint \d+: date) .*", "$1 TIME"),
    (r"last-lrm-refresh([:=]) ?\d+", "last-lrm-refresh$1 TIME"),
    // What Pacemaker 3.0 says in other places than 2.1 did.
    (r"Stack: .*", "Stack: X"),
    (r"(Last updated: +TIME) on n\d", "$1"),
    (r"(Last change:).*", "$1 X"),
    (r"(is removed|an appropriate tool)\.$", "$1"),
    (r"\b(scope=\w+)  (name=)", "$1 $2"),
    (r"NODE \(\d+\)", "NODE"),
    (r"(returned \d+) \(.*\)", "$1"),
];

/// Lines that only Pacemaker 2.1 has (3.0 says it with the stack), and warnings of Python's that come when
/// threads happen to meet.
const LEFT_OUT: [&str; 3] = ["Status of pacemakerd: ", "RuntimeWarning: ", "self.files[filename]"];

/// Its lines, made the same.
pub(super) fn normalised(text: &str) -> Vec<String> {
    static READY: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let ready = |(pattern, text): (&str, &'static str)| Some((Regex::new(pattern).ok()?, text));
        RULES.into_iter().filter_map(ready).collect()
    });
    let normal = |line: &str| {
        let line = READY.iter().fold(line.to_owned(), |line, (pattern, text)| {
            pattern.replace_all(&line, *text).into_owned()
        });
        line.trim_end().to_owned()
    };
    let lines = text.lines().filter(|line| !LEFT_OUT.iter().any(|left| line.contains(left)));
    lines.map(normal).collect()
}

/// A number for lines that are too many to keep (FNV-1a).
pub(super) fn digest(lines: &[String]) -> u64 {
    let bytes = lines.iter().flat_map(|line| line.bytes().chain([b'\n']));
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, byte| {
        (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_one() {
        for (pattern, _) in RULES {
            assert!(Regex::new(pattern).is_ok(), "{pattern}");
        }
    }

    #[test]
    fn moments_and_versions_are_the_same() {
        let text = "Sat Nov 21 18:47:32 2026 and 2026-11-20 21:26:49Z by 2.1.5-a3f44794f94\n";
        assert_eq!(normalised(text), ["TIME and TIME by VERSION"]);
    }
}
