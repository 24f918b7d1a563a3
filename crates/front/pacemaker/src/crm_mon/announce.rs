//! Telling a program of what happens.
//!
//! **Always:** one run of it at a time, each with an end.
//!
//! Field words: `crm_mon --external-agent`, *ClusterMon*.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use model::{ActionName, ExecStatus, OcfCode};
use rustix::process::{Pid, Signal, kill_process};
use wire::api::Event;

use crate::exit;
use crate::tool::Call;

/// A program that takes longer is ended.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the program is told, as its environment.
type Told = Vec<(&'static str, String)>;

/// The way to the program.
#[derive(Clone, Debug)]
pub(super) struct Announcer {
    orders: Sender<Told>,
    recipient: Option<String>,
    fencing_alone: bool,
}

impl Announcer {
    /// The program that is wanted, if one is.
    pub(super) fn of(call: &Call) -> Option<Self> {
        let program = PathBuf::from(call.value("external-agent")?);
        let (orders, ordered) = channel();
        std::thread::spawn(move || carry_out(&program, &ordered));
        let recipient = call.value("external-recipient").map(str::to_owned);
        Some(Self { orders, recipient, fencing_alone: call.has("watch-fencing") })
    }

    /// Tells of one thing, if it is one to be told of.
    pub(super) fn tell(&self, event: &Event) {
        let Some(mut told) = told(event) else { return };
        let is_fencing = matches!(event, Event::Fenced { .. });
        if self.fencing_alone && !is_fencing {
            return;
        }
        told.extend(self.recipient.clone().map(|who| ("CRM_notify_recipient", who)));
        // The thread ends with the process only.
        let _heard = self.orders.send(told);
    }
}

fn told(event: &Event) -> Option<Told> {
    match event {
        Event::Finished { action, node, code, status, expected, .. } => {
            let ActionName { resource, task, .. } = ActionName::parse(action)?;
            if *expected && *code == OcfCode::NOT_RUNNING.0 {
                return None;
            }
            let known = (-1..=12).map(ExecStatus::from_number);
            let known = known.into_iter().find(|known| known.words() == status);
            let known = known.unwrap_or(ExecStatus::Error);
            let words = if known != ExecStatus::Done {
                known.words()
            } else if *expected {
                "OK"
            } else {
                exit::words(OcfCode(*code))
            };
            Some(vec![
                ("CRM_notify_rsc", resource.to_owned()),
                ("CRM_notify_node", node.clone()),
                ("CRM_notify_task", task.to_owned()),
                ("CRM_notify_desc", words.to_owned()),
                ("CRM_notify_rc", code.to_string()),
                ("CRM_notify_target_rc", if *expected { *code } else { 0 }.to_string()),
                ("CRM_notify_status", (known as i32).to_string()),
            ])
        }
        Event::Fenced { target, action, succeeded, by, reason } => {
            let outcome = if *succeeded { "OK" } else { "Error occurred" };
            let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
            let by = if by.is_empty() { String::new() } else { format!(" by {by}") };
            let words = format!("Operation {action} of {target}{by}: {outcome}{why}");
            Some(vec![
                ("CRM_notify_node", target.clone()),
                ("CRM_notify_task", words.clone()),
                ("CRM_notify_desc", words),
                ("CRM_notify_rc", i32::from(!*succeeded).to_string()),
                ("CRM_notify_target_rc", "0".to_owned()),
                ("CRM_notify_status", "0".to_owned()),
            ])
        }
        Event::Membership { .. }
        | Event::Coordinator { .. }
        | Event::Changed { .. }
        | Event::Refused { .. }
        | Event::Planned { .. }
        | Event::Started { .. }
        | Event::Fencing { .. }
        | Event::QuorumIsOthers { .. }
        | Event::MayBeOlder { .. }
        | Event::SetAside { .. }
        | Event::Idle => None,
    }
}

/// Runs the program for each order, until nobody orders any more.
fn carry_out(program: &PathBuf, ordered: &Receiver<Told>) {
    while let Ok(told) = ordered.recv() {
        let mut command = Command::new(program);
        command.envs(told).stdin(Stdio::null());
        // There is nobody to be told that it cannot be run.
        if let Ok(child) = command.spawn() {
            wait(child);
        }
    }
}

fn wait(mut child: Child) {
    let number = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let (done, is_done) = channel();
    let waiter = std::thread::spawn(move || {
        let _ended = child.wait();
        // Nobody may listen any more.
        let _heard = done.send(());
    });
    if let (Err(_), Some(number)) = (is_done.recv_timeout(PATIENCE), number) {
        // It is not waited for yet, so the number is still its own.
        let _gone = kill_process(number, Signal::KILL);
    }
    let _ended = waiter.join();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_program_is_told() {
        let finished = |code, expected| Event::Finished {
            action: "my_db_migrate_to_0".to_owned(),
            node: "n1".to_owned(),
            code,
            status: "Done".to_owned(),
            reason: String::new(),
            ms: 5,
            expected,
        };
        let told = told(&finished(1, false)).unwrap();
        let value = |name: &str| &told.iter().find(|(known, _)| *known == name).unwrap().1;
        assert_eq!(value("CRM_notify_rsc"), "my_db");
        assert_eq!(value("CRM_notify_task"), "migrate_to");
        assert_eq!(value("CRM_notify_desc"), "Error occurred");
        assert_eq!(super::told(&finished(7, true)), None);
        assert_eq!(super::told(&Event::Idle), None);
    }
}
