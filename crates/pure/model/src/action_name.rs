//! The name of an action on a resource, as Pacemaker writes it.

/// `RESOURCE_TASK_INTERVAL`, in its parts. The interval is in milliseconds.
///
/// Field word: Pacemaker *operation key*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ActionName<'a> {
    pub resource: &'a str,
    pub task: &'a str,
    pub interval: &'a str,
}

impl<'a> ActionName<'a> {
    /// Takes it apart. Resources may have the separator in their names, and live moves in their tasks'.
    pub fn parse(name: &'a str) -> Option<Self> {
        let (rest, interval) = name.rsplit_once('_')?;
        let of_live_move = ["migrate_to", "migrate_from"].into_iter().find_map(|task| {
            let resource = rest.strip_suffix(task)?.strip_suffix('_')?;
            Some((resource, task))
        });
        let (resource, task) = of_live_move.or_else(|| rest.rsplit_once('_'))?;
        Some(Self { resource, task, interval })
    }

    /// Whether it looks for what is, before anything is assumed.
    pub fn is_probe(&self) -> bool {
        self.task == "monitor" && self.interval == "0"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, resource, task, interval) in [
            ("db_monitor_10000", "db", "monitor", "10000"),
            ("my_db:1_start_0", "my_db:1", "start", "0"),
            ("my_db_migrate_to_0", "my_db", "migrate_to", "0"),
            ("db_migrate_from_0", "db", "migrate_from", "0"),
        ] {
            let parts = ActionName::parse(name).unwrap();
            assert_eq!(parts, ActionName { resource, task, interval }, "{name}");
        }
        assert_eq!(ActionName::parse("start_0"), None);
        assert_eq!(ActionName::parse("start"), None);
        assert!(ActionName::parse("db_monitor_0").unwrap().is_probe());
        assert!(!ActionName::parse("db_monitor_10000").unwrap().is_probe());
    }
}
