//! What happens to addresses when cards fail.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::world::{UNPLUGGED, UP, World, address, card, settings};
use lan::{Input, Link};

const SECOND: Duration = Duration::from_secs(1);

fn begun(more: &[(&str, &str)]) -> World {
    let mut world = World::new(settings(more));
    assert_eq!(world.happened(), "eth0 works, eth1 works, up");
    world.pass(20 * SECOND);
    assert_eq!(world.happened(), "");
    world
}

#[test]
fn a_pulled_cable_moves_all_addresses_at_once_and_back_when_it_is_in_again() {
    let mut world = begun(&[]);
    world.set("eth0", UNPLUGGED);
    assert_eq!(world.happened(), "eth0: NoCarrier, eth0 to eth1, eth1 announces 2");
    assert_eq!((world.card_of(1), world.card_of(9)), (vec!["eth1"], vec!["eth1"]));
    world.pass(SECOND);
    assert_eq!(world.happened(), "eth1 announces 2", "once more: frames are lost");
    world.pass(60 * SECOND);
    world.set("eth0", UP);
    assert_eq!(world.happened(), "eth0 works", "the subnet has worked all the time");
    world.pass(2 * SECOND);
    assert_eq!(world.happened(), "eth1 to eth0, eth0 announces 2");
    assert_eq!(world.card_of(9), ["eth0"]);
}

#[test]
fn without_automatic_failback_they_go_back_when_asked_for() {
    let mut world = begun(&[("auto_failback", "no")]);
    world.set("eth0", UNPLUGGED);
    world.give(Input::FailBack);
    assert_eq!(world.card_of(9), ["eth1"], "not to a card that has no link");
    world.set("eth0", UP);
    world.pass(3600 * SECOND);
    assert_eq!(world.card_of(9), ["eth1"]);
    world.give(Input::FailBack);
    assert_eq!(world.card_of(9), ["eth0"]);
}

#[test]
fn a_card_that_is_disabled_counts_as_failed_until_it_is_enabled() {
    let mut world = begun(&[("auto_failback", "no")]);
    world.give(Input::Disabled(card("eth0"), true));
    assert_eq!(world.happened(), "eth0: Disabled, eth0 to eth1, eth1 announces 2");
    world.set("eth0", UNPLUGGED);
    world.set("eth0", UP);
    world.pass(3600 * SECOND);
    assert_eq!(world.card_of(9), ["eth1"], "whatever its link says");
    world.happened();
    world.give(Input::Disabled(card("eth1"), true));
    world.pass(2 * SECOND);
    assert_eq!(world.happened(), "eth1: Disabled, down");
    world.give(Input::Disabled(card("eth0"), false));
    assert_eq!(world.happened(), "eth1 to eth0, eth0 works, eth0 announces 2");
    world.give(Input::Disabled(card("eth1"), false));
    world.pass(2 * SECOND);
    assert_eq!((world.card_of(1), world.card_of(9)), (vec!["eth0"], vec!["eth0"]));
    // Enabling is the way back also where the card was never disabled.
    world.set("eth0", UNPLUGGED);
    world.set("eth0", UP);
    assert_eq!(world.card_of(9), ["eth1"]);
    world.give(Input::Disabled(card("eth0"), false));
    assert_eq!(world.card_of(9), ["eth0"]);
}

#[test]
fn the_subnet_is_down_only_when_no_card_works() {
    let mut world = begun(&[]);
    world.set("eth1", UNPLUGGED);
    world.pass(60 * SECOND);
    assert_eq!(world.happened(), "eth1: NoCarrier");
    world.set("eth0", UNPLUGGED);
    assert_eq!(world.happened(), "eth0: NoCarrier", "and nothing is moved to nowhere");
    world.pass(2 * SECOND);
    assert_eq!(world.happened(), "down");
    world.set("eth1", UP);
    assert_eq!(world.happened(), "eth1 works, eth0 to eth1, eth1 announces 2");
    world.pass(2 * SECOND);
    assert_eq!(world.happened(), "eth1 announces 2, up");
}

#[test]
fn a_blink_of_the_only_card_is_not_told_to_the_cluster() {
    let mut world = World::new(settings(&[("interfaces", "eth0")]));
    assert_eq!(world.happened(), "eth0 works, up");
    world.pass(20 * SECOND);
    world.set("eth0", UNPLUGGED);
    world.pass(SECOND);
    world.set("eth0", UP);
    world.pass(60 * SECOND);
    assert_eq!(world.happened(), "eth0: NoCarrier, eth0 works");
}

#[test]
fn addresses_that_went_with_their_card_are_moved_as_they_were_known() {
    let mut world = begun(&[]);
    world.on.clear();
    world.set("eth0", Link { up: false, carrier: false });
    assert_eq!(world.card_of(9), ["eth1"]);
}

#[test]
fn an_address_that_is_added_to_the_wrong_card_is_brought_to_the_right_one() {
    let mut world = begun(&[]);
    world.set("eth0", UNPLUGGED);
    world.on.entry(card("eth0")).or_default().insert(address(10));
    world.give(Input::Addresses(world.on.clone()));
    assert_eq!(world.card_of(10), ["eth1"]);
}

#[test]
fn what_cannot_be_moved_is_tried_again_each_second() {
    let mut world = begun(&[]);
    world.refusing.insert(card("eth1"));
    world.set("eth0", UNPLUGGED);
    assert_eq!(world.card_of(9), ["eth0"]);
    world.pass(10 * SECOND);
    let tries = world.happened().matches("eth1 announces").count();
    assert!((5..=25).contains(&tries), "{tries}");
    world.refusing.clear();
    world.pass(SECOND);
    assert_eq!(world.card_of(9), ["eth1"]);
}

#[test]
fn a_watch_that_was_killed_finds_things_as_it_left_them() {
    let mut world = begun(&[("auto_failback", "no")]);
    world.set("eth0", UNPLUGGED);
    world.set("eth0", UP);
    world.watch = lan::Watch::new(world.now, settings(&[("auto_failback", "no")]));
    world.look();
    world.pass(60 * SECOND);
    assert_eq!(world.card_of(9), ["eth1"]);
    // In the middle of a move: one is on both.
    world.on.entry(card("eth0")).or_default().insert(address(9));
    world.watch = lan::Watch::new(world.now, settings(&[("auto_failback", "no")]));
    world.look();
    assert_eq!((world.card_of(1), world.card_of(9)), (vec!["eth1"], vec!["eth1"]));
}

#[test]
fn a_card_whose_counts_stand_still_has_failed() {
    let mut world = begun(&[]);
    world.dead.insert(card("eth0"));
    world.pass(8 * SECOND);
    assert_eq!(world.happened(), "eth0: Still, eth0 to eth1, eth1 announces 2, eth1 announces 2");
    world.dead.clear();
    world.pass(20 * SECOND);
    assert_eq!(world.card_of(9), ["eth0"]);
    let mut world = begun(&[("failure_detection", "carrier")]);
    world.dead.insert(card("eth0"));
    world.pass(60 * SECOND);
    assert_eq!(world.happened(), "");
}

#[test]
fn two_missed_answers_move_to_a_card_that_has_one() {
    let mut world = World::new(settings(&[("targets", "10.1.2.254 10.1.2.253")]));
    let both: BTreeSet<_> = [card("eth0"), card("eth1")].into();
    world.answers.insert("10.1.2.254".parse().unwrap(), both);
    world.pass(60 * SECOND);
    assert_eq!(world.happened(), "eth0 works, eth1 works, up", "one of them is enough");
    world.answers.insert("10.1.2.254".parse().unwrap(), [card("eth1")].into());
    world.pass(15 * SECOND);
    assert_eq!(world.happened(), "", "one may be lost");
    world.pass(10 * SECOND);
    assert_eq!(world.happened(), "eth0: Silent, eth0 to eth1, eth1 announces 2, eth1 announces 2");
    world.pass(3600 * SECOND);
    assert_eq!(world.happened(), "", "nothing is known that speaks for the first card again");
    world.set("eth0", UNPLUGGED);
    world.set("eth0", UP);
    world.answers.insert("10.1.2.254".parse().unwrap(), [card("eth0")].into());
    world.pass(10 * SECOND);
    assert_eq!(world.card_of(9), ["eth0"], "a new cable is a new chance");
}

#[test]
fn a_target_that_is_silent_for_all_takes_the_subnet_down_without_hunting_for_a_card() {
    let mut world = World::new(settings(&[("targets", "10.1.2.254")]));
    world.happened();
    world.pass(600 * SECOND);
    let happened = world.happened();
    assert_eq!(happened.matches(" to ").count(), 1, "{happened}");
    assert!(happened.ends_with("eth1: Silent, down"), "{happened}");
    let both: BTreeSet<_> = [card("eth0"), card("eth1")].into();
    world.answers.insert("10.1.2.254".parse().unwrap(), both);
    world.pass(60 * SECOND);
    let happened = world.happened();
    assert!(happened.contains("up") && !happened.contains("down"), "{happened}");
    assert_eq!(world.card_of(9), ["eth0"], "it was not the card's fault");
}

#[test]
fn the_silence_of_a_node_that_is_no_member_says_nothing() {
    let mut world = World::new(settings(&[("peers", "n2=10.1.2.2"), ("interfaces", "eth0")]));
    world.happened();
    world.pass(600 * SECOND);
    assert_eq!(world.happened(), "", "n2 is not there");
    world.members.insert("n2".to_owned());
    world.pass(20 * SECOND);
    assert_eq!(world.happened(), "eth0: Silent, down", "it is there, by another network");
}

#[test]
fn a_loose_contact_is_believed_later_and_later() {
    let mut world = begun(&[]);
    for _ in 0..1200 {
        world.set("eth0", UNPLUGGED);
        world.pass(SECOND);
        world.set("eth0", UP);
        world.pass(5 * SECOND);
    }
    let moves = world.happened().matches(" to ").count();
    assert!(moves <= 6, "{moves} moves in two hours");
    world.pass(600 * SECOND);
    assert_eq!(world.card_of(9), ["eth0"], "but at last it is");
}
