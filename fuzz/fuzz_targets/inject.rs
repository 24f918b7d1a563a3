//! `crm_simulate` takes any injections into any document.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| generator::targets::inject(text));
