//! A few seeds of every build; `cargo xtask sim` runs thousands.

use sim::{Options, run};

#[test]
fn the_same_seed_gives_the_same_run() {
    let (one, other) = (run(&Options::seed(7)), run(&Options::seed(7)));
    assert_eq!(one.trace, other.trace);
    assert_eq!(one.events, other.events);
}
