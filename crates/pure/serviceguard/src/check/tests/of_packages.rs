use super::{each_is_found, lines, with};
use crate::check::check_package;

/// A modular package with nothing to say about.
pub(super) const MODULAR: &str = "package_name            pkg1
package_description     \"the shop # 1\"
module_name             sg/basic
module_version          1
package_type            failover
node_name               n1
node_name               n2
auto_run                yes
node_fail_fast_enabled  no
run_script_timeout      no_timeout
halt_script_timeout     300
failover_policy         configured_node
failback_policy         manual
priority                10
monitored_subnet        192.10.24.0
ip_subnet               192.10.24.0
ip_address              192.10.24.10
service_name            shop
service_cmd             \"/opt/shop/bin/shop -d\"
service_restart         3
service_fail_fast_enabled no
service_halt_timeout    100
vg                      vg01
fs_name                 /dev/vg01/lvol1
fs_directory            /shop
fs_type                 ext4
pev_port                80
external_script         /etc/cmcluster/shop.sh
user_name               john
user_host               n1
user_role               package_admin
";

/// A legacy one.
pub(super) const LEGACY: &str = "PACKAGE_NAME            pkg2
PACKAGE_TYPE            FAILOVER
NODE_NAME               n2
NODE_NAME               n1
AUTO_RUN                YES
RUN_SCRIPT              /etc/cmcluster/pkg2/control.sh
RUN_SCRIPT_TIMEOUT      NO_TIMEOUT
HALT_SCRIPT             /etc/cmcluster/pkg2/control.sh
HALT_SCRIPT_TIMEOUT     NO_TIMEOUT
SERVICE_NAME            mail
SERVICE_FAIL_FAST_ENABLED NO
SERVICE_HALT_TIMEOUT    300
SUBNET                  192.10.24.0
RESOURCE_NAME           /net/interfaces/lan/status/lan2
RESOURCE_POLLING_INTERVAL 60
RESOURCE_START          AUTOMATIC
RESOURCE_UP_VALUE       = UP
";

fn package(from: &str, to: &str) -> String {
    with(MODULAR, from, to)
}

fn more(lines: &str) -> String {
    format!("{MODULAR}{lines}")
}

fn legacy(from: &str, to: &str) -> String {
    with(LEGACY, from, to)
}

/// A package of another type, without what only failover packages have.
fn of_type(kind: &str, rest: &str) -> String {
    format!(
        "package_name p\nmodule_name sg/basic\npackage_type {kind}\nnode_name *\nlocal_lan_failover_allowed no\n{rest}"
    )
}

const DEPENDENCY: &str = "dependency_name d\ndependency_condition other = UP\n";

#[test]
fn good_packages_have_no_findings() {
    for good in [
        MODULAR.to_owned(),
        LEGACY.to_owned(),
        of_type("multi_node", ""),
        of_type("system_multi_node", "auto_run yes\nnode_fail_fast_enabled yes\n"),
        more(DEPENDENCY),
        more(&format!("{DEPENDENCY}dependency_location ANY_NODE\n")),
        more("dependency_name d\ndependency_condition other=down\ndependency_location all_nodes\n"),
        more("generic_resource_name g\ngeneric_resource_up_criteria <50\n"),
        more("resource_name /a/b\nresource_up_value > -5 and < 10\nresource_up_value = 99\n"),
        more("resource_name /a/b\nresource_up_value = \"On Course\"\nresource_up_value != DOWN\n"),
        more("fs_name /export/x\nfs_server nas\nfs_directory /x\nfs_type nfs\n"),
        more("fs_name /dev/mapper/a-b\nfs_directory /x\n"),
        legacy("AUTO_RUN ", "PKG_SWITCHING_ENABLED "),
    ] {
        assert_eq!(lines(&check_package(&good)), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn what_has_no_counterpart_is_said() {
    for (text, wanted) in [
        (
            more("successor_halt_timeout 60\n"),
            "line 32: note: successor_halt_timeout is not heeded",
        ),
        (
            more("local_lan_failover_allowed no\n"),
            "line 32: warning: its addresses move to a standby card with all others",
        ),
    ] {
        let found = lines(&check_package(&text));
        assert!(found.len() == 1 && found.iter().all(|line| line.starts_with(wanted)), "{found:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_rule_broken_once_is_found_in_its_line() {
    let long = "x".repeat(40);
    let table = [
        (package("package_name            pkg1\n", ""), "error: there is no package_name"),
        (
            package("pkg1", "-pkg1"),
            "line 1: error: `-pkg1` is no value of `package_name`; it takes a name of at most 39 letters",
        ),
        (package("pkg1", "pkg1_"), "line 1: error: `pkg1_` is no value of `package_name`"),
        (package("pkg1", "p kg"), "line 1: error: `p kg` is no value of `package_name`"),
        (
            package("pkg1", &long),
            "line 1: error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx` is no value of `package_name`",
        ),
        (
            package("auto_run ", "auto_run no\nauto_run "),
            "line 9: error: `auto_run` is said a second time; first in line 8",
        ),
        (
            legacy("AUTO_RUN ", "PKG_SWITCHING_ENABLED NO\nAUTO_RUN "),
            "line 6: error: `AUTO_RUN` is said a second time; first in line 5",
        ),
        (
            package("auto_run ", "auto_runn "),
            "line 8: error: there is no parameter `auto_runn`; did you mean `auto_run`?",
        ),
        (
            more("QS_HOST q\n"),
            "line 32: error: there is no parameter `QS_HOST`; it belongs into the cluster's file",
        ),
        (
            more("VGCHANGE=\"vgchange -a e\"\n"),
            "line 32: error: there is no parameter `VGCHANGE=\"vgchange`; this looks like a control script",
        ),
        (
            package("node_name               n1\nnode_name               n2\n", ""),
            "error: there is no node_name",
        ),
        (
            package("node_name               n2", "node_name n1"),
            "line 7: error: the node n1 is there twice; first in line 6",
        ),
        (
            package("node_name               n2", "node_name *"),
            "line 7: error: every node, and others by name",
        ),
        (
            package("failover\n", "fail_over\n"),
            "line 5: error: `fail_over` is no value of `package_type`; did you mean `failover`?",
        ),
        (
            package("auto_run                yes", "auto_run on"),
            "line 8: error: `on` is no value of `auto_run`",
        ),
        // Types.
        (
            of_type("system_multi_node", "auto_run no\nnode_fail_fast_enabled yes\n"),
            "line 6: error: auto_run of a system_multi_node package; say yes",
        ),
        (
            of_type("system_multi_node", ""),
            "line 3: error: node_fail_fast_enabled of a system_multi_node package; say yes",
        ),
        (
            of_type("multi_node", "failover_policy configured_node\n"),
            "line 6: error: failover_policy is for failover packages",
        ),
        (
            of_type("multi_node", "failback_policy manual\n"),
            "line 6: error: failback_policy is for failover packages",
        ),
        (
            of_type("multi_node", "ip_subnet 10.0.0.0\nip_address 10.0.0.7\n"),
            "line 7: error: ip_address is for failover packages",
        ),
        (
            of_type("multi_node", "").replace("allowed no", "allowed yes"),
            "line 5: error: local_lan_failover_allowed is for failover packages; say no",
        ),
        (
            package("priority                10", "priority 0"),
            "line 14: error: priority is 0; it takes 1 to 3000",
        ),
        (
            package("priority                10", "priority 3001"),
            "line 14: error: priority is 3001",
        ),
        (
            package("configured_node", "min_package_node"),
            "line 14: error: a priority, and failover_policy is not configured_node",
        ),
        // Scripts and services.
        (
            legacy("RUN_SCRIPT              /etc/cmcluster/pkg2/control.sh\n", ""),
            "error: a legacy package without RUN_SCRIPT",
        ),
        (
            legacy("HALT_SCRIPT             /etc/cmcluster/pkg2/control.sh\n", ""),
            "error: a legacy package without HALT_SCRIPT",
        ),
        (
            legacy("/etc/cmcluster/pkg2/control.sh", "control.sh"),
            "line 6: error: `control.sh` is no value of `RUN_SCRIPT`; it takes an absolute path",
        ),
        (
            package("no_timeout", "4295"),
            "line 10: error: `4295` is no value of `run_script_timeout`; it takes 0 to 4294 seconds, or no_timeout",
        ),
        (package("300", "5000"), "line 11: error: `5000` is no value of `halt_script_timeout`"),
        (
            package("300", "100"),
            "line 11: warning: halt_script_timeout (100) is not longer than its services' 100",
        ),
        (
            package("service_halt_timeout    100", "service_halt_timeout 4295"),
            "line 22: error: `4295` is no value of `service_halt_timeout`; it takes 0 to 4294 seconds",
        ),
        (
            more("successor_halt_timeout 9999\n"),
            "line 32: error: `9999` is no value of `successor_halt_timeout`",
        ),
        (
            package("service_cmd             \"/opt/shop/bin/shop -d\"\n", ""),
            "line 18: error: the service shop has no service_cmd",
        ),
        (
            package("\"/opt/shop", "\"shop"),
            "line 19: error: `shop/bin/shop -d` is no value of `service_cmd`",
        ),
        (
            package("service_restart         3", "service_restart many"),
            "line 20: error: `many` is no value of `service_restart`; it takes none, unlimited or a count",
        ),
        (
            package(
                "service_restart         3\nservice_fail_fast_enabled no",
                "service_restart unlimited\nservice_fail_fast_enabled yes",
            ),
            "line 21: note: shop is run again for ever, so its node is never reset",
        ),
        (
            more("service_name shop\nservice_cmd /x\n"),
            "line 32: error: the service shop is there twice; first in line 18",
        ),
        (
            more(
                &(0..30)
                    .map(|n| format!("service_name s{n}\nservice_cmd /x\n"))
                    .collect::<String>(),
            ),
            "line 90: error: more than 30 services",
        ),
        (
            "service_restart 3\n".to_owned() + MODULAR,
            "line 1: error: `service_restart` before any service_name",
        ),
        // Addresses and resources.
        (
            package("192.10.24.10", "192.10.16.10"),
            "line 17: error: 192.10.16.10 is not on the subnet 192.10.24.0; the ip_subnet is in line 16",
        ),
        (
            more("ip_subnet 192.10.24.0\nip_address 192.10.24.10\n"),
            "line 33: error: the address 192.10.24.10 is there twice; first in line 17",
        ),
        (
            "ip_address 1.2.3.4\n".to_owned() + MODULAR,
            "line 1: error: `ip_address` before any ip_subnet",
        ),
        (legacy("192.10.24.0", "lan0"), "line 13: error: `lan0` is no value of `SUBNET`"),
        (
            legacy("INTERVAL 60", "INTERVAL 0"),
            "line 15: error: `0` is no value of `RESOURCE_POLLING_INTERVAL`; it takes 1 to",
        ),
        (
            legacy("RESOURCE_UP_VALUE       = UP\n", ""),
            "line 14: error: the resource /net/interfaces/lan/status/lan2 has no resource_up_value",
        ),
        (
            legacy("= UP", "> UP"),
            "line 17: error: `> UP` is no resource_up_value; only numbers are more or less",
        ),
        (
            legacy("= UP", "UP"),
            "line 17: error: `UP` is no resource_up_value; it takes =, !=, >, <, >= or <=, and a value",
        ),
        (
            LEGACY.to_owned() + &"RESOURCE_UP_VALUE = UP\n".repeat(15),
            "line 32: error: more than 15 values",
        ),
        (
            // Of all of its resources together.
            LEGACY.to_owned()
                + &"RESOURCE_UP_VALUE = UP\n".repeat(7)
                + "RESOURCE_NAME /x\n"
                + &"RESOURCE_UP_VALUE = UP\n".repeat(8),
            "line 33: error: more than 15 values",
        ),
        (
            legacy("= UP", "> 5 and < 3"),
            "line 17: error: `> 5 and < 3` is no resource_up_value; the second number of a range is the higher one",
        ),
        (
            LEGACY.to_owned() + "RESOURCE_UP_VALUE > 3\n",
            "line 17: error: the resource /net/interfaces/lan/status/lan2 has numbers and texts; its values are one or the other",
        ),
        (legacy("AUTOMATIC", "MANUAL"), "line 16: error: `MANUAL` is no value of `RESOURCE_START`"),
        (
            more("generic_resource_name g\ngeneric_resource_up_criteria low\n"),
            "line 33: error: `low` is no generic_resource_up_criteria",
        ),
        (
            more("generic_resource_name g\ngeneric_resource_name g\n"),
            "line 33: error: the generic resource g is there twice",
        ),
        (more("weight_name memory\n"), "line 32: error: the weight memory has no value"),
        (
            more("weight_name memory\nweight_value -1\n"),
            "line 33: error: `-1` is no value of `weight_value`",
        ),
        // Dependencies.
        (more("dependency_name d\n"), "line 32: error: the dependency d has no condition"),
        (
            more("dependency_name d\ndependency_condition other UP\n"),
            "line 32: error: the dependency d has no condition",
        ),
        (
            more("dependency_name d\ndependency_condition pkg1 = UP\n"),
            "line 33: error: a package depends on itself",
        ),
        (
            more(&format!("{DEPENDENCY}dependency_location all_nodes\n")),
            "line 34: error: `all_nodes` with a condition that says UP; it takes same_node, any_node, different_node",
        ),
        (
            more(
                "dependency_name d\ndependency_condition o = DOWN\ndependency_location any_node\n",
            ),
            "line 34: error: `any_node` with a condition that says DOWN",
        ),
        (
            more(&format!("{DEPENDENCY}dependency_location here\n")),
            "line 34: error: `here` is no value of `dependency_location`",
        ),
        (
            of_type("multi_node", "dependency_name d\ndependency_condition o = DOWN\n"),
            "line 7: error: who must not meet another has failover_policy configured_node",
        ),
        // Storage.
        (
            package("fs_directory            /shop\n", ""),
            "line 24: error: /dev/vg01/lvol1 has no fs_directory",
        ),
        (
            package("fs_directory            /shop", "fs_directory shop"),
            "line 25: error: `shop` is no value of `fs_directory`",
        ),
        (
            package("vg                      vg01\n", ""),
            "line 23: error: the package has no volume group vg01; say vg vg01",
        ),
        (more("vg vg01\n"), "line 32: error: the volume group vg01 is there twice"),
        (
            more("fs_name /dev/vg01/b\nfs_directory /shop\n"),
            "line 33: error: two file systems at /shop",
        ),
        (
            more("fs_name /x\nfs_directory /x\nfs_type nfs\n"),
            "line 32: error: /x of type nfs has no fs_server",
        ),
        (
            package("fs_type                 ext4\n", "fs_server nas\nfs_type ext4\n"),
            "line 26: error: fs_server is for nfs",
        ),
        (
            package("pev_port                80", &format!("pev_port {}", "x".repeat(4097))),
            "line 27: error: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...` is no value of `pev_port`",
        ),
        (
            package("/etc/cmcluster/shop.sh", "shop.sh"),
            "line 28: error: `shop.sh` is no value of `external_script`",
        ),
        (
            package("package_admin", "full_admin"),
            "line 31: error: `full_admin` is no value of `user_role`",
        ),
    ];
    each_is_found(&table, |text| lines(&check_package(text)));
}
