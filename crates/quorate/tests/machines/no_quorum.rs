//! What a node that is cut off does with what it runs, by `no-quorum-policy`.

use super::bed::{Machines, can_be};
use super::document::{constraints, document, location, note, role, runs, strip};

const PROMOTABLE: &str = r#"<clone id="dbs">
  <meta_attributes id="dbs-m"><nvpair id="dbs-p" name="promotable" value="true"/></meta_attributes>
  <primitive id="db" class="ocf" provider="heartbeat" type="Stateful"/></clone>"#;

/// A resource and a promoted instance, both on the third node.
fn configuration(machines: &Machines, policy: &str, fencing: &str) -> String {
    let options =
        [("stonith-enabled", fencing), ("no-quorum-policy", policy), ("dc-deadtime", "2s")];
    let resources = [&strip(machines), PROMOTABLE, &note("note")].concat();
    // Nowhere else, so that what is seen is what the node itself did.
    let places = [("note", 1), ("note", 2), ("dbs", 1), ("dbs", 2)];
    let places = places.map(|(id, node)| location(id, node, "-INFINITY"));
    document(&options, &resources, &constraints(&places))
}

#[test]
fn a_node_that_is_cut_off_does_with_what_it_runs_what_the_policy_says() {
    if !can_be() {
        return;
    }
    let mut machines = Machines::start(3, &[]);
    let state =
        |machines: &Machines| (runs(machines, 3, "note").is_some(), role(machines, 3, "db"));
    let at_first = (true, "master".to_owned());
    let after = [("stop", (false, "")), ("demote", (false, "slave"))];
    let after =
        after.into_iter().chain([("freeze", (true, "master")), ("ignore", (true, "master"))]);
    for (policy, (runs, role)) in after {
        machines.replace(1, configuration(&machines, policy, "false"));
        machines.wait("a beginning", || state(&machines) == at_first);
        machines.wait_idle(1);
        machines.bed.cut(&[&[1, 2], &[3]]).unwrap();
        machines.wait(policy, || {
            let alone = machines.see(3).is_some_and(|seen| {
                let cluster = seen.cluster;
                cluster.formed && cluster.members == ["n3"] && !cluster.quorate && cluster.idle
            });
            alone && state(&machines) == (runs, role.to_owned())
        });
        machines.bed.heal().unwrap();
        (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    }

    // Nobody has quorum, so nobody but each itself can have fenced it.
    machines.replace(1, configuration(&machines, "fence", "true"));
    machines.wait("a beginning", || state(&machines) == at_first);
    machines.wait_idle(1);
    let lives = [1, 2, 3].map(|node| machines.bed.first_process(node));
    machines.bed.cut(&[&[1], &[2], &[3]]).unwrap();
    for (life, node) in lives.into_iter().zip(1..) {
        machines.wait("each fences itself", || {
            let now = machines.bed.first_process(node);
            now.is_some() && now != life
        });
    }
    // What never had quorum has nothing to fence itself for.
    machines.wait_members(3, &[3]);
    machines.wait_idle(3);
    machines.bed.heal().unwrap();
    (1..=3).for_each(|node| machines.wait_members(node, &[1, 2, 3]));
    machines.wait("the beginning again", || state(&machines) == at_first);
}
