//! Pacemaker's tools, as agents call them: by name, in the environment of their node.

use std::process::{Command, Output};

use wire::api::Reply;

use crate::bed::{Bed, configuration};

/// Calls a tool as an agent of `node` would.
pub fn call(bed: &Bed, node: u32, line: &str) -> Output {
    // What was done on another node is to be known here.
    for member in bed.daemons() {
        bed.wait_alike(member);
    }
    let mut words = line.split_whitespace();
    let tool = bed.node_dir(node).join("run/bin").join(words.next().unwrap());
    let mut command = Command::new(tool);
    command.args(words).env("QUORATE_SOCKET", bed.node_dir(node).join("api.sock"));
    command.output().unwrap()
}

/// What a tool wrote, which must have succeeded.
pub fn answer(bed: &Bed, node: u32, line: &str) -> String {
    let output = call(bed, node, line);
    assert!(output.status.success(), "{line}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn attributes_and_options_are_set_asked_for_and_removed_by_pacemakers_tools() {
    let bed = Bed::start();
    answer(&bed, 1, "attrd_updater -n pingd -B 100 -d 1h");
    assert!(!bed.see(1).xml.contains("pingd"), "it waits");
    assert_eq!(
        answer(&bed, 2, "attrd_updater -n pingd -QA"),
        "name=\"pingd\" host=\"n1\" value=\"100\"\n"
    );
    assert_eq!(call(&bed, 2, "attrd_updater -n pingd -Q").status.code(), Some(78), "not here");
    answer(&bed, 2, "attrd_updater -n pingd -N n1 -D");
    assert_eq!(call(&bed, 1, "attrd_updater -n pingd -Q").status.code(), Some(78), "removed");
    answer(&bed, 2, "attrd_updater -n load -U 3 -d 1h");
    answer(&bed, 3, "attrd_updater -n load -U 4");
    answer(&bed, 3, "attrd_updater -n load -Y -d 0");
    let load = "name=\"load\" host=\"n2\" value=\"3\"\nname=\"load\" host=\"n3\" value=\"4\"\n";
    assert_eq!(answer(&bed, 1, "attrd_updater -n load -QA"), load);
    bed.wait(1, "what waited", |seen| seen.xml.matches("name=\"load\"").count() == 2);
    answer(&bed, 3, "attrd_updater -n secret -U 7 --private");
    answer(&bed, 1, "attrd_updater -n secret -N n3 -U value++");
    assert_eq!(
        answer(&bed, 3, "attrd_updater -n secret -Q"),
        "name=\"secret\" host=\"n3\" value=\"8\"\n"
    );
    assert!(!bed.see(1).xml.contains("secret"), "nobody finds it in the document");
    assert_eq!(call(&bed, 1, "attrd_updater -n other -Y -d 5").status.code(), Some(70));
    // A pattern means all names that it matches.
    answer(&bed, 3, "attrd_updater -P ^(load|secret)$ -U 9");
    assert_eq!(
        answer(&bed, 3, "attrd_updater -n load -Q"),
        "name=\"load\" host=\"n3\" value=\"9\"\n"
    );
    assert_eq!(
        answer(&bed, 3, "attrd_updater -n secret -Q"),
        "name=\"secret\" host=\"n3\" value=\"9\"\n"
    );

    answer(&bed, 3, "crm_attribute -N n2 -n place -v cellar");
    answer(&bed, 3, "crm_attribute -N n2 -n place -v roof");
    let status = answer(&bed, 1, "crm_mon -1");
    assert!(status.contains(" by root via crm_attribute on n3\n"), "{status}");
    assert_eq!(
        answer(&bed, 2, "crm_attribute -N n2 -n place -G"),
        "scope=nodes name=place value=roof\n"
    );
    answer(&bed, 3, "crm_attribute -N n2 -n place -D");
    let missing = "crm_attribute -N n2 -n place -G -q";
    assert_eq!(call(&bed, 2, missing).status.code(), Some(105));
    assert_eq!(answer(&bed, 2, &format!("{missing} -d none")), "none\n");

    // As the agents of databases keep what every node is to know.
    let info = "crm_attribute -N n1 --type crm_config --name db_REPL_INFO -s mysql_replication";
    answer(&bed, 1, &format!("{info} -v n1|binlog.7|154"));
    assert_eq!(answer(&bed, 3, &format!("{info} --query -q")), "n1|binlog.7|154\n");
    bed.wait_alike(1);
    assert!(bed.see(2).xml.contains("<cluster_property_set id=\"mysql_replication\">"));

    answer(&bed, 1, "crm_attribute -n batch-limit -v 7");
    assert_eq!(answer(&bed, 1, "crm_attribute -t crm_config -n batch-limit -G -q"), "7\n");
    assert_eq!(call(&bed, 1, "crm_attribute -N nobody -n a -v 1").status.code(), Some(105));
    assert_eq!(call(&bed, 1, "crm_attribute -p -v 1").status.code(), Some(64), "of no resource");
}

#[test]
fn who_joins_learns_what_is_not_in_the_document() {
    let mut bed = Bed::start();
    answer(&bed, 1, "attrd_updater -n secret -U 7 --private");
    answer(&bed, 2, "attrd_updater -n load -U 3 -d 1h");
    answer(&bed, 3, "attrd_updater -n load -U 4");
    bed.kill_node(3);
    bed.wait_members(1, &[1, 2]);
    bed.start_node(3);
    bed.wait_members(3, &[1, 2, 3]);
    let told = |line: &str| answer(&bed, 3, line);
    assert_eq!(told("attrd_updater -n secret -QA"), "name=\"secret\" host=\"n1\" value=\"7\"\n");
    // What was its own ended with it.
    assert_eq!(told("attrd_updater -n load -QA"), "name=\"load\" host=\"n2\" value=\"3\"\n");
    answer(&bed, 3, "attrd_updater -R");
    bed.wait(3, "what waited", |seen| seen.xml.contains("name=\"load\" value=\"3\""));
    assert!(!bed.see(3).xml.contains("secret"));
}

#[test]
fn agents_learn_who_the_nodes_are() {
    let mut bed = Bed::start();
    assert_eq!(answer(&bed, 2, "crm_node -n"), "n2\n");
    assert_eq!(answer(&bed, 2, "crm_node -i"), "2\n");
    assert_eq!(answer(&bed, 2, "crm_node -N 3"), "n3\n");
    assert_eq!(answer(&bed, 2, "crm_node -p"), "n1 n2 n3\n");
    assert!(answer(&bed, 2, "pacemakerd -$").starts_with("Pacemaker "));
    bed.kill_node(3);
    bed.wait_members(1, &[1, 2]);
    assert_eq!(answer(&bed, 1, "crm_node -l"), "1 n1 member\n2 n2 member\n3 n3 lost\n");
    assert_eq!(answer(&bed, 1, "crm_node -q"), "1\n");
    let mut host = Command::new(bed.node_dir(1).join("run/bin/crm_node"));
    host.arg("--name").env("OCF_RESKEY_CRM_meta_on_node", "guest");
    assert_eq!(host.output().unwrap().stdout, b"guest\n", "asked for another node");
}

#[test]
fn a_node_that_is_gone_is_forgotten_and_a_member_is_not() {
    let mut bed = Bed::start();
    let remove = |bed: &Bed, words: &str| call(bed, 1, &format!("crm_node -R {words}")).status;
    assert_eq!(remove(&bed, "n3").code(), Some(64), "without --force");
    assert_eq!(remove(&bed, "n3 --force").code(), Some(107), "a member");
    bed.kill_node(3);
    bed.wait_members(1, &[1, 2]);
    assert!(remove(&bed, "n3 --force").success());
    assert_eq!(answer(&bed, 2, "crm_node -l"), "1 n1 member\n2 n2 member\n");
    let xml = bed.see(2).xml;
    assert!(!xml.contains("uname=\"n3\""), "{xml}");
    assert!(remove(&bed, "n3 --force").success(), "as wanted already");

    // What the disks kept is read again.
    bed.kill_node(2);
    bed.wait_members(1, &[1]);
    bed.start_node(2);
    bed.wait_members(1, &[1, 2]);
    assert_eq!(answer(&bed, 2, "crm_node -l"), "1 n1 member\n2 n2 member\n");
    // It comes back as one that nobody knows.
    bed.start_node(3);
    bed.wait_members(1, &[1, 2, 3]);
    assert_eq!(answer(&bed, 1, "crm_node -l"), "1 n1 member\n2 n2 member\n3 n3 member\n");
}

#[test]
fn agents_see_the_status_and_change_what_their_resource_may() {
    let bed = Bed::start();
    let reply = bed.replace(1, configuration(&bed.dir));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let holders = bed.running("lock");
    let [holder] = holders[..] else { panic!("{holders:?}") };

    let xml = answer(&bed, 1, "crm_mon -1 --output-as=xml");
    let line = |start: &str| xml.lines().find(|line| line.trim().starts_with(start)).unwrap();
    assert!(line("<node name=\"n3\"").contains(" online=\"true\""), "{xml}");
    assert!(line("<resource id=\"lock\"").contains(" role=\"Started\""), "{xml}");
    assert_eq!(answer(&bed, 1, "crm_mon -1 --as-xml").lines().count(), xml.lines().count());
    let text = answer(&bed, 2, "crm_mon -1r");
    assert!(text.contains("  * Online: [ n1 n2 n3 ]\n"), "{text}");
    assert!(text.contains("partition with quorum\n"), "{text}");
    assert_eq!(call(&bed, 1, "crm_mon -d").status.code(), Some(64), "it does not stay");

    let found = answer(&bed, 3, "cibadmin -Q --xpath //primitive[@id='lock']/operations");
    assert!(found.starts_with("<operations>") && found.contains("lock-monitor"), "{found}");
    assert_eq!(call(&bed, 3, "cibadmin -Q --xpath //bundle").status.code(), Some(105));

    assert_eq!(answer(&bed, 1, "crm_resource -r lock -W -Q"), format!("n{holder}\n"));
    answer(&bed, holder, "crm_resource -B -r lock -Q");
    bed.wait_idle(holder);
    assert_ne!(bed.running("lock"), [holder]);
    answer(&bed, 1, "crm_resource -U -r lock");
    assert!(!bed.see(1).xml.contains("cli-ban"), "{}", bed.see(1).xml);
    answer(&bed, 1, "crm_resource -r lock -z -p cpu -v 4");
    assert_eq!(answer(&bed, 2, "crm_resource -Q -r lock -z -g cpu"), "4\n");
    answer(&bed, 1, "crm_resource -r lock --utilization --delete-parameter=cpu");
    assert_eq!(answer(&bed, 2, "crm_resource -Q -r lock -z -g cpu"), "");
}

#[test]
fn a_node_is_fenced_by_a_word() {
    let mut bed = Bed::start();
    let reply = bed.replace(1, configuration(&bed.dir));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    answer(&bed, 1, "stonith_admin --fence n3 --tag test");
    assert!(!bed.wait_end(3).success());
    bed.wait(1, "the others", |seen| {
        seen.cluster.members == ["n1", "n2"]
            && seen.cluster.fencings.iter().any(|done| done.target == "n3" && done.succeeded)
    });
    let last = answer(&bed, 1, "stonith_admin --last n3");
    assert!(last.starts_with("Node n3 last fenced at: "), "{last}");
    let history = answer(&bed, 2, "stonith_admin --history * --verbose");
    assert!(history.starts_with("turning off of n3 successful: delegate=n"), "{history}");
    assert!(history.ends_with("1 event found\n"), "{history}");
    // What was done just now need not be done again.
    answer(&bed, 1, "stonith_admin --fence n3 --tolerance 1h");
    let cleanup = "stonith_admin --history n3 --cleanup";
    assert_eq!(answer(&bed, 2, cleanup), "cleaning up fencing-history for node n3\n");
    assert_eq!(answer(&bed, 1, "stonith_admin --history *"), "0 events found\n");
    for (line, beginning) in [
        ("-D", "Designated Controller is: n"),
        ("-S n1", "Controller on n1 in state S_"),
        ("-P", "Status of pacemakerd: 'Running'"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command.arg("crmadmin").args(line.split(' '));
        command.env("QUORATE_SOCKET", bed.node_dir(1).join("api.sock"));
        let said = String::from_utf8(command.output().unwrap().stdout).unwrap();
        assert!(said.starts_with(beginning), "{line}: {said}");
    }
}

#[test]
fn roles_decide_what_a_user_sees_and_changes() {
    let bed = Bed::start();
    let acls = "<configuration><acls><acl_target id='ann'><role id='op'/></acl_target><acl_role \
                id='op'><acl_permission id='op1' kind='write' \
                xpath='/cib/configuration/nodes'/><acl_permission id='op2' kind='read' \
                xpath='/cib/configuration/crm_config'/></acl_role></acls></configuration>";
    let as_user = |user: &str, words: &[&str]| {
        for member in bed.daemons() {
            bed.wait_alike(member);
        }
        let tool = bed.node_dir(1).join("run/bin").join(words[0]);
        let mut command = Command::new(tool);
        command.args(&words[1..]).env("QUORATE_SOCKET", bed.node_dir(1).join("api.sock"));
        command.env("CIB_user", user).output().unwrap()
    };
    let modify = ["cibadmin", "-M", "-c", "-o", "configuration", "-X", acls];
    assert!(as_user("root", &modify).status.success());
    answer(&bed, 1, "crm_attribute -n enable-acl -v true");

    let seen = as_user("ann", &["cibadmin", "-Q"]);
    let text = String::from_utf8(seen.stdout).unwrap();
    assert!(text.contains("enable-acl") && !text.contains("acl_role"), "{text}");
    let stranger = as_user("bob", &["cibadmin", "-Q"]);
    assert_eq!(stranger.status.code(), Some(4));
    assert_eq!(stranger.stderr, b"cibadmin: CIB API call failed: Permission denied\n");

    let allowed = as_user("ann", &["crm_attribute", "-N", "n2", "-n", "rack", "-v", "b"]);
    assert!(allowed.status.success(), "{allowed:?}");
    let denied = as_user("ann", &["crm_attribute", "-n", "enable-acl", "-v", "false"]);
    assert_eq!(denied.status.code(), Some(4), "{denied:?}");
    let denied = as_user("ann", &["attrd_updater", "-n", "pingd", "-U", "1"]);
    assert_eq!(denied.status.code(), Some(4), "{denied:?}");
    assert_eq!(answer(&bed, 3, "crm_attribute -N n2 -n rack -G -q"), "b\n");
    assert_eq!(answer(&bed, 3, "crm_attribute -n enable-acl -G -q"), "true\n");
}
