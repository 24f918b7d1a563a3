//! `cibadmin`, as far as agents call it: it shows the document or parts of it.
//!
//! **Not here:** changing it; `quorate config` and the other tools do.

use std::ffi::OsString;
use std::process::ExitCode;

use cib::{Document, Element};

use crate::exit::Exit;
use crate::options::{Given, Taken};
use crate::tool::{self, Trouble, last, switch, valued};

const TAKEN: [Taken; 9] = [
    switch("help", Some('?'), "Show this help"),
    switch("version", Some('$'), "Show the version"),
    switch("verbose", Some('V'), "Accepted; nothing more is said"),
    switch("query", Some('Q'), "Show the document, or the part that is chosen"),
    switch("local", Some('l'), "Accepted; each node has the same document"),
    switch("no-children", Some('n'), "Leave out what is in the elements that are shown"),
    valued("xpath", Some('A'), "XPATH", "What to show"),
    valued("scope", Some('o'), "SECTION", "The section to show"),
    valued("timeout", Some('t'), "SECONDS", "Accepted"),
];

/// Shows the document.
pub fn cibadmin(words: Vec<OsString>) -> ExitCode {
    tool::run("cibadmin", words, |words| {
        let given = tool::given(&TAKEN, words)?;
        if let Some(text) = tool::about(&given, "cibadmin", &TAKEN) {
            return Ok(text);
        }
        if last(&given, &["query"]).is_none() {
            let words =
                "only --query is understood; change the configuration with `quorate config`";
            return Err(Trouble::usage(words));
        }
        let (_client, _snapshot, document) = tool::live()?;
        show(&document, &given)
    })
}

fn show(document: &Document, given: &[Given]) -> Result<String, Trouble> {
    let bare = last(given, &["no-children"]).is_some();
    let chosen = chosen(document, given)?;
    let texts: Vec<String> = chosen.iter().map(|element| text(*element, bare)).collect();
    match texts.as_slice() {
        [] => Err(Trouble::new(Exit::NoSuch, "Call cib_query failed: No such device or address")),
        [one] => Ok(one.clone()),
        many => Ok(format!("<xpath-query>\n{}</xpath-query>\n", many.concat())),
    }
}

fn chosen<'d>(document: &'d Document, given: &[Given]) -> Result<Vec<Element<'d>>, Trouble> {
    if let Some(xpath) = last(given, &["xpath"]) {
        let invalid = |error: cib::xpath::XPathError| Trouble::new(Exit::Usage, error.to_string());
        return document.select(&xpath.value).map_err(invalid);
    }
    let Some(scope) = last(given, &["scope"]) else { return Ok(vec![document.root()]) };
    let name = scope.value.as_str();
    let root = document.root();
    let section = match name {
        "cib" | "all" => Some(root),
        "status" | "configuration" => root.child(name),
        _ => root.path(&["configuration", name]),
    };
    Ok(section.into_iter().collect())
}

fn text(element: Element<'_>, bare: bool) -> String {
    if !bare {
        return format!("{}\n", element.to_string().trim_end());
    }
    let mut copy = Document::extract(element);
    let root = copy.root().id();
    copy.clear(root);
    format!("{}\n", copy.root().to_string().trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(line: &str) -> Result<String, Trouble> {
        let document = Document::parse(
            "<cib><configuration><nodes><node id='1'/><node id='2'/></nodes></configuration>\
             <status><node_state id='1' crmd='online'><x a='b'/></node_state></status></cib>",
        )
        .unwrap();
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        show(&document, &tool::given(&TAKEN, &words).unwrap())
    }

    #[test]
    fn a_part_is_shown_alone_and_several_together() {
        let one = shown("-Q --xpath //node_state[@crmd='online']//x").unwrap();
        assert_eq!(one, "<x a=\"b\"/>\n");
        let both = shown("-Q -A //node").unwrap();
        assert_eq!(both, "<xpath-query>\n<node id=\"1\"/>\n<node id=\"2\"/>\n</xpath-query>\n");
        assert_eq!(shown("-Q -o status -n").unwrap(), "<status/>\n");
        assert!(shown("-Q").unwrap().starts_with("<cib>"));
        assert_eq!(shown("-Q -A //nothing").unwrap_err().exit, Exit::NoSuch);
        assert_eq!(shown("-Q -A //[").unwrap_err().exit, Exit::Usage);
    }
}
