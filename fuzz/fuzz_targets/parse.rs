//! Any text is read or refused; what was read prints to a text that reads the same.

#![no_main]

use cib::Document;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(document) = Document::parse(text) {
        let printed = document.to_string();
        let again = Document::parse(&printed).expect("what was printed can be read");
        assert_eq!(again.to_string(), printed);
    }
});
