//! The two that are compared, and how each is asked.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use testbed::{Bed, Keeper};
use wire::api::{Change, Edit, Request};

use crate::cluster::storm::audit::holders;
use crate::cluster::up;

/// Longer than anything here takes; reached only when something is broken.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cluster) enum Kind {
    Quorate,
    Pacemaker,
}

/// A cluster of one kind.
pub(in crate::cluster) struct System {
    pub(in crate::cluster) kind: Kind,
    pub(in crate::cluster) bed: Bed,
    pub(in crate::cluster) keeper: Keeper,
}

impl System {
    /// Boots a cluster with the defaults of its kind.
    pub(in crate::cluster) fn start(
        root: &Path,
        kind: Kind,
        words: &up::Words,
    ) -> Result<Self, String> {
        up::clear(root)?;
        let bed = up::make(root, words)?;
        let keeper = Keeper::hold(&bed)?;
        bed.plan().numbers().for_each(|node| keeper.on(node));
        let system = Self { kind, bed, keeper };
        system.wait_members()?;
        Ok(system)
    }

    fn some_node(&self) -> Result<u32, String> {
        let on = |node: &u32| self.bed.first_process(*node).is_some();
        self.bed.plan().numbers().find(on).ok_or_else(|| "all nodes are off".to_owned())
    }

    /// Runs words for a shell on a node that is on.
    pub(in crate::cluster) fn shell(&self, words: &str) -> Result<String, String> {
        self.shell_on(self.some_node()?, words)
    }

    pub(in crate::cluster) fn shell_on(&self, node: u32, words: &str) -> Result<String, String> {
        let output = self.bed.command(node, "sh")?.args(["-c", words]).output();
        let output = output.map_err(|error| error.to_string())?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("n{node}: {words}: {}: {}", output.status, why.trim()))
    }

    /// Gives it what it is to run: elements of `resources`.
    pub(in crate::cluster) fn configure(&self, resources: &str) -> Result<(), String> {
        let options = "<crm_config><cluster_property_set id=\"options\"><nvpair id=\"options-f\" \
                       name=\"stonith-enabled\" value=\"true\"/></cluster_property_set></crm_config>";
        let defaults = "<rsc_defaults><meta_attributes id=\"defaults\"><nvpair id=\"defaults-s\" \
                        name=\"resource-stickiness\" value=\"100\"/></meta_attributes></rsc_defaults>";
        let resources = format!("<resources>{resources}</resources>");
        match self.kind {
            Kind::Quorate => {
                let node = |number| format!("<node id=\"{number}\" uname=\"n{number}\"/>");
                let nodes: String = self.bed.plan().numbers().map(node).collect();
                let xml = format!(
                    "<configuration>{options}<nodes>{nodes}</nodes>{resources}<constraints/>\
                     {defaults}</configuration>"
                );
                let edits = vec![Edit::Replace { xml }];
                let change = Change::Edit { edits };
                let request = Request::Change { change, force: false, based_on: None };
                let client = up::client(&self.bed, self.some_node()?).ok_or("it is off")?;
                client.change(&request).map(drop).map_err(|why| format!("{why:?}"))
            }
            Kind::Pacemaker => {
                for (scope, xml) in [
                    ("crm_config", options),
                    ("rsc_defaults", defaults),
                    ("resources", resources.as_str()),
                ] {
                    let file = self.bed.root().join("shared").join(scope);
                    fs::write(&file, xml).map_err(|error| error.to_string())?;
                    let file = file.display();
                    let there = format!("cibadmin --query --scope {scope} >/dev/null 2>&1");
                    let replace = format!("cibadmin --replace --scope {scope} --xml-file {file}");
                    let create =
                        format!("cibadmin --create --scope configuration --xml-file {file}");
                    self.shell(&format!("if {there}; then {replace}; else {create}; fi"))?;
                }
                Ok(())
            }
        }
    }

    /// Waits until all nodes are members and nothing is left to do.
    pub(in crate::cluster) fn wait_ready(&self) -> Result<(), String> {
        self.wait_members()?;
        self.wait_until("the address", || (holders(&self.bed).len() == 1).then_some(()))?;
        self.wait_idle()
    }

    pub(in crate::cluster) fn wait_idle(&self) -> Result<(), String> {
        match self.kind {
            Kind::Quorate => {
                let client = up::client(&self.bed, self.some_node()?).ok_or("it is off")?;
                client.wait_idle(PATIENCE).map_err(|why| why.to_string())
            }
            Kind::Pacemaker => self.shell("crm_resource --wait --timeout=600").map(drop),
        }
    }

    fn wait_members(&self) -> Result<(), String> {
        match self.kind {
            Kind::Quorate => up::wait_formed(&self.bed, PATIENCE),
            Kind::Pacemaker => self.wait_until("all nodes online", || {
                let seen = self.shell("crm_mon -1 --output-as=xml").ok()?;
                let online = seen.matches("online=\"true\"").count();
                let pending = seen.matches("pending=\"true\"").count();
                let nodes = usize::try_from(self.bed.plan().nodes).ok()?;
                let has_coordinator = seen.contains("<current_dc present=\"true\"");
                (online == nodes && pending == 0 && has_coordinator).then_some(())
            }),
        }
    }

    /// Looks until it is so.
    pub(in crate::cluster) fn wait_until<T>(
        &self,
        what: &str,
        mut look: impl FnMut() -> Option<T>,
    ) -> Result<T, String> {
        let start = Instant::now();
        loop {
            if let Some(found) = look() {
                return Ok(found);
            }
            if start.elapsed() > PATIENCE {
                let record = self.keeper.record();
                return Err(format!("{:?}: waited too long for {what}: {record:?}", self.kind));
            }
            std::thread::sleep(LOOK);
        }
    }

    /// The node that has the address.
    pub(in crate::cluster) fn holder(&self) -> Result<u32, String> {
        self.wait_until("the address", || match holders(&self.bed).as_slice() {
            [one] => Some(*one),
            _ => None,
        })
    }

    /// How long from `since` until a node other than this has the address.
    pub(in crate::cluster) fn until_elsewhere(
        &self,
        since: Instant,
        not: u32,
    ) -> Result<Duration, String> {
        let elsewhere = || holders(&self.bed).iter().any(|node| *node != not).then_some(());
        self.wait_until("the address elsewhere", elsewhere)?;
        Ok(since.elapsed())
    }

    /// The command that moves the group, begun.
    pub(in crate::cluster) fn begin_move(
        &self,
        target: u32,
    ) -> Result<std::process::Child, String> {
        let words = match self.kind {
            Kind::Quorate => format!("quorate resource move g n{target} --yes"),
            Kind::Pacemaker => format!("crm_resource --move -r g -N n{target}"),
        };
        let mut shell: Command = self.bed.command(self.some_node()?, "sh")?;
        shell.args(["-c", &words]).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map_err(|error| error.to_string())
    }

    /// Takes back what the move left in the configuration.
    pub(in crate::cluster) fn clear_move(&self) -> Result<(), String> {
        let words = match self.kind {
            Kind::Quorate => "quorate resource clear g --yes",
            Kind::Pacemaker => "crm_resource --clear -r g",
        };
        self.shell(words).map(drop)
    }

    /// One change of the configuration after the other, with a process for each.
    pub(in crate::cluster) fn edit(&self, count: u32) -> Result<f64, String> {
        let edit = match self.kind {
            Kind::Quorate => "quorate attribute set n1 compare $i --kept --yes",
            Kind::Pacemaker => "crm_attribute -N n1 -n compare -v $i",
        };
        let words = format!(
            "i=0; while [ $i -lt {count} ]; do i=$((i+1)); {edit} >/dev/null 2>&1 || exit 1; done"
        );
        let start = Instant::now();
        self.shell(&words)?;
        Ok(f64::from(count) / start.elapsed().as_secs_f64())
    }

    /// Numbers and names of the processes on a node.
    fn processes(&self, node: u32) -> Vec<(u32, String)> {
        let Some(first) = self.bed.first_process(node) else { return Vec::new() };
        let space = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let Some(own) = space(first) else { return Vec::new() };
        let entries = fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let here = pids.filter(|pid| space(*pid).as_ref() == Some(&own));
        here.filter_map(|pid| {
            let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
            Some((pid, name.trim().to_owned()))
        })
        .collect()
    }

    /// The processes of the stack above Corosync.
    fn stack(&self, node: u32) -> Vec<u32> {
        let is_stack = |name: &str| match self.kind {
            Kind::Quorate => name == "quorate",
            Kind::Pacemaker => name.starts_with("pacemaker"),
        };
        let all = self.processes(node).into_iter();
        all.filter(|(_, name)| is_stack(name)).map(|(pid, _)| pid).collect()
    }

    /// What a node's stack occupies, in megabytes: its share of what is shared.
    pub(in crate::cluster) fn memory(&self, node: u32) -> f64 {
        let of = |pid: u32| -> Option<f64> {
            let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
            let line = text.lines().find(|line| line.starts_with("Pss:"))?;
            line.split_whitespace().nth(1)?.parse().ok()
        };
        self.stack(node).into_iter().filter_map(of).sum::<f64>() / 1024.0
    }

    /// What a node's stack and its agents have used, in seconds of a processor.
    pub(in crate::cluster) fn used(&self, node: u32) -> f64 {
        let of = |pid: u32| -> Option<f64> {
            let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
            // utime, stime, cutime and cstime, in ticks of a hundredth of a second.
            Some(fields.get(11..15)?.iter().filter_map(|ticks| ticks.parse::<f64>().ok()).sum())
        };
        self.stack(node).into_iter().filter_map(of).sum::<f64>() / 100.0
    }
}
