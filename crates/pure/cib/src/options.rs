//! Cluster options that have two names: tools and documents of different ages use either.

/// Today's name and the former one, of each option that was renamed but is still read by both.
const RENAMED: [(&str, &str); 8] = [
    ("fencing-enabled", "stonith-enabled"),
    ("fencing-action", "stonith-action"),
    ("fencing-timeout", "stonith-timeout"),
    ("fencing-max-attempts", "stonith-max-attempts"),
    ("fencing-watchdog-timeout", "stonith-watchdog-timeout"),
    ("fencing-reaction", "fence-reaction"),
    ("stop-removed-resources", "stop-orphan-resources"),
    ("cancel-removed-actions", "stop-orphan-actions"),
];

/// Today's name of a cluster option, whichever is given.
pub fn current_option_name(name: &str) -> &str {
    RENAMED.iter().find(|(_, former)| *former == name).map_or(name, |(current, _)| current)
}

/// The other name under which a cluster option may stand in a document. Where both stand, today's
/// name wins.
pub fn other_option_name(name: &str) -> Option<&'static str> {
    RENAMED.iter().find_map(|(current, former)| {
        if *current == name {
            Some(*former)
        } else if *former == name {
            Some(*current)
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_lead_to_each_other() {
        assert_eq!(current_option_name("stonith-enabled"), "fencing-enabled");
        assert_eq!(current_option_name("fencing-enabled"), "fencing-enabled");
        assert_eq!(current_option_name("batch-limit"), "batch-limit");
        assert_eq!(other_option_name("stonith-timeout"), Some("fencing-timeout"));
        assert_eq!(other_option_name("fencing-timeout"), Some("stonith-timeout"));
        assert_eq!(other_option_name("batch-limit"), None);
    }
}
