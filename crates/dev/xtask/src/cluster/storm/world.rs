//! What runs on the cluster in a storm, and how faults reach it.

use std::time::Duration;

use testbed::{Bed, Keeper, Mood};
use wire::api::{Change, Edit, Request};

use super::draw::Fault;
use crate::cluster::fault::heal;
use crate::cluster::up::client;

/// The address that is kept on one node.
pub(in crate::cluster) const ADDRESS: &str = "10.77.0.100";
/// The files that are locked by one node each.
pub(super) const LOCKS: [&str; 3] = ["web", "a", "b"];

const DOCUMENT: &str = include_str!("cib.xml");

/// The configuration of a storm on this bed, with these for what is marked.
pub(super) fn document(bed: &Bed, marked: &[(&str, String)]) -> String {
    let edits = "<instance_attributes id=\"edits\"><nvpair id=\"edits-kind\" name=\"kind\" \
                 value=\"edited\"/></instance_attributes>";
    let node = |number: u32| {
        let edits = if number == 1 { edits } else { "" };
        let score = 10 * (4 - number.min(3));
        format!(
            "<node id=\"{number}\" uname=\"n{number}\">{edits}<instance_attributes id=\"n{number}-own\">\
             <nvpair id=\"n{number}-counter\" name=\"master-counter\" value=\"{score}\"/>\
             </instance_attributes></node>"
        )
    };
    let nodes: String = bed.plan().numbers().map(node).collect();
    let shared = bed.root().join("shared").display().to_string();
    let text = marked.iter().fold(DOCUMENT.to_owned(), |text, (mark, by)| text.replace(mark, by));
    text.replace("@NODES@", &nodes).replace("@SHARED@", &shared).replace("@ADDRESS@", ADDRESS)
}

/// A bed, its switch, and what is wrong with them.
pub(super) struct World<'b> {
    pub(super) bed: &'b mut Bed,
    pub(super) power: &'b Keeper,
    cut: Vec<u32>,
}

impl<'b> World<'b> {
    pub(super) fn new(bed: &'b mut Bed, power: &'b Keeper) -> Self {
        Self { bed, power, cut: Vec::new() }
    }

    /// Makes it go wrong; says what happened, if there is more to say than the fault.
    pub(super) fn begin(&mut self, fault: &Fault) -> Result<String, String> {
        let silent = |()| String::new();
        match fault {
            Fault::Off { node } => self.power.off(*node).map(silent),
            Fault::AllOff => self.each(|world, node| world.power.off(node)).map(silent),
            Fault::KillDaemon { node } => self.bed.kill_daemon(*node).map(silent),
            Fault::KillCorosync { node } => self.bed.signal_corosync(*node, "KILL").map(silent),
            Fault::KillResource { node } => self.kill_resource(*node),
            Fault::Pause { node } => self.bed.pause(*node).map(silent),
            Fault::Cut { node } => {
                self.cut.push(*node);
                self.apply_cuts().map(silent)
            }
            Fault::CutLink { node, link } => {
                self.bed.set_link_loss(*node, *link, 100, 100).map(silent)
            }
            Fault::Deaf { node } => self.loss(*node, 100, 0).map(silent),
            Fault::Loss { node, percent } => self.loss(*node, *percent, *percent).map(silent),
            Fault::Delay { node, milliseconds } => self.delay(*node, *milliseconds).map(silent),
            Fault::SwitchRefuses => {
                self.power.set_mood(Mood::Refuses);
                Ok(String::new())
            }
            Fault::SwitchSlow { seconds } => {
                self.power.set_mood(Mood::Slow(Duration::from_secs(*seconds)));
                Ok(String::new())
            }
            Fault::Corrupt { node, choice } => self.bed.corrupt(*node, *choice),
            Fault::Fill { node } => self.bed.fill(*node).map(silent),
            Fault::SlowFlushes { node, milliseconds } => {
                self.bed.slow_flushes(*node, *milliseconds).map(silent)
            }
            Fault::Clock { node, seconds } => self.bed.shift_clock(*node, *seconds).map(silent),
            Fault::Standby { node } => self.standby(*node, true),
        }
    }

    /// Ends it. That what ends may be gone with its node is no trouble.
    pub(super) fn end(&mut self, fault: &Fault) {
        let _gone = match fault {
            Fault::Off { node } => {
                self.power.on(*node);
                Ok(())
            }
            Fault::AllOff => self.each(|world, node| {
                world.power.on(node);
                Ok(())
            }),
            Fault::KillDaemon { .. }
            | Fault::KillCorosync { .. }
            | Fault::KillResource { .. }
            | Fault::Corrupt { .. } => Ok(()),
            Fault::Pause { node } => self.bed.resume(*node),
            Fault::Cut { node } => {
                let at = self.cut.iter().position(|cut| cut == node);
                self.cut.extract_if(at.map_or(0..0, |at| at..at + 1), |_| true).for_each(drop);
                self.apply_cuts()
            }
            Fault::CutLink { node, link } => self.bed.set_link_loss(*node, *link, 0, 0),
            Fault::Deaf { node } | Fault::Loss { node, .. } => self.loss(*node, 0, 0),
            Fault::Delay { node, .. } => self.delay(*node, 0),
            Fault::SwitchRefuses | Fault::SwitchSlow { .. } => {
                self.power.set_mood(Mood::Good);
                Ok(())
            }
            Fault::Fill { node } => self.bed.unfill(*node),
            Fault::SlowFlushes { node, .. } => self.bed.slow_flushes(*node, 0),
            Fault::Clock { node, .. } => self.bed.shift_clock(*node, 0),
            Fault::Standby { node } => self.standby(*node, false).map(drop),
        };
    }

    /// Mends all that was broken and boots what is off.
    pub(super) fn calm(&mut self) -> Result<(), String> {
        self.cut.clear();
        self.apply_cuts()?;
        self.power.set_mood(Mood::Good);
        let nodes: Vec<u32> = self.bed.plan().numbers().collect();
        for node in nodes {
            // Any of these fails where the node is off; then there is nothing to mend.
            let _off = self.bed.resume(node);
            let _off = self.bed.slow_flushes(node, 0);
            let _off = self.bed.unfill(node);
            let _off = self.bed.shift_clock(node, 0);
            let _off = self.bed.mend_corosync(node);
            self.power.on(node);
        }
        let _off = heal(self.bed);
        Ok(())
    }

    fn each(&mut self, work: impl Fn(&Self, u32) -> Result<(), String>) -> Result<(), String> {
        self.bed.plan().numbers().try_for_each(|node| work(self, node))
    }

    /// Each node that is cut off sees nobody.
    fn apply_cuts(&mut self) -> Result<(), String> {
        let groups: Vec<[u32; 1]> = self.cut.iter().map(|node| [*node]).collect();
        let groups: Vec<&[u32]> = groups.iter().map(<[u32; 1]>::as_slice).collect();
        self.bed.cut(&groups)
    }

    fn loss(&self, node: u32, incoming: u32, outgoing: u32) -> Result<(), String> {
        let links = 0..self.bed.plan().links;
        links
            .into_iter()
            .try_for_each(|link| self.bed.set_link_loss(node, link, incoming, outgoing))
    }

    fn delay(&self, node: u32, milliseconds: u32) -> Result<(), String> {
        let mut links = 0..self.bed.plan().links;
        links.try_for_each(|link| self.bed.set_delay(node, link, milliseconds))
    }

    /// Kills the holder of a lock, if one is on the node.
    fn kill_resource(&self, node: u32) -> Result<String, String> {
        let script = "pid=$(pgrep -f 'agent-helper lock serve' | head -1); \
                      [ -z \"$pid\" ] || { kill -9 $pid; echo killed; }";
        let output = self.bed.command(node, "sh")?.args(["-c", script]).output();
        let output = output.map_err(|error| error.to_string())?;
        let killed = !output.stdout.is_empty();
        Ok(if killed { "" } else { "none runs there" }.to_owned())
    }

    /// Asks whichever node answers.
    fn standby(&self, node: u32, on: bool) -> Result<String, String> {
        let value = if on { "on" } else { "off" };
        let xml = format!(
            "<instance_attributes id=\"n{node}-own\"><nvpair id=\"n{node}-standby\" name=\"standby\" \
             value=\"{value}\"/></instance_attributes>"
        );
        let edits = vec![Edit::Modify { xml }];
        let change = Change::Edit { edits };
        let request = Request::Change { change, force: false, based_on: None };
        let mut why = "nobody to ask".to_owned();
        for asked in self.bed.plan().numbers() {
            let Some(client) = client(self.bed, asked) else { continue };
            match client.change(&request) {
                Ok(_) => return Ok(String::new()),
                Err(refused) => why = refused.to_string(),
            }
        }
        Err(why)
    }
}
