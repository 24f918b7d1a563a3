use super::of_packages::{LEGACY, MODULAR};
use super::{CLUSTER, each_is_found, lines, with};
use crate::check::check_together;
use crate::{Cluster, Package, Text};

/// What is found in the cluster's file and in these packages' files, with the package's number
/// before each line.
fn found(cluster: &str, packages: &[String]) -> Vec<String> {
    let cluster = Cluster::of(&Text::parse(cluster));
    let packages: Vec<Package> =
        packages.iter().map(|text| Package::of(&Text::parse(text))).collect();
    let found = check_together(&cluster, &packages);
    assert_eq!(found.len(), packages.len() + 1);
    let numbered = |(at, found): (usize, &Vec<crate::Finding>)| {
        lines(found).into_iter().map(|line| format!("{at}: {line}")).collect::<Vec<_>>()
    };
    found.iter().enumerate().flat_map(numbered).collect()
}

fn package(name: &str, rest: &str) -> String {
    format!("package_name {name}\nmodule_name sg/basic\nnode_name n1\nnode_name n2\n{rest}")
}

fn needs(package: &str, state: &str) -> String {
    format!("dependency_name d_{package}\ndependency_condition {package} = {state}\n")
}

#[test]
fn a_good_set_has_no_findings() {
    let all = [MODULAR.to_owned(), LEGACY.to_owned()];
    assert_eq!(found(CLUSTER, &all), Vec::<String>::new());
    let apart = [
        package("a", &format!("priority 1\n{}", needs("b", "DOWN"))),
        package("b", &needs("a", "DOWN")),
    ];
    assert_eq!(found(CLUSTER, &apart), Vec::<String>::new());
    let chain =
        [package("a", &needs("b", "UP")), package("b", &needs("c", "UP")), package("c", "")];
    assert_eq!(found(CLUSTER, &chain), Vec::<String>::new());
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_rule_between_files_broken_once_is_found() {
    let both = |second: String| [MODULAR.to_owned(), second];
    let table = [
        (
            CLUSTER,
            both(with(LEGACY, "n1", "n3")),
            "1: line 4: error: the cluster has no node n3; did you mean n1?",
        ),
        (
            CLUSTER,
            both(with(LEGACY, "192.10.24.0", "192.10.26.0")),
            "1: line 13: error: no node has an address on the subnet 192.10.26.0",
        ),
        (
            CLUSTER,
            both(package("p", "ip_subnet 10.9.0.0\nip_address 10.9.0.1\n")),
            "1: line 5: error: no node has an address on the subnet 10.9.0.0",
        ),
        (
            CLUSTER,
            both(package("p", "weight_name cpu\nweight_value 1\n")),
            "1: line 5: error: no node has the capacity cpu",
        ),
        (
            CLUSTER,
            both(package("p", "failover_policy min_package_node\n")),
            "1: line 5: error: min_package_node in a cluster with capacities",
        ),
        (
            CLUSTER,
            both(package("p", "failback_policy automatic\n")),
            "1: line 5: error: failback_policy automatic in a cluster with capacities",
        ),
        (
            CLUSTER,
            both(package("p", "package_type system_multi_node\n").replace("node_name n2\n", "")),
            "1: line 4: error: a system_multi_node package that is not on n2",
        ),
        (CLUSTER, both(package("p", &needs("q", "UP"))), "1: line 6: error: there is no package q"),
        (
            CLUSTER,
            both(package(
                "p",
                &format!("failover_policy min_package_node\n{}", needs("pkg1", "UP")),
            )),
            "1: line 7: error: who needs the failover package pkg1 is one, too",
        ),
        (
            CLUSTER,
            both(package("p", &needs("pkg1", "DOWN"))),
            "1: line 6: error: pkg1 does not say the same of this package",
        ),
        (
            CLUSTER,
            [package("a", &needs("b", "DOWN")), package("b", &needs("a", "DOWN"))],
            "0: line 6: error: of two that must not meet neither has a priority",
        ),
        (
            CLUSTER,
            [package("a", &needs("b", "UP")), package("b", &needs("a", "UP"))],
            "0: line 5: error: packages that need each other in a circle never start",
        ),
        (CLUSTER, both(package("pkg1", "")), "1: line 1: error: the package pkg1 is also of pkg1"),
        (
            CLUSTER,
            both(package("p", "service_name shop\nservice_cmd /x\n")),
            "1: line 5: error: the service shop is also of pkg1; it belongs to one package",
        ),
        (
            CLUSTER,
            both(package("p", "priority 10\n")),
            "1: line 5: error: the priority 10 is also of pkg1",
        ),
        (
            CLUSTER,
            both(package("p", "ip_subnet 192.10.24.0\nip_address 192.10.24.10\n")),
            "1: line 6: error: the address 192.10.24.10 is of package pkg1; take another",
        ),
        (
            CLUSTER,
            both(package("p", "ip_subnet 192.10.24.0\nip_address 192.10.24.2\n")),
            "1: line 6: error: the address 192.10.24.2 is of node n2",
        ),
        (
            CLUSTER,
            [
                package("p", "resource_name /a/b\nresource_up_value > 3\n"),
                package("q", "resource_name /a/b\nresource_up_value = UP\n"),
            ],
            "1: line 5: error: the resource /a/b has texts here, and numbers in another package; its values are one or the other",
        ),
        (
            CLUSTER,
            [
                package("p", "resource_name /a/b\nresource_up_value = UP\n"),
                package("q", "generic_resource_name a-b\n"),
            ],
            "1: line 5: error: the resources a-b and /a/b have the same node attribute; call one of them otherwise",
        ),
        (
            &with(CLUSTER, "300\n", "1\n"),
            both(LEGACY.to_owned()),
            "2: line 32: error: 2 packages, and MAX_CONFIGURED_PACKAGES is 1",
        ),
    ];
    let table = table.map(|(cluster, packages, wanted)| ((cluster.to_owned(), packages), wanted));
    each_is_found(&table, |(cluster, packages)| found(cluster, packages));
}

#[test]
fn there_are_only_so_many_of_everything() {
    let many =
        |count: usize, line: fn(usize) -> String| -> String { (0..count).map(line).collect() };
    let polled =
        package("p", &many(61, |n| format!("resource_name /r{n}\nresource_up_value = UP\n")));
    each_is_found(
        &[([polled], "0: line 1: error: the cluster has more than 60 polled resources")],
        |packages| found(CLUSTER, packages),
    );
    let generic = package("p", &many(101, |n| format!("generic_resource_name g{n}\n")));
    each_is_found(
        &[([generic], "0: line 1: error: the cluster has more than 100 generic resources")],
        |packages| found(CLUSTER, packages),
    );
    let services: Vec<String> = (0..31)
        .map(|p| {
            package(
                &format!("p{p}"),
                &(0..30).map(|n| format!("service_name s{p}-{n}\n")).collect::<String>(),
            )
        })
        .collect();
    each_is_found(
        &[(services, "30: line 1: error: the cluster has more than 900 services")],
        |packages| found(CLUSTER, packages),
    );
}
