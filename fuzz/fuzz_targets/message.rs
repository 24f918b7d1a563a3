//! Any bytes are a message between nodes or are refused.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| generator::targets::message(bytes));
