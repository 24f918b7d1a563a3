//! What every fabric must do, whatever carries it.

use rustix::process::Signal;

use super::bed::{Bed, Carrier, Line};

/// Makes a test of each of these for one kind of fabric: by what calls it with a patient one, and
/// with one that leaves out early who does not keep up.
macro_rules! every_fabric_passes {
    ($patient:path, $impatient:path) => {
        suite::every_fabric_passes! {
            $patient:
            one_order_for_all,
            quorum_is_more_than_half,
            a_killed_member_is_gone_for_all_at_the_same_point,
            a_killed_member_comes_back,
            a_joiner_hears_only_what_follows,
            sides_of_a_cut_go_their_own_way_and_merge,
            a_member_cut_off_alone_still_hears_itself,
            the_largest_message_arrives_whole,
            too_large_a_message_is_refused,
            the_last_words_of_who_leaves_are_heard,
            the_last_words_are_heard_of_one_who_listens_no_more,
        }
        suite::every_fabric_passes! {
            $impatient:
            a_stopped_member_is_dropped_and_comes_back,
            a_member_that_takes_nothing_is_dropped_not_fed,
        }
    };
    ($with:path: $($name:ident),* $(,)?) => {
        $(#[test]
        fn $name() {
            $with(suite::$name);
        })*
    };
}
pub(super) use every_fabric_passes;

pub fn one_order_for_all(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3]);
    for node in [1, 2, 3] {
        bed.members[&node].order(&format!("burst 500 m{node}"));
    }
    bed.flush(&[1, 2, 3], "end");
    let orders: Vec<Vec<Line>> =
        bed.members.values().map(|member| delivered(&member.log())).collect();
    assert_eq!(orders[0].len(), 1503);
    assert!(orders[0] == orders[1] && orders[1] == orders[2], "the same order everywhere");
    let own: Vec<&Line> = orders[0].iter().filter(|line| is_from(line, 2)).collect();
    let wanted: Vec<Line> = (0..500)
        .map(|n| Line::Delivered { from: 2, text: format!("m2-{n}") })
        .chain([Line::Delivered { from: 2, text: "end-from-2".to_owned() }])
        .collect();
    assert!(own.into_iter().eq(&wanted), "a sender's messages stay in its order");
    bed.finish();
}

pub fn quorum_is_more_than_half(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3]);
    bed.power_off(3);
    bed.wait_membership(&[1, 2], &[1, 2]);
    assert!(last_quorate(&bed, 1), "two of three");
    bed.power_off(2);
    bed.wait_membership(&[1], &[1]);
    assert!(!last_quorate(&bed, 1), "one of three");
    bed.finish();
}

pub fn a_killed_member_is_gone_for_all_at_the_same_point(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3, 4]);
    for node in [1, 2, 4] {
        bed.members[&node].order(&format!("burst 2000 m{node}"));
    }
    bed.members[&4].wait_delivered("m4-100");
    bed.kill(4);
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "end");
    bed.finish();
}

pub fn a_killed_member_comes_back(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3]);
    for round in 0..5 {
        bed.members[&1].order(&format!("burst 300 r{round}"));
        bed.kill(2);
        bed.wait_membership(&[1, 3], &[1, 3]);
        bed.join(2);
        bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
        bed.flush(&[1, 2, 3], &format!("round-{round}"));
    }
    bed.finish();
}

pub fn a_joiner_hears_only_what_follows(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3]);
    bed.kill(3);
    bed.wait_membership(&[1, 2], &[1, 2]);
    bed.flush(&[1, 2], "before");
    bed.join(3);
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "after");
    let heard = delivered(&bed.members[&3].log());
    let old = heard
        .iter()
        .any(|line| matches!(line, Line::Delivered { text, .. } if text.starts_with("before")));
    assert!(!old, "{heard:?}");
    bed.finish();
}

pub fn sides_of_a_cut_go_their_own_way_and_merge(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3, 4, 5]);
    for node in [1, 2, 3, 4, 5] {
        bed.members[&node].order(&format!("burst 500 whole{node}"));
    }
    carrier.cut(&[&[1, 2, 3], &[4, 5]]);
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.wait_membership(&[4, 5], &[4, 5]);
    assert!(last_quorate(&bed, 1) && !last_quorate(&bed, 4));
    bed.flush(&[1, 2, 3], "left");
    bed.flush(&[4, 5], "right");
    for node in [1, 2, 3, 4, 5] {
        bed.members[&node].order(&format!("burst 500 split{node}"));
    }
    carrier.heal();
    bed.wait_membership(&[1, 2, 3, 4, 5], &[1, 2, 3, 4, 5]);
    bed.flush(&[1, 2, 3, 4, 5], "merged");
    let crossed = delivered(&bed.members[&4].log())
        .iter()
        .any(|line| matches!(line, Line::Delivered { text, .. } if text.starts_with("left")));
    assert!(!crossed, "what one side said alone is not heard by the other");
    bed.finish();
}

pub fn a_member_cut_off_alone_still_hears_itself(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3]);
    carrier.cut(&[&[1, 2], &[3]]);
    bed.wait_membership(&[3], &[3]);
    bed.flush(&[3], "alone");
    carrier.heal();
    bed.wait_membership(&[1, 2, 3], &[1, 2, 3]);
    bed.finish();
}

pub fn a_stopped_member_is_dropped_and_comes_back(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3]);
    let past = bed.so_far(3);
    bed.members[&3].signal(Signal::STOP);
    bed.members[&1].order("burst 3000 while-stopped");
    bed.wait_membership(&[1, 2], &[1, 2]);
    bed.flush(&[1, 2], "without");
    bed.members[&3].signal(Signal::CONT);
    bed.wait_return(3, past, &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "again");
    bed.finish();
}

pub fn a_member_that_takes_nothing_is_dropped_not_fed(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3]);
    let past = bed.so_far(2);
    bed.members[&2].order("hang");
    bed.members[&2].wait("hanging", |log| log.contains(&Line::Other("hangs".to_owned())));
    // More than wait for a node, in number, so that it does not come back before it takes them; and more bytes than
    // any queue on the way holds, but not so many that their sender leaves.
    bed.members[&1].order("burst 200 small");
    for seed in 0..16 {
        bed.members[&1].order(&format!("big 4000000 {seed}"));
    }
    bed.wait_membership(&[1, 3], &[1, 3]);
    bed.flush(&[1, 3], "without");
    bed.members[&2].order("resume");
    bed.wait_return(2, past, &[1, 2, 3]);
    bed.flush(&[1, 2, 3], "again");
    bed.finish();
}

pub fn the_largest_message_arrives_whole(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2, 3]);
    for node in [1, 2] {
        bed.members[&node].order(&format!("big {} {node}", 64 << 20));
    }
    bed.members[&3].order("burst 200 small");
    bed.flush(&[1, 2, 3], "end");
    let big: Vec<Line> = delivered(&bed.members[&3].log()).into_iter().filter(is_big).collect();
    assert_eq!(big.len(), 2);
    for node in [1, 2] {
        let here: Vec<Line> =
            delivered(&bed.members[&node].log()).into_iter().filter(is_big).collect();
        assert_eq!(here, big, "whole and in the same order on {node}");
    }
    bed.finish();
}

pub fn too_large_a_message_is_refused(carrier: &dyn Carrier) {
    let bed = Bed::start(carrier, &[1, 2]);
    bed.members[&1].order(&format!("big {} 1", (64 << 20) + 1));
    bed.members[&1].wait("a refusal", |log| {
        log.iter().any(|line| matches!(line, Line::Other(text) if text.starts_with("refused a message of 67108865 bytes")))
    });
    bed.flush(&[1, 2], "still-there");
    bed.finish();
}

pub fn the_last_words_of_who_leaves_are_heard(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3]);
    bed.members[&2].order("burst 1000 before");
    bed.members[&2].order("last goodbye");
    bed.wait_membership(&[1, 3], &[1, 3]);
    bed.wait_end(2);
    assert_last_words(&bed);
    bed.finish();
}

/// More is on its way to the one who leaves than it takes, and more from it than fits at once.
pub fn the_last_words_are_heard_of_one_who_listens_no_more(carrier: &dyn Carrier) {
    let mut bed = Bed::start(carrier, &[1, 2, 3]);
    bed.members[&2].order("hang");
    bed.members[&1].order("burst 1000 talk");
    bed.wait_delivered(&[1, 3], "talk-999");
    bed.members[&2].order("big 20000000 1");
    bed.members[&2].order("last goodbye");
    bed.wait_membership(&[1, 3], &[1, 3]);
    bed.wait_end(2);
    assert_last_words(&bed);
    bed.finish();
}

/// That 1 and 3 heard the `goodbye` of 2 before it was gone.
fn assert_last_words(bed: &Bed<'_>) {
    for node in [1, 3] {
        let log = bed.members[&node].log();
        let goodbye = log.iter().position(
            |line| matches!(line, Line::Delivered { from: 2, text } if text == "goodbye"),
        );
        let without = log.iter().rposition(|line| matches!(line, Line::Membership { .. }));
        assert!(goodbye.is_some() && goodbye < without, "said before it was gone, on {node}");
    }
}

fn delivered(log: &[Line]) -> Vec<Line> {
    log.iter().filter(|line| matches!(line, Line::Delivered { .. })).cloned().collect()
}

fn is_from(line: &Line, node: u32) -> bool {
    matches!(line, Line::Delivered { from, .. } if *from == node)
}

fn is_big(line: &Line) -> bool {
    matches!(line, Line::Delivered { text, .. } if text.starts_with("67108864:"))
}

fn last_quorate(bed: &Bed<'_>, node: u32) -> bool {
    let log = bed.members[&node].log();
    log.iter()
        .rev()
        .find_map(|line| match line {
            Line::Membership { quorum, .. } => Some(quorum.is_quorate()),
            Line::Delivered { .. } | Line::Other(_) => None,
        })
        .unwrap()
}
