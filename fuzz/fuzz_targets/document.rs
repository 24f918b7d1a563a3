//! Any document is held against its schema, upgraded, read as another user and edited without a
//! panic; an upgrade that succeeds gives a valid document.

#![no_main]

use cib::acl::{User, readable};
use cib::edit::{Edit, apply};
use cib::{Document, schema, upgrade};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(mut document) = Document::parse(text) else { return };
    let checked = schema::check(&document);
    checked.violations.iter().for_each(|violation| drop(violation.to_string()));
    let user = User { name: "someone".into(), groups: vec!["some".into()] };
    let _ = readable(&document, &user);
    let _ = apply(&document, &[Edit::ReplaceConfiguration { xml: text.to_owned() }]);
    if upgrade::upgrade(&mut document).is_ok_and(|done| done.from < schema::Schema::NEWEST) {
        assert!(schema::check(&document).is_valid());
    }
});
