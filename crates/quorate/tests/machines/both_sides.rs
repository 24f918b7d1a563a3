//! Two sides that both have quorum, and nobody who could fence: what the one writes that the other
//! does not have is not lost.

use std::fs;
use std::path::PathBuf;

use wire::api::{Change, Edit, Event, Reply, Request};

use super::bed::{Machines, can_be};
use super::document::{constraints, device, document, note, prefers, runs};

/// Adds a property that says who wrote it.
fn write(machines: &Machines, node: u32, number: usize) {
    let xml = format!(
        "<cluster_property_set id=\"from-{node}-{number}\"><nvpair id=\"from-{node}-{number}-v\" \
         name=\"from-{node}-{number}\" value=\"yes\"/></cluster_property_set>"
    );
    let edits = vec![Edit::Create { parent: "/cib/configuration/crm_config".to_owned(), xml }];
    let change = Change::Edit { edits };
    let request = Request::Change { change, force: true, based_on: None };
    let reply = machines.client(node).ask(&request).unwrap();
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}\n{}", machines.log(node));
}

fn set_aside(machines: &Machines, node: u32) -> Vec<PathBuf> {
    let entries = fs::read_dir(machines.own(node).join("state/store")).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let is_whole = |path: &PathBuf| path.extension().is_some_and(|end| end == "xml");
    paths.filter(|path| path.to_string_lossy().contains("aside") && is_whole(path)).collect()
}

#[test]
fn what_the_losing_side_wrote_is_kept_in_a_file_and_reported() {
    if !can_be() {
        return;
    }
    let mut machines = Machines::start(2, &["two_node: 1"]);
    let broken = device(&machines, "strip", "fence_bed", &[("plug", "nobody")]);
    let resources = broken + &note("note");
    machines.replace(1, document(&[], &resources, &constraints(&[prefers("note", 2)])));
    machines.wait_idle(1);
    assert!(runs(&machines, 2, "note").is_some());
    let lives = [1, 2].map(|node| machines.bed.first_process(node));

    machines.bed.cut(&[&[1], &[2]]).unwrap();
    machines.wait_members(1, &[1]);
    machines.wait_members(2, &[2]);
    // The side that wrote less may lose; both write.
    (0..3).for_each(|number| write(&machines, 1, number));
    write(&machines, 2, 0);
    machines.wait("a fencing that fails", || {
        machines.happened(1, |event| matches!(event, Event::Fenced { succeeded: false, .. }))
    });
    assert_eq!(runs(&machines, 1, "note"), None, "not while it may run elsewhere");

    machines.bed.heal().unwrap();
    machines.wait_members(1, &[1, 2]);
    machines.wait_members(2, &[1, 2]);
    let (first, second) = (machines.see(1).unwrap().xml, machines.see(2).unwrap().xml);
    let (loser, winner) = if first.contains("from-1-0") { (2, &second) } else { (1, &first) };
    assert!(winner.contains(&format!("from-{}-0", 3 - loser)), "{winner}");
    assert!(!winner.contains(&format!("from-{loser}-0")), "{winner}");
    // Its disk may take its time.
    machines.wait("the file", || !set_aside(&machines, loser).is_empty());
    let kept = set_aside(&machines, loser);
    let [kept] = kept.as_slice() else { panic!("{kept:?}\n{}", machines.log(loser)) };
    let text = fs::read_to_string(kept).unwrap();
    assert!(text.contains(&format!("from-{loser}-0")), "{text}");
    assert_eq!(set_aside(&machines, 3 - loser), Vec::<PathBuf>::new());
    let socket = machines.own(loser).join("state/api.sock");
    let socket = socket.display().to_string();
    let history = [super::bed::PROGRAM, "--socket", &socket, "history"];
    machines.wait("a word about it", || {
        let said = machines.run(loser, &history);
        said.is_some_and(|said| said.contains("written apart from the others"))
    });
    let lives_now = [1, 2].map(|node| machines.bed.first_process(node));
    assert_eq!(lives_now, lives);
    assert!(runs(&machines, 2, "note").is_some());
}
