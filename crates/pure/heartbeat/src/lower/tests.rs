use super::*;
use crate::{Keys, Severity};

const HA: &str = "use_logd yes
keepalive 2
deadtime 10
initdead 20
udpport 694
bcast eth1
ucast eth0 10.0.0.1
ucast eth0 10.0.0.2
auto_failback off
node N1
node n2
ping 10.0.0.254
ping_group routers 10.1.0.1 10.1.0.2
respawn hacluster /usr/lib/heartbeat/ipfail
respawn root /opt/bin/watcher -v
apiauth ipfail uid=hacluster
stonith_host n1 ipmilan N2 10.2.0.2 623 md5 admin root hush,loud
stonith_host * meatware n1 n2
";
const RESOURCES: &str = "n1 10.0.0.9/24/eth0 Filesystem::/dev/sdb1::/srv::ext3::noatime,ro httpd\n\
                         n2 backup::daily::/srv 10.0.0.10\n";

fn machines() -> Machines {
    let names = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    Machines {
        local: Some("n1".to_owned()),
        interfaces: [("eth0", "10.0.0.1"), ("eth1", "10.1.0.1")]
            .map(|(device, address)| (device.to_owned(), address.to_owned()))
            .into(),
        addresses: [("n2".to_owned(), vec!["10.1.0.2".to_owned(), "10.0.0.2".to_owned()])].into(),
        resource_d: names(&["backup"]),
        units: names(&["httpd"]),
        ..Machines::default()
    }
}

fn lowered(ha: &str, resources: &str, machines: &Machines) -> Lowered {
    let (ha, keys) = (HaCf::parse(ha), Keys::parse("auth 1\n1 sha1 hush\n"));
    let resources = Resources::parse(resources);
    lower(
        Given { ha: &ha, keys: Some(&keys), resources: Some(&resources), document: None },
        machines,
    )
}

#[test]
fn media_become_links_and_times_timing() {
    let made = lowered(HA, RESOURCES, &machines());
    let conf = corosync::Conf::parse(&made.corosync);
    let settings = corosync::Settings::of(&conf);
    let of = |name: &str| -> Vec<String> {
        let node = settings.node(name).unwrap();
        node.addresses.iter().map(|(_, address)| address.value.clone()).collect()
    };
    assert_eq!(of("n1"), ["10.1.0.1", "10.0.0.1"]);
    assert_eq!(of("n2"), ["10.1.0.2", "10.0.0.2"]);
    let effective = corosync::timing::Effective::of(&settings);
    let given_up = effective.real_token + effective.consensus;
    assert!((9_000..=10_000).contains(&given_up), "{given_up}");
    let odd = corosync::check(&made.corosync);
    assert!(odd.iter().all(|finding| finding.severity == Severity::Note), "{odd:?}");
    assert_eq!(made.findings, []);
}

#[test]
fn peers_of_a_pair_are_found_in_lines_that_are_the_same_on_both() {
    let ha = HA.replace("bcast eth1\n", "");
    let made = lowered(&ha, RESOURCES, &Machines { addresses: BTreeMap::new(), ..machines() });
    assert!(made.corosync.contains("ring0_addr: 10.0.0.2\n        name: n2"), "{}", made.corosync);
    let by_name = lowered(HA, RESOURCES, &Machines { addresses: BTreeMap::new(), ..machines() });
    let conf = &by_name.corosync;
    assert!(conf.contains("ring0_addr: n2\n        ring1_addr: 10.0.0.2"), "{conf}");
    let ha = ha.replace("auto_failback", "bcast eth1\nauto_failback");
    let unknown = lowered(&ha, RESOURCES, &Machines { addresses: BTreeMap::new(), ..machines() });
    let said: Vec<String> = unknown.findings.iter().map(|(_, found)| found.to_string()).collect();
    let expected = "error: the address of n2 on eth1 is not known; say --address n2=ADDRESS,ADDRESS with \
                    one for each link";
    assert_eq!(said, [expected]);
}

#[test]
fn the_document_is_valid_and_says_what_the_files_said() {
    let made = lowered(HA, RESOURCES, &machines());
    let document = Document::parse(&made.document).unwrap();
    assert_eq!(cib::schema::check(&document).violations, [], "{}", made.document);
    for part in [
        "name=\"resource-stickiness\" value=\"1000\"",
        "name=\"dc-deadtime\" value=\"20s\"",
        "name=\"stonith-enabled\" value=\"true\"",
        "<group id=\"group_1\"><primitive id=\"IPaddr_10_0_0_9\" class=\"ocf\" provider=\"heartbeat\" \
         type=\"IPaddr2\">",
        "name=\"cidr_netmask\" value=\"24\"",
        "name=\"nic\" value=\"eth0\"",
        "name=\"options\" value=\"noatime,ro\"",
        "<primitive id=\"httpd_1\" class=\"systemd\" type=\"httpd\">",
        "<primitive id=\"backup_1\" class=\"heartbeat\" type=\"backup\">",
        "name=\"2\" value=\"/srv\"",
        "<rule id=\"prefered_location_group_2\" score=\"100\"",
        "<clone id=\"connected\">",
        "<clone id=\"connected_routers\">",
        "score-attribute=\"pingd\"",
        "type=\"fence_ipmilan\"",
        "name=\"pcmk_host_list\" value=\"n2\"",
        "name=\"privlvl\" value=\"administrator\"",
        "name=\"password\" value=\"hush,loud\"",
        "operation=\"ne\" value=\"n1\"",
    ] {
        assert!(made.document.contains(part), "{part}\n{}", made.document);
    }
    assert!(!made.document.contains("meatware"));
}

#[test]
fn failback_is_stickiness() {
    let stickiness = |from: &str, to: &str| {
        let ha = HA.replace("respawn hacluster /usr/lib/heartbeat/ipfail\n", "").replace(from, to);
        let made = lowered(&ha, RESOURCES, &machines());
        let (_, rest) = made.document.split_once("name=\"resource-stickiness\" value=\"").unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    assert_eq!(stickiness("", ""), "1000");
    assert_eq!(stickiness("auto_failback off", "auto_failback on"), "0");
    assert_eq!(stickiness("auto_failback off\n", ""), "0", "legacy");
}

#[test]
fn everything_that_changes_is_said_and_no_secret() {
    let made = lowered(HA, RESOURCES, &machines());
    let said: String = made.words.iter().map(|word| format!("{word}\n")).collect();
    for part in [
        "becomes  ha.cf:6: broadcast on eth1: knet's link 0, UDP port 5405",
        "differs  ha.cf:5: udpport: ",
        "becomes  ha.cf:14: ipfail becomes a rule",
        "to do    ha.cf:15: respawn: `/opt/bin/watcher -v` as root",
        "differs  ha.cf:16: apiauth ipfail",
        "becomes  ha.cf:17: the fence device ipmilan becomes stonith_1 (fence_ipmilan), used by n1 only",
        "to do    ha.cf:18: the fence device meatware: say `quorate node confirm-off NODE`",
        "becomes  authkeys:2: sha1: ",
        "becomes  haresources:1: the line becomes group_1 (IPaddr_10_0_0_9, Filesystem_1, httpd_1)",
    ] {
        assert!(said.contains(part), "{part}\n{said}");
    }
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn without_a_device_the_missing_proof_is_said() {
    let made = lowered("node a b\nbcast eth0\n", "a 10.0.0.9\n", &Machines::default());
    assert!(made.document.contains("name=\"stonith-enabled\" value=\"false\""));
    assert!(made.document.contains("<primitive id=\"IPaddr_10_0_0_9\""), "{}", made.document);
    assert!(!made.document.contains("<group"), "one resource is no group");
    let todo = |word: &&Word| word.kind == Kind::ToDo;
    assert!(made.words.iter().find(todo).is_some_and(|word| word.text.contains("without proof")));
}

#[test]
fn a_volume_group_needs_an_owner() {
    let made = lowered(HA, "n1 LVM::/dev/vgweb\n", &machines());
    let said: String = made.words.iter().map(|word| format!("{word}\n")).collect();
    let todo = "to do    haresources:1: LVM: the volume group vgweb is one node's at a time by its system ID";
    assert!(said.contains(todo), "{said}");
    assert!(made.document.contains("name=\"vg_access_mode\" value=\"system_id\""));
}

#[test]
fn a_script_that_is_nowhere_is_an_error_with_its_line() {
    let made = lowered(HA, "n1 10.0.0.9 nothing::x\n", &machines());
    let [(File::Resources, finding)] = made.findings.as_slice() else {
        panic!("{:?}", made.findings)
    };
    assert_eq!((finding.line, finding.severity), (1, Severity::Error));
    assert_eq!(finding.what, "Cannot locate resource script nothing");
    let machines = Machines { not_executable: ["nothing".to_owned()].into(), ..machines() };
    let made = lowered(HA, "n1 10.0.0.9 nothing::x\n", &machines);
    let hints = made.findings.iter().map(|(_, finding)| finding.hint.as_deref());
    assert_eq!(hints.collect::<Vec<_>>(), [Some("it is there, and cannot be run: chmod 755")]);
}

#[test]
fn a_device_whose_parameters_are_in_a_file() {
    let ha = "node a b\nbcast eth0\nstonith wti_nps /etc/ha.d/wti\n";
    let files = [("/etc/ha.d/wti".to_owned(), "# the switch\n10.0.0.8 hush\n".to_owned())].into();
    let made = lowered(ha, "", &Machines { files, ..Machines::default() });
    assert!(made.document.contains("type=\"fence_wti\""), "{}", made.document);
    let made = lowered(ha, "", &Machines::default());
    assert!(made.findings.iter().any(|(_, finding)| finding.line == 3), "{:?}", made.findings);
}

#[test]
fn what_only_the_operator_knows_of_a_device_is_to_be_said() {
    let ha = "node a b\nbcast eth0\nstonith_host * external/libvirt a,b qemu+ssh://10.0.0.8/system\n\
              stonith_host a external/ipmi b 10.0.0.9 root\n";
    let made = lowered(ha, "", &Machines::default());
    let said: String = made.words.iter().map(|word| format!("{word}\n")).collect();
    let asked = "to do    ha.cf:3: stonith_1: the plug-in logged in by root's own key of ssh: say \
                 identity_file=FILE of it";
    assert!(said.contains(asked), "{said}");
    let counted = made.findings.iter().find(|(_, finding)| finding.line == 4).unwrap();
    assert_eq!(
        counted.1.to_string(),
        "line 4: warning: external/ipmi has 3 parameters; expected: hostname ipaddr userid passwd"
    );
}

#[test]
fn the_graphical_programs_port_is_the_consoles() {
    for (line, port) in [
        ("respawn root /usr/lib/heartbeat/mgmtd -v", "5560"),
        ("failfast root /usr/lib64/heartbeat/mgmtd -v -p 5561", "5561"),
    ] {
        let made = lowered(&format!("node a b\nbcast eth0\n{line}\n"), "", &Machines::default());
        let said =
            format!("mgmtd: the console takes hb_gui's place: say listen = \"ADDRESS:{port}\"");
        let word = made.words.iter().find(|word| word.line == 3).unwrap();
        assert!(word.text.starts_with(&said), "{word}");
    }
}

#[test]
fn names_that_mean_no_address_are_named_with_their_lines() {
    let ha = "bcast eth0\nnode n1\nnode N2\nping gateway\n";
    let unresolved = ["n1", "n2", "gateway"].map(str::to_owned).into();
    let machines = Machines { unresolved, addresses: BTreeMap::new(), ..machines() };
    let made = lowered(ha, "", &machines);
    let said: Vec<String> = made.findings.iter().map(|(_, found)| found.to_string()).collect();
    let expected = [
        "line 3: error: node n2 has no address here; say it in /etc/hosts of every node, or by --address \
         n2=ADDRESS",
        "line 4: warning: the ping node gateway has no address here; nobody would ever reach it: say an \
         address",
    ];
    assert_eq!(said, expected, "what n1's own card has is known");
}
