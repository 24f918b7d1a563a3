//! The grammar of the command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// A high-availability cluster: status, explanation and change.
#[derive(Debug, Parser)]
#[command(
    name = "quorate",
    version,
    about,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = "Other entries: `quorate demo` (three nodes on this machine), `quorate daemon`, \
                  `quorate fabric`, `quorate lock`, `quorate simulate`, `quorate links`, each with \
                  its own --help."
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The daemon's socket; without it that of the variable QUORATE_SOCKET
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) socket: Option<PathBuf>,
    /// Read this document instead of asking a daemon ("-" is standard input)
    #[arg(long, short = 'f', global = true, value_name = "CIB", conflicts_with = "socket")]
    pub(crate) file: Option<PathBuf>,
    /// Write JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Wait at most this many seconds for an answer
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
    /// Decide as of this time (seconds since 1970) instead of now
    #[arg(long, global = true, value_name = "TIME", hide = true)]
    pub(crate) now: Option<i64>,
}

/// What every change takes.
#[derive(Clone, Copy, Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "mirrors the switches of the command line")]
pub(crate) struct Changing {
    /// Only show what would happen
    #[arg(long, short = 'n')]
    pub(crate) dry_run: bool,
    /// Do not ask
    #[arg(long, short = 'y')]
    pub(crate) yes: bool,
    /// Do not wait until the cluster is done with it
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Make the change even without quorum
    #[arg(long)]
    pub(crate) force: bool,
    /// How many seconds to wait until the cluster is done with it
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    pub(crate) patience: u64,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// How the cluster is, in words first
    Status {
        /// Show it anew whenever something happens
        #[arg(long, short = 'w', conflicts_with = "file")]
        watch: bool,
    },
    /// The cluster on the whole terminal, as it happens; by keys (? says which)
    Watch,
    /// Why a resource is where it is, or is nowhere
    Why {
        /// A resource; with --action also an action's name, such as db_start_0
        #[arg(required_unless_present = "action")]
        resource: Option<String>,
        /// Only this node
        node: Option<String>,
        /// Why each action is in the plan, back to the event or the edit that began it
        #[arg(long)]
        action: bool,
    },
    /// What the cluster would do now, or with another configuration
    Plan {
        /// A document with the other configuration
        #[arg(value_name = "CIB")]
        edited: Option<PathBuf>,
    },
    /// What happened
    History {
        /// From this entry on
        #[arg(long, default_value_t = 0)]
        since: u64,
        /// Show what happens from now on, too
        #[arg(long, short = 'F')]
        follow: bool,
    },
    /// Wait until nothing is left to do
    Wait {
        /// At most this many seconds
        #[arg(default_value_t = 300)]
        seconds: u64,
    },
    /// Resources: list, add, set, remove, enable, disable, move, clear, cleanup, debug-start
    #[command(subcommand)]
    Resource(Resource),
    /// Nodes: list, standby, maintenance, fence, shutdown
    #[command(subcommand)]
    Node(Node),
    /// The configuration: show, edit, diff, apply, undo, check
    #[command(subcommand)]
    Config(Config),
    /// Fence devices and what was fenced
    #[command(subcommand)]
    Fence(Fence),
    /// Node attributes
    #[command(subcommand)]
    Attribute(Attribute),
    /// Take over the configuration of another kind of cluster: heartbeat
    #[command(subcommand)]
    Import(Import),
    /// Write the configuration as another kind of cluster would have it, as far as that can say it: heartbeat
    #[command(subcommand)]
    Export(Export),
    /// The agents of this machine: standards, those of one, or what one takes
    Agents {
        /// STANDARD, ocf:PROVIDER, or an agent: `ocf:heartbeat:IPaddr2`
        what: Option<String>,
    },
    /// The cluster itself: init, join, leave, remove, start, stop, status, link, check, timing
    #[command(subcommand)]
    Cluster(cluster::Verb),
    /// What this node serves to the network: its certificate
    #[command(subcommand)]
    Web(Web),
    /// The exit codes, and what each says
    ExitCodes,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Resource {
    /// All resources and where they are
    List,
    /// Add a primitive: `add ip ocf:heartbeat:IPaddr2 ip=10.0.0.7 op monitor interval=10s`
    Add {
        id: String,
        /// STANDARD:PROVIDER:TYPE or STANDARD:TYPE
        agent: String,
        /// NAME=VALUE parameters; after `meta` meta attributes; after `op TASK` an operation's
        #[arg(value_name = "NAME=VALUE")]
        words: Vec<String>,
        /// As last member of this group, which is made if there is none
        #[arg(long, conflicts_with_all = ["clone", "promotable"])]
        group: Option<String>,
        /// On every node
        #[arg(long)]
        clone: bool,
        /// On every node, promoted on one
        #[arg(long)]
        promotable: bool,
        /// Also if the agent is not installed here, or does not take what it is given
        #[arg(long)]
        unchecked: bool,
        #[command(flatten)]
        changing: Changing,
    },
    /// Change parameters: `set ip ip=10.0.0.8 nic=`; an empty value takes one away
    Set {
        resource: String,
        /// NAME=VALUE parameters; after `meta` meta attributes
        #[arg(value_name = "NAME=VALUE", required = true)]
        words: Vec<String>,
        /// Also if the agent is not installed here, or does not take what it is given
        #[arg(long)]
        unchecked: bool,
        #[command(flatten)]
        changing: Changing,
    },
    /// Stop a resource and remove it with the constraints that name it
    Remove {
        resource: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Let it run
    Enable {
        resource: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Stop it and keep it stopped
    Disable {
        resource: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Move it to a node, or away from where it is
    Move {
        resource: String,
        node: Option<String>,
        #[command(flatten)]
        changing: Changing,
    },
    /// Remove the constraints that `move` made
    Clear {
        resource: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Forget failures and look again
    Cleanup {
        resource: Option<String>,
        node: Option<String>,
        #[command(flatten)]
        changing: Changing,
    },
    /// Run its agent's start on this machine, past the cluster
    DebugStart(ByHand),
    /// Run its agent's stop on this machine, past the cluster
    DebugStop(ByHand),
    /// Ask its agent on this machine how it is, past the cluster
    DebugMonitor(ByHand),
    /// Run its agent's promote on this machine, past the cluster
    DebugPromote(ByHand),
    /// Run its agent's demote on this machine, past the cluster
    DebugDemote(ByHand),
}

/// A run of an agent past the cluster.
#[derive(Debug, Args)]
pub(crate) struct ByHand {
    pub(crate) resource: String,
    /// Also if it is active on another node
    #[arg(long)]
    pub(crate) force: bool,
    /// How many seconds it may take; without it as many as the cluster gives it
    #[arg(long, value_name = "SECONDS")]
    pub(crate) limit: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Node {
    /// All nodes
    List,
    /// Move everything away and run nothing there
    Standby {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// End standby
    Unstandby {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Touch nothing there
    Maintenance {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// End maintenance
    Unmaintenance {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Cut it off: what runs there dies and is started elsewhere
    Fence {
        node: String,
        /// off, reboot or on
        #[arg(long, default_value = "reboot", value_parser = ["off", "reboot", "on"])]
        action: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Your word that a lost node is switched off
    ConfirmOff {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
    /// Move everything away, then stop the daemon there
    Shutdown {
        node: String,
        #[command(flatten)]
        changing: Changing,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// The document
    Show {
        /// Only this section: resources, constraints, status, ...
        section: Option<String>,
    },
    /// Change it in your editor ($VISUAL, $EDITOR)
    Edit {
        #[command(flatten)]
        changing: Changing,
    },
    /// What differs from another document
    Diff {
        #[arg(value_name = "CIB")]
        other: PathBuf,
    },
    /// Make another document's configuration the cluster's
    Apply {
        #[arg(value_name = "CIB")]
        new: PathBuf,
        #[command(flatten)]
        changing: Changing,
    },
    /// Go back to the configuration before the last change of it
    Undo {
        #[command(flatten)]
        changing: Changing,
    },
    /// Errors and oddities of the configuration, or of a document
    Check {
        #[arg(value_name = "CIB")]
        document: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    /// Heartbeat's ha.cf, authkeys and haresources: what changes and why, then the plan
    Heartbeat(ImportHeartbeat),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Export {
    /// Heartbeat's ha.cf and haresources, and what they cannot say
    Heartbeat {
        /// Write them into this directory, instead of showing them
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
        /// Another corosync.conf than this machine's
        #[arg(long, value_name = "FILE", default_value = "/etc/corosync/corosync.conf")]
        corosync: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportHeartbeat {
    /// The directory with Heartbeat's files
    #[arg(value_name = "DIR", default_value = "/etc/ha.d")]
    pub(crate) folder: PathBuf,
    /// Write corosync.conf and cib.xml into this directory, instead of changing a cluster
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    /// A node's addresses, one for each link in the order of the media
    #[arg(long, value_name = "NODE=ADDRESS,...")]
    pub(crate) address: Vec<String>,
    /// Read haresources also where `crm on` says that it is not read
    #[arg(long)]
    pub(crate) resources: bool,
    /// What Heartbeat's own resource manager had (`crm on`); on a node, it is looked for in
    /// /var/lib/heartbeat/crm
    #[arg(long, value_name = "FILE")]
    pub(crate) cib: Option<PathBuf>,
    /// The files are another machine's: this one need not be among the nodes
    #[arg(long)]
    pub(crate) elsewhere: bool,
    #[command(flatten)]
    pub(crate) changing: Changing,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Web {
    /// The certificate by which browsers and programs know this node
    #[command(subcommand)]
    Certificate(Shown),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Shown {
    /// Whose it is, for which names, until when, its fingerprint, and who signed it
    Show,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Fence {
    /// Devices, where they are active, and whom they can cut off
    Devices,
    /// Who was cut off when, by whom and why
    History,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Attribute {
    /// Set an attribute of a node until it leaves
    Set {
        node: String,
        name: String,
        value: String,
        /// Keep it over restarts
        #[arg(long)]
        kept: bool,
        #[command(flatten)]
        changing: Changing,
    },
    /// Remove an attribute of a node
    Unset {
        node: String,
        name: String,
        /// The one that is kept over restarts
        #[arg(long)]
        kept: bool,
        #[command(flatten)]
        changing: Changing,
    },
}
