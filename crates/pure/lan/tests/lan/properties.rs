//! Laws that hold whatever happens to cards.

use std::time::Duration;

use crate::world::{UP, World, address, card, settings};
use lan::{Input, Link};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Event {
    Link(u8, bool, bool),
    Dead(u8, bool),
    Refuse(u8, bool),
    Add(u8, u8),
    Remove(u8),
    Restart,
    FailBack,
    Disabled(u8, bool),
    Pass(u16),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..3_u8, any::<bool>(), any::<bool>()).prop_map(|(c, up, on)| Event::Link(c, up, on)),
        1 => (0..3_u8, any::<bool>()).prop_map(|(c, is)| Event::Dead(c, is)),
        1 => (0..3_u8, any::<bool>()).prop_map(|(c, is)| Event::Refuse(c, is)),
        2 => (0..3_u8, 20..24_u8).prop_map(|(c, last)| Event::Add(c, last)),
        1 => (20..24_u8).prop_map(Event::Remove),
        1 => Just(Event::Restart),
        1 => Just(Event::FailBack),
        1 => (0..3_u8, any::<bool>()).prop_map(|(c, is)| Event::Disabled(c, is)),
        4 => (1..30_000_u16).prop_map(Event::Pass),
    ]
}

fn name(number: u8) -> String {
    format!("eth{number}")
}

proptest! {
    #[test]
    fn no_address_is_lost_or_doubled_and_peace_returns(
        events in proptest::collection::vec(event(), 1..60),
        auto_failback in any::<bool>(),
    ) {
        let more = [
            ("interfaces", "eth0 eth1 eth2"),
            ("auto_failback", if auto_failback { "yes" } else { "no" }),
        ];
        let mut world = World::new(settings(&more));
        let mut wanted: std::collections::BTreeSet<u8> = [1, 9].into();
        for event in events {
            match event {
                Event::Link(number, up, carrier) => {
                    world.set(&name(number), Link { up, carrier: up && carrier });
                }
                Event::Dead(number, true) => { world.dead.insert(card(&name(number))); }
                Event::Dead(number, false) => { world.dead.remove(&card(&name(number))); }
                Event::Refuse(number, true) => { world.refusing.insert(card(&name(number))); }
                Event::Refuse(number, false) => { world.refusing.remove(&card(&name(number))); }
                Event::Add(number, last) => {
                    wanted.insert(last);
                    world.on.entry(card(&name(number))).or_default().insert(address(last));
                    world.give(Input::Addresses(world.on.clone()));
                }
                Event::Remove(last) => {
                    wanted.remove(&last);
                    for here in world.on.values_mut() {
                        here.remove(&address(last));
                    }
                    world.give(Input::Addresses(world.on.clone()));
                }
                Event::Restart => {
                    world.watch = lan::Watch::new(world.now, settings(&more));
                    world.look();
                }
                Event::FailBack => world.give(Input::FailBack),
                Event::Disabled(number, is) => world.give(Input::Disabled(card(&name(number)), is)),
                Event::Pass(millis) => world.pass(Duration::from_millis(millis.into())),
            }
            for last in &wanted {
                prop_assert!(!world.card_of(*last).is_empty(), "{last} is lost");
            }
        }
        // Once every card works and takes addresses, each address is on one, the same, and it stays so.
        world.dead.clear();
        world.refusing.clear();
        for number in 0..3 {
            world.give(Input::Disabled(card(&name(number)), false));
            world.set(&name(number), UP);
        }
        world.pass(Duration::from_secs(700));
        let active = world.watch.active().unwrap().clone();
        prop_assert!(!auto_failback || active == card("eth0"));
        for last in &wanted {
            prop_assert_eq!(world.card_of(*last), vec![active.as_str()]);
        }
        prop_assert!(world.watch.works());
        world.happened();
        world.pass(Duration::from_secs(3600));
        prop_assert_eq!(world.happened(), "");
    }
}
