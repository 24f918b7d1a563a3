//! A bed to play on, and how it is talked to.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use testbed::{Bed, Init, Keeper};

use crate::cluster::storm::audit::holders;
use crate::cluster::up;

/// Longer than any step takes.
const PATIENCE: Duration = Duration::from_secs(180);

/// What is there when a play begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begins {
    /// A cluster.
    Cluster,
    /// Machines that form several clusters, or are in none.
    Clusters,
    /// Machines that systemd runs, and no cluster.
    Machines,
}

/// What a play needs.
pub(super) struct Scene {
    pub(super) nodes: u32,
    /// Cards of each machine that stand by, `eth2` and so on.
    pub(super) standby_cards: u32,
    /// What each machine does before it begins with the cluster.
    pub(super) machine: String,
    pub(super) begins: Begins,
}

pub(super) struct Stage {
    pub(super) bed: Bed,
    pub(super) keeper: Keeper,
    /// So many megabytes are written under load.
    pub(super) load: u64,
}

impl Stage {
    /// Boots the machines.
    pub(super) fn set(root: &Path, scene: Scene, wanted: &super::Words) -> Result<Self, String> {
        let Scene { nodes, standby_cards, machine, begins } = scene;
        let mut words = up::Words::of(nodes, wanted.program.as_deref());
        words.program = up::program(&words)?;
        words.failover = Some(wanted.failover);
        words.machine = machine;
        words.standby_cards = standby_cards;
        words.systemd = begins == Begins::Machines;
        up::clear(root)?;
        let bed = up::make(root, &words)?;
        let keeper = Keeper::hold(&bed)?;
        bed.plan().numbers().for_each(|node| keeper.on(node));
        if begins == Begins::Cluster {
            up::wait_formed(&bed, PATIENCE)?;
        }
        Ok(Self { bed, keeper, load: wanted.megabytes })
    }

    /// Takes it away; what the nodes wrote stays if something went wrong.
    pub(super) fn end(self, done: Result<(), String>) -> Result<(), String> {
        let root = self.bed.root().to_owned();
        self.bed.down()?;
        match done {
            Ok(()) => fs::remove_dir_all(&root).map_err(|error| error.to_string()),
            Err(why) => Err(format!("{why}\nwhat the nodes wrote is at {}", root.display())),
        }
    }

    /// Runs words for a shell on a node and shows both them and the answer.
    pub(super) fn run(&self, node: u32, words: &str) -> Result<String, String> {
        println!("n{node}$ {words}");
        let said = self.quietly(node, words)?;
        said.lines().for_each(|line| println!("    {line}"));
        Ok(said)
    }

    /// Runs words for a shell on a node.
    pub(super) fn quietly(&self, node: u32, words: &str) -> Result<String, String> {
        let output = self.bed.command(node, "sh")?.args(["-c", words]).output();
        let output = output.map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(said);
        }
        let why = String::from_utf8_lossy(&output.stderr);
        Err(format!("n{node}: {words}: {}: {said}{why}", output.status))
    }

    /// Runs words for a shell on a node, as an operator's; answers with how it ended and all that it said.
    /// The limit only ends what hangs: some commands ask each of 300 agents for its metadata.
    pub(super) fn said(&self, node: u32, words: &str) -> Result<(String, String), String> {
        let shell = "exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 \
                     COLUMNS=200 MEGABYTES=$MEGABYTES timeout 600 sh -c \"$0\" </dev/null 2>&1";
        let mut command = self.bed.command(node, "sh")?;
        command.args(["-c", shell, words]).env("MEGABYTES", self.load.to_string());
        let output = command.output();
        let output = output.map_err(|error| error.to_string())?;
        let ended = output.status;
        let code = ended.code().map_or_else(|| ended.to_string(), |code| code.to_string());
        Ok((code, String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// Begins words for a shell on a node.
    pub(super) fn begin(&self, node: u32, words: &str) -> Result<Child, String> {
        println!("n{node}$ {words} &");
        let mut shell = self.bed.command(node, "sh")?;
        shell.args(["-c", words]).stdin(Stdio::null()).stdout(Stdio::piped());
        shell.env("MEGABYTES", self.load.to_string());
        shell.spawn().map_err(|error| error.to_string())
    }

    /// Looks until it is so; says how long that took.
    pub(super) fn wait(
        &self,
        what: &str,
        mut look: impl FnMut() -> bool,
    ) -> Result<Duration, String> {
        let start = Instant::now();
        while !look() {
            if start.elapsed() > PATIENCE {
                return Err(format!("waited too long for {what}"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(start.elapsed())
    }

    /// Bans a resource from nodes.
    pub(super) fn never_on(&self, resource: &str, nodes: &[u32]) -> Result<(), String> {
        let ban = |node: &u32| {
            format!(
                "<rsc_location id=\"not-n{node}\" rsc=\"{resource}\" node=\"n{node}\" \
                 score=\"-INFINITY\"/>"
            )
        };
        self.constrain(&nodes.iter().map(ban).collect::<String>())
    }

    /// Adds elements to the constraints.
    pub(super) fn constrain(&self, xml: &str) -> Result<(), String> {
        let words = format!(
            "quorate config show >/run/cib.xml && sed -i 's|<constraints */>|<constraints></constraints>|; \
             s|</constraints>|{xml}&|' /run/cib.xml && quorate config apply /run/cib.xml --yes"
        );
        self.run(1, &words).map(drop)
    }

    /// Lets what runs stay where it is when a node comes back.
    pub(super) fn stay(&self) -> Result<(), String> {
        let words = "quorate config show >/run/cib.xml && sed -i 's|</configuration>|<rsc_defaults>\
             <meta_attributes id=\"defaults\"><nvpair id=\"stay\" name=\"resource-stickiness\" \
             value=\"100\"/></meta_attributes></rsc_defaults>&|' /run/cib.xml && \
             quorate config apply /run/cib.xml --yes";
        self.run(1, words).map(drop)
    }

    /// Says that nothing is to be fenced.
    pub(super) fn unfenced(&self) -> Result<(), String> {
        let words = "quorate config show >/run/cib.xml && sed -i 's|<crm_config */>|<crm_config>\
             </crm_config>|; s|</crm_config>|<cluster_property_set id=\"for-now\"><nvpair \
             id=\"unfenced\" name=\"stonith-enabled\" value=\"false\"/></cluster_property_set>&|' \
             /run/cib.xml && quorate config apply /run/cib.xml --yes";
        self.run(1, words).map(drop)
    }

    /// Whether systemd is the nodes' first process.
    pub(super) fn has_systemd(&self) -> bool {
        self.bed.plan().init == Init::Systemd
    }

    /// The node that has the address.
    pub(super) fn holder(&self) -> Result<u32, String> {
        match holders(&self.bed).as_slice() {
            [one] => Ok(*one),
            others => Err(format!("the address is on {others:?}")),
        }
    }

    /// The node that has the address, or will have it: while it moves, nobody has.
    pub(super) fn next_holder(&self) -> Result<u32, String> {
        let is_anywhere = || !holders(&self.bed).is_empty();
        self.wait("somebody with the address", is_anywhere)?;
        self.holder()
    }

    /// Pulls a node's plug, and waits until the address is elsewhere and, if it is fenced and boots,
    /// until it is back.
    pub(super) fn lose(&self, node: u32) -> Result<Duration, String> {
        println!("-- n{node} loses its power");
        let start = Instant::now();
        self.keeper.off(node)?;
        let mark = self.lost_mark();
        fs::write(&mark, "").map_err(|error| format!("{}: {error}", mark.display()))?;
        self.wait("the address", || holders(&self.bed).iter().any(|holder| *holder != node))?;
        let took = start.elapsed();
        println!("-- the address is elsewhere after {:.2} s", took.as_secs_f64());
        Ok(took)
    }

    /// A file that all machines see once a node has been [lost](Self::lose).
    fn lost_mark(&self) -> PathBuf {
        self.bed.root().join("shared/lost")
    }

    /// Words for a shell that say all of a file, the end of it only when a node has been lost: however
    /// fast the machine is, who writes it somewhere has not ended before.
    pub(super) fn slowly(&self, source: &Path) -> String {
        let first = (self.load << 20) / 4 * 3;
        let (source, mark) = (source.display(), self.lost_mark());
        format!(
            "{{ head -c {first} {source}; until [ -e {} ]; do sleep 0.1; done; tail -c +{} {source}; }}",
            mark.display(),
            first + 1
        )
    }

    /// Cuts a node's cables, waits until the address is elsewhere; the node must have been fenced before.
    pub(super) fn cut_off(&self, node: u32) -> Result<(), String> {
        println!("-- all links of n{node} are cut");
        for link in 0..self.bed.plan().links {
            self.bed.set_link_loss(node, link, 100, 100)?;
        }
        let fenced = format!("n{node} off for a fence agent");
        let fencings = || self.keeper.record().iter().filter(|(_, what)| *what == fenced).count();
        let before = fencings();
        self.wait("the address", || holders(&self.bed).iter().any(|holder| *holder != node))?;
        self.must(fencings() > before, "first fenced, then taken over")
    }

    /// Pulls the cable of a machine's card, or plugs it in.
    pub(super) fn plug(&self, node: u32, card: &str, in_: bool) -> Result<(), String> {
        println!(
            "-- the cable of {card} of n{node} is {}",
            if in_ { "plugged in" } else { "pulled" }
        );
        let number = card.strip_prefix("eth").and_then(|digits| digits.parse().ok());
        let number = number.ok_or_else(|| format!("no card: {card}"))?;
        self.bed.set_link(node, number, in_)
    }

    /// Waits until all nodes are members again.
    pub(super) fn wait_all(&self) -> Result<(), String> {
        up::wait_formed(&self.bed, PATIENCE)
    }

    /// An error unless it holds.
    pub(super) fn must(&self, holds: bool, what: &str) -> Result<(), String> {
        if holds { Ok(()) } else { Err(format!("not so: {what}")) }
    }
}
