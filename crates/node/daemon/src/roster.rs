//! Who this node is and who the others are, as Corosync knows it.

use std::time::Duration;

use fabric::corosync::{Nodelist, NodelistError, nodelist};
use model::NodeName;
use tokio::time::{Instant, timeout};

use crate::config::Roster;
use crate::notify::Notify;

/// Wait until Corosync is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// The service manager is told this often that the daemon still waits, and asked to be patient for
/// longer than that.
const WORD_EVERY: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(60);

/// Corosync's list and ours do not fit.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RosterError {
    #[error("the nodes of corosync.conf cannot be used")]
    Nodelist(#[source] NodelistError),
    #[error(
        "our configuration calls this node `{ours}`, and corosync.conf calls it `{theirs}`; change \
         one of them, or leave `name` out of ours"
    )]
    OtherName { ours: NodeName, theirs: NodeName },
}

/// Asks until there is an answer. `name` is what it must be called, if anything is said.
pub(crate) async fn ask_corosync(
    name: Option<&NodeName>,
    notify: &Notify,
) -> Result<Roster, RosterError> {
    let mut wait = Wait { notify, said: String::new(), last_word: None };
    loop {
        let asking = nodelist();
        tokio::pin!(asking);
        let answer = loop {
            match timeout(WORD_EVERY, &mut asking).await {
                Ok(answer) => break answer,
                Err(_elapsed) => wait.say("it does not answer"),
            }
        };
        match answer {
            Ok(list) => return fit(list, name),
            Err(error) if error.passes() => wait.say(&error.to_string()),
            Err(error) => return Err(RosterError::Nodelist(error)),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Who is told about the wait, and what they were told.
struct Wait<'a> {
    notify: &'a Notify,
    said: String,
    last_word: Option<Instant>,
}

impl Wait<'_> {
    fn say(&mut self, why: &str) {
        let words = format!("waiting for Corosync: {why}");
        let is_due = self.last_word.is_none_or(|last| last.elapsed() >= WORD_EVERY);
        if is_due || words != self.said {
            self.notify.waiting(&words, PATIENCE);
            self.last_word = Some(Instant::now());
        }
        if words != self.said {
            tracing::warn!("{words}");
            self.said = words;
        }
    }
}

fn fit(list: Nodelist, name: Option<&NodeName>) -> Result<Roster, RosterError> {
    let nodes: Vec<_> = list.nodes.iter().map(|(id, name)| (*id, NodeName::new(name))).collect();
    let own = nodes.iter().find(|(id, _)| *id == list.own).map(|(_, name)| name.clone());
    let Some(own) = own else { return Err(RosterError::Nodelist(NodelistError::NoNodelist)) };
    match name {
        Some(ours) if *ours != own => {
            Err(RosterError::OtherName { ours: ours.clone(), theirs: own })
        }
        Some(_) | None => {
            Ok(Roster { id: list.own, name: own, nodes, majority_only: list.majority_only })
        }
    }
}

#[cfg(test)]
mod tests {
    use model::NodeId;

    use super::*;

    #[test]
    fn a_name_of_our_own_must_be_corosync_s() {
        let list = Nodelist {
            own: NodeId(2),
            nodes: vec![(NodeId(1), "a".to_owned()), (NodeId(2), "b".to_owned())],
            majority_only: true,
        };
        let [a, b] = ["a", "b"].map(NodeName::new);
        let nodes = vec![(NodeId(1), a.clone()), (NodeId(2), b.clone())];
        let roster = Roster { id: NodeId(2), name: b.clone(), nodes, majority_only: true };
        assert_eq!(fit(list.clone(), None).unwrap(), roster);
        assert_eq!(fit(list.clone(), Some(&b)).unwrap(), roster);
        let said = fit(list, Some(&a)).unwrap_err().to_string();
        assert!(said.contains("calls this node `a`, and corosync.conf calls it `b`"), "{said}");
    }
}
