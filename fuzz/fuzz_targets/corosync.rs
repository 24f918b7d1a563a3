//! Any text is a `corosync.conf` to judge and to edit.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| generator::targets::corosync(text));
