//! Files against machines that were looked at.

use std::collections::BTreeMap;

use wire::machine::{
    Address, Card, Group, LockPlace, LockState, Machine, Polled, PolledSource, Program,
    ProgramState, Unreached,
};

use super::*;
use crate::probed::Probed;
use crate::template::{Wish, cluster_template};

/// A card: `eth0 0 10.0.0.1/24`, with its wire. `-` stands for no wire, and a last word for what it is a part of.
fn card(words: &str) -> Card {
    let mut words = words.split(' ');
    let (name, wire) = (words.next().unwrap(), words.next().unwrap());
    let (mut addresses, mut part_of) = (Vec::new(), None);
    for word in words {
        match word.split_once('/') {
            Some((ip, prefix)) => {
                let (ip, prefix): (std::net::Ipv4Addr, u8) =
                    (ip.parse().unwrap(), prefix.parse().unwrap());
                let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
                let network = std::net::Ipv4Addr::from_bits(ip.to_bits() & mask).into();
                addresses.push(Address { ip: ip.into(), prefix, network });
            }
            None => part_of = Some(word.to_owned()),
        }
    }
    let wire = wire.parse().ok();
    Card { name: name.to_owned(), works: wire.is_some(), part_of, addresses, wire }
}

fn machine(cards: &[&str]) -> Machine {
    Machine { cards: cards.iter().map(|words| card(words)).collect(), ..Machine::default() }
}

const FILE: &str = "CLUSTER_NAME web
QS_HOST qs1
NODE_NAME n1
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.1
NETWORK_INTERFACE lan1
NODE_NAME n2
NETWORK_INTERFACE lan0
HEARTBEAT_IP 10.0.0.2
NETWORK_INTERFACE lan1
";

fn looked(second: Looked) -> BTreeMap<String, Looked> {
    let first = Ok(machine(&["lan0 0 10.0.0.1/24", "lan1 0"]));
    [("n1".to_owned(), first), ("n2".to_owned(), second)].into()
}

#[test]
fn what_the_nodes_are_not_is_said_with_its_line() {
    let found = |machine: &Looked| {
        let cluster = Cluster::of(&Text::parse(FILE));
        lines(&check_nodes(&cluster, &looked(machine.clone())))
    };
    assert_eq!(found(&Ok(machine(&["lan0 0 10.0.0.2/24", "lan1 0"]))), Vec::<String>::new());
    let table: [(Looked, &str); 10] = [
        (
            Err("no door answers".to_owned()),
            "line 7: error: n2 cannot be looked at: no door answers",
        ),
        (
            Ok(machine(&["eth0 0 10.0.0.2/24", "lan1 0"])),
            "line 8: error: n2 has no network card lan0; it has eth0 and lan1",
        ),
        (
            Ok(machine(&["lan0 0 10.0.0.3/24", "lan1 0"])),
            "line 9: error: lan0 of n2 has no address 10.0.0.2; it has 10.0.0.3",
        ),
        (
            Ok(machine(&["lan0 0", "lan1 0"])),
            "line 9: error: lan0 of n2 has no address 10.0.0.2; it has none",
        ),
        (
            Ok(machine(&["lan0 0", "lan1 1", "eth2 1 10.0.0.2/24"])),
            "line 9: error: lan0 of n2 has no address 10.0.0.2; eth2 has it",
        ),
        (
            Ok(machine(&["lan0 -", "lan1 0 10.0.0.2/24"])),
            "line 9: note: 10.0.0.2 is on lan1 at the moment; which stands by for lan0",
        ),
        (
            Ok(machine(&["lan0 - 10.0.0.2/24", "lan1 0"])),
            "line 8: warning: lan0 of n2 has no link; is its cable in?",
        ),
        (
            Ok(machine(&["lan0 0 10.0.0.2/24", "lan1 1"])),
            "line 10: error: lan1 of n2 stands by for lan0, and is on another wire; connect them",
        ),
        (
            Ok(machine(&["lan0 0 10.0.0.2/24", "lan1 0 10.9.9.9/24"])),
            "line 10: warning: lan1 of n2 stands by, and has an address; say it: 10.9.9.9",
        ),
        (
            Ok(machine(&["lan0 0 10.0.0.2/24", "lan1 - bond0", "bond0 0"])),
            "line 10: error: lan1 of n2 is a part of bond0; say bond0",
        ),
    ];
    each_is_found(&table, found);
    let server = "qs1:5403".to_owned();
    let unreached = vec![Unreached { server, why: "refused".to_owned() }];
    let alone = found(&Ok(Machine { unreached, ..machine(&["lan0 0 10.0.0.2/24", "lan1 0"]) }));
    let wanted = "line 2: error: n2 does not reach the quorum server qs1:5403: refused; does corosync-qnetd run there?";
    assert_eq!(alone, [wanted]);
    let narrow = found(&Ok(machine(&["lan0 0 10.0.0.2/25", "lan1 0"])));
    let wanted = "line 7: error: n2 has no heartbeat on 10.0.0.0/24, and n1 has; each node is on each heartbeat subnet";
    assert_eq!(narrow, [wanted]);
}

#[test]
fn scripts_are_looked_for_on_each_node_of_the_package() {
    let text = "PACKAGE_NAME mail\nNODE_NAME n1\nNODE_NAME n2\nRUN_SCRIPT /etc/mail.sh\nHALT_SCRIPT /etc/mail.sh\n";
    let package = Package::of(&Text::parse(text));
    let with = |state: ProgramState| {
        let program = Program { path: "/etc/mail.sh".to_owned(), state };
        Ok(Machine { programs: vec![program], ..Machine::default() })
    };
    let found = |state: &ProgramState| {
        let looked: BTreeMap<String, Looked> = [
            ("n1".to_owned(), with(ProgramState::Runnable)),
            ("n2".to_owned(), with(state.clone())),
            ("n3".to_owned(), with(ProgramState::NotExecutable)),
        ]
        .into();
        lines(&check_programs(&package, &["n1", "n2"], &looked))
    };
    assert_eq!(found(&ProgramState::Runnable), Vec::<String>::new());
    let missing = ProgramState::Missing { why: "no such file".to_owned() };
    each_is_found(
        &[
            (
                missing,
                "line 4: error: /etc/mail.sh is not there on n2: no such file; it must be the same on every node",
            ),
            (ProgramState::NotExecutable, "line 5: error: /etc/mail.sh is not executable on n2"),
        ],
        found,
    );
}

#[test]
fn somebody_says_the_value_of_a_resource_on_each_node_of_the_package() {
    let text = "package_name p\nnode_name n1\nnode_name n2\nresource_name /a/b\n";
    let package = Package::of(&Text::parse(text));
    let with = |source: PolledSource| {
        let resources = vec![Polled { name: "/a/b".to_owned(), source }];
        Ok(Machine { resources, ..Machine::default() })
    };
    let found = |source: &PolledSource| {
        let looked: BTreeMap<String, Looked> = [
            ("n1".to_owned(), with(PolledSource::Program)),
            ("n2".to_owned(), with(source.clone())),
            ("n3".to_owned(), with(PolledSource::None)),
            ("n4".to_owned(), Err("it is off".to_owned())),
        ]
        .into();
        lines(&check_resources(&package, &["n1", "n2", "n4"], &looked))
    };
    assert_eq!(found(&PolledSource::Native), Vec::<String>::new());
    let program = "put a program there that prints its value: /etc/cmcluster/resources/a/b";
    let unknown = PolledSource::Unknown { why: "there is no network card b".to_owned() };
    for (source, wanted) in [
        (PolledSource::NotExecutable, "/etc/cmcluster/resources/a/b is not executable on n2; it is to print the value of /a/b".to_owned()),
        (unknown, format!("n2 does not know /a/b: there is no network card b; {program}")),
        (PolledSource::None, format!("nothing on n2 says the value of /a/b; {program}; a value that others set is a generic_resource_name")),
    ] {
        assert_eq!(found(&source), [format!("line 4: error: {wanted}")]);
    }
}

fn group(name: &str, owner: Option<&str>) -> Group {
    let (name, system_id) = (name.to_owned(), owner.map(str::to_owned));
    Group { uuid: name.clone(), name, system_id, devices: Vec::new() }
}

#[test]
fn volume_groups_belong_to_one_node_at_a_time() {
    let machine = |system_id: Option<&str>, owner: Option<&str>| {
        let system_id = system_id.map(str::to_owned);
        let groups = vec![group("vgshop", owner), group("vgroot", None)];
        Ok(Machine { groups, system_id, ..Machine::default() })
    };
    let package = Package::of(&Text::parse("package_name shop\nvg /dev/vgshop\nvg vgmail\n"));
    let found = |first: Looked, second: Looked| {
        let looked = [("n1".to_owned(), first), ("n2".to_owned(), second)].into();
        lines(&check_owners(&package.volume_groups, &["n1", "n2"], &looked))
    };
    let (n1, n2) = (Some("n1"), Some("n2"));
    assert_eq!(found(machine(n1, n2), machine(n2, n2)), Vec::<String>::new());
    let nobody = "line 2: error: LVM on n2 has no system ID; say system_id_source = \"uname\" in its lvm.conf";
    assert_eq!(found(machine(n1, n1), machine(None, n1)), [nobody]);
    let free = "line 2: error: the volume group vgshop has no system ID: any node could activate it; on the node that \
                has it: vgchange --systemid $(uname -n) vgshop";
    assert_eq!(found(machine(n1, None), machine(n2, None)), [free]);
    assert_eq!(found(Ok(Machine::default()), Ok(Machine::default())), Vec::<String>::new());
}

#[test]
fn volume_groups_are_looked_for_where_somebody_can() {
    let group = |name: &str| group(name, None);
    let sees = Machine { groups: vec![group("vgshop")], ..Machine::default() };
    let cannot = vec!["volume groups: cannot run vgs".to_owned()];
    let blind = Machine { unseen: cannot, ..Machine::default() };
    let looked: BTreeMap<String, Looked> =
        [("n1", sees), ("n2", Machine::default()), ("n3", blind)]
            .map(|(name, machine)| (name.to_owned(), Ok(machine)))
            .into();
    let package = Package::of(&Text::parse("package_name shop\nvg /dev/vgshop\nvg vgmail\n"));
    let found = lines(&check_groups(&package.volume_groups, &["n1", "n2", "n3"], &looked));
    let wanted = [
        "line 2: warning: n2 does not see the volume group /dev/vgshop; is its disk connected there?",
        "line 3: warning: n1 does not see the volume group vgmail; is its disk connected there?",
        "line 3: warning: n2 does not see the volume group vgmail; is its disk connected there?",
    ];
    assert_eq!(found, wanted);
}

fn probed(name: &str, cards: &[&str]) -> Probed {
    Probed { name: name.to_owned(), machine: machine(cards), ..Probed::default() }
}

fn template(nodes: &[Probed], server: Option<&str>) -> String {
    let server = server.map(|server| (server.to_owned(), None));
    cluster_template(&Wish { cluster: "web".to_owned(), server }, nodes)
}

/// The lines that are no comments, without needless blanks.
fn said(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.map(|line| format!("{}\n", words(line))).collect()
}

#[test]
fn a_template_is_a_file_with_nothing_to_say_about() {
    let nodes = [
        probed(
            "n1",
            &["lan0 0 10.0.0.1/24 10.0.0.77/32", "lan1 1 10.1.0.1/24", "lan2 0", "lan3 -"],
        ),
        probed("n2", &["lan0 1 10.0.0.2/24", "lan1 0 10.9.0.2/24", "lan2 1", "br0 3 10.1.0.2/24"]),
    ];
    let text = template(&nodes, Some("qs1"));
    assert_eq!(
        said(&text).lines().take(17).collect::<Vec<_>>().join("\n"),
        "CLUSTER_NAME web\nQS_HOST qs1\nQS_POLLING_INTERVAL 300000000\n\
         NODE_NAME n1\nNETWORK_INTERFACE lan0\nHEARTBEAT_IP 10.0.0.1\nNETWORK_INTERFACE lan2\n\
         NETWORK_INTERFACE lan1\nHEARTBEAT_IP 10.1.0.1\n\
         NODE_NAME n2\nNETWORK_INTERFACE lan0\nHEARTBEAT_IP 10.0.0.2\nNETWORK_INTERFACE lan2\n\
         NETWORK_INTERFACE lan1\nSTATIONARY_IP 10.9.0.2\nNETWORK_INTERFACE br0\nHEARTBEAT_IP 10.1.0.2"
    );
    for comment in [
        "# Possible standby Network Interfaces for lan0: lan2.\n",
        "# Warning: There are no standby network interfaces for lan1.\n",
        "# lan3 is left out: it has no link.\n",
    ] {
        assert!(text.contains(comment), "{comment}{text}");
    }
    assert_eq!(lines(&check_cluster(&text)), Vec::<String>::new());
    let looked = nodes.map(|node| (node.name, Ok(node.machine)));
    let cluster = Cluster::of(&Text::parse(&text));
    assert_eq!(lines(&check_nodes(&cluster, &looked.into())), Vec::<String>::new());
}

#[test]
fn a_running_cluster_s_heartbeats_stay_where_they_are() {
    let linked = |name: &str, last: u8| Probed {
        links: vec![[10, 1, 0, last].into()],
        ..probed(name, &[&format!("lan0 0 10.0.0.{last}/24"), &format!("lan1 1 10.1.0.{last}/24")])
    };
    let text = said(&template(&[linked("n1", 1), linked("n2", 2)], None));
    assert!(text.contains("STATIONARY_IP 10.0.0.1\n") && text.contains("HEARTBEAT_IP 10.1.0.1\n"));
    let apart = [probed("n1", &["lan0 0 10.0.0.1/24"]), probed("n2", &["lan0 0 10.5.0.1/24"])];
    let text = template(&apart, None);
    let wanted =
        "# Warning: there is no subnet that all nodes are on, so none carries heartbeats.\n";
    assert!(text.contains(wanted), "{text}");
    // As Serviceguard says it.
    let wanted = "# Warning: Neither a quorum server nor a lock lun was specificed.\n\
                  # A Quorum Server or a lock lun is required for clusters of only two nodes.\n";
    assert!(text.contains(wanted), "{text}");
}

#[test]
fn a_lock_disk_is_there_empty_and_the_same() {
    let text = FILE
        .replace("QS_HOST qs1\n", "")
        .replace("NODE_NAME n1\n", "NODE_NAME n1\nCLUSTER_LOCK_LUN /dev/sdd1\n")
        .replace("NODE_NAME n2\n", "NODE_NAME n2\nCLUSTER_LOCK_LUN /dev/sde1\n");
    let cluster = Cluster::of(&Text::parse(&text));
    let found = |first: &LockState, second: &LockState| {
        let with = |cards: &[&str], path: &str, state: &LockState| {
            let place = LockPlace { path: path.to_owned(), state: state.clone() };
            Ok(Machine { locks: vec![place], ..machine(cards) })
        };
        let first = with(&["lan0 0 10.0.0.1/24", "lan1 0"], "/dev/sdd1", first);
        let second = with(&["lan0 0 10.0.0.2/24", "lan1 0"], "/dev/sde1", second);
        lines(&check_nodes(&cluster, &[("n1".into(), first), ("n2".into(), second)].into()))
    };
    let locked = |cluster: &str| LockState::Locked { cluster: cluster.to_owned() };
    let (free, ours) = (LockState::Free, locked("web"));
    assert_eq!(found(&free, &free), Vec::<String>::new());
    assert_eq!(found(&ours, &ours), Vec::<String>::new());
    let unusable = LockState::Unusable { why: "No such file or directory".to_owned() };
    let holds = LockState::Holds { what: "LVM2_member".to_owned() };
    let table = [
        (
            &free,
            &unusable,
            "the lock disk /dev/sde1 of n2 cannot be used: No such file or directory; all nodes must reach it",
        ),
        (
            &free,
            &holds,
            "the lock disk /dev/sde1 of n2 holds LVM2_member; name an empty disk or partition, or empty this one first (blkdiscard -z)",
        ),
        (&ours, &locked("mail"), "the lock disk /dev/sde1 of n2 has the lock of the cluster mail"),
        (
            &ours,
            &free,
            "the lock disk /dev/sde1 of n2 is empty, and the lock disk /dev/sdd1 of n1 is not; all name the same disk",
        ),
    ];
    for (first, second, expected) in table {
        assert_eq!(found(first, second), [format!("line 8: error: {expected}")]);
    }
}
