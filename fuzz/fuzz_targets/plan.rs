//! Any document that reads is planned for, and the plan can be carried out.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| generator::targets::plan(text));
