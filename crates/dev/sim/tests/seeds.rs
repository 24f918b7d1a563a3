//! A few seeds of every build; `cargo xtask sim` runs thousands.

use sim::{Options, run};

#[test]
fn no_seed_breaks_a_promise() {
    for seed in 0..20 {
        let ran = run(&Options::seed(seed));
        assert_eq!(
            ran.violation,
            None,
            "seed {seed}: cargo xtask sim --seed {seed} --trace\n{}",
            ran.trace.join("\n")
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_run() {
    let (one, other) = (run(&Options::seed(7)), run(&Options::seed(7)));
    assert_eq!(one.trace, other.trace);
    assert_eq!(one.events, other.events);
}
