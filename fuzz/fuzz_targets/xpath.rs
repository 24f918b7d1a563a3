//! An expression and a document with a form feed between them: understood and evaluated within
//! bounds, or refused with a place in the expression.

#![no_main]

use cib::Document;
use cib::xpath::XPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (expression, document) = text.split_once('\u{c}').unwrap_or((text, "<a id='x'><b/></a>"));
    match XPath::parse(expression) {
        Err(error) => assert!(error.at <= expression.len(), "{error}"),
        Ok(expression) => {
            if let Ok(document) = Document::parse(document) {
                let _ = expression.evaluate(&document);
            }
        }
    }
});
