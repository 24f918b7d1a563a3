//! `cargo test` is enough to hold the rules of `cargo xtask tidy`.

#[test]
fn the_tree_is_tidy() {
    let found = xtask::tidy::findings(&xtask::tidy::root());
    assert!(found.is_empty(), "{}", found.join("\n"));
}
