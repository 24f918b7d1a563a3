//! Showing the document or parts of it.

use cib::xpath::{Selected, Value, XPath};
use cib::{Document, Element, Section};

use super::operation::Target;
use crate::exit::Exit;
use crate::output::Output;
use crate::tool::{Call, Trouble};

pub(super) fn query(
    document: &Document,
    target: &Target,
    call: &Call,
    said: &mut Output,
) -> Result<Exit, Trouble> {
    let chosen = chosen(document, target)?;
    let is_xpath = matches!(target, Target::XPath(_));
    if call.has("node-path") && is_xpath {
        show_paths(&chosen, said);
        return Ok(Exit::Ok);
    }
    let bare = call.has("no-children");
    let text = match chosen.as_slice() {
        [] => return Err(nothing()),
        [one] => text(*one, bare),
        many => together(many, bare),
    };
    said.quote("output", &text);
    Ok(Exit::Ok)
}

fn nothing() -> Trouble {
    Trouble::new(Exit::NoSuch, "CIB API call failed: No such device or address")
}

fn chosen<'d>(document: &'d Document, target: &Target) -> Result<Vec<Element<'d>>, Trouble> {
    let section = |section: Section| document.section(section).into_iter().collect();
    match target {
        Target::All => Ok(vec![document.root()]),
        Target::Nowhere => Ok(Vec::new()),
        Target::Section(at) => Ok(section(*at)),
        Target::XPath(xpath) => selected(document, xpath),
    }
}

/// What an expression selects; of an attribute, its element.
fn selected<'d>(document: &'d Document, xpath: &str) -> Result<Vec<Element<'d>>, Trouble> {
    // Pacemaker finds nothing by what is no expression; the reason is ours.
    let refused = |error: cib::xpath::XPathError| Trouble {
        words: format!("{}\n{error}", nothing().words),
        ..nothing()
    };
    let value = XPath::parse(xpath).and_then(|xpath| xpath.evaluate(document)).map_err(refused)?;
    let Value::Nodes(nodes) = value else { return Ok(Vec::new()) };
    let element = |node| match node {
        Selected::Element(element) | Selected::Attribute { of: element, .. } => Some(element),
        Selected::Document => Some(document.root()),
        Selected::Comment(_) | Selected::Text(_) => None,
    };
    Ok(nodes.into_iter().filter_map(element).collect())
}

fn show_paths(chosen: &[Element<'_>], said: &mut Output) {
    let paths: Vec<String> = chosen.iter().map(|element| path(*element)).collect();
    let mut listed = Document::new("xpath-query");
    let root = listed.root().id();
    for path in &paths {
        let entry = listed.append(root, "xpath-query-path");
        listed.set(entry, "id", path);
    }
    said.tell(
        |out| paths.iter().for_each(|path| out.line(path)),
        |xml| xml.verbatim("output", &listed.to_string()),
    );
}

/// The way to an element, by names and ids.
fn path(element: Element<'_>) -> String {
    let above = element.parent().map(path).unwrap_or_default();
    let id = element.attr("id").map(|id| format!("[@id='{id}']")).unwrap_or_default();
    format!("{above}/{}{id}", element.name())
}

fn together(elements: &[Element<'_>], bare: bool) -> String {
    let mut all = Document::new("xpath-query");
    let root = all.root().id();
    for element in elements {
        let copy = all.append_copy(root, *element);
        if bare {
            all.clear(copy);
        }
    }
    all.to_string()
}

fn text(element: Element<'_>, bare: bool) -> String {
    if !bare {
        return element.to_string();
    }
    let mut copy = Document::extract(element);
    let root = copy.root().id();
    copy.clear(root);
    copy.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(target: &Target) -> Vec<String> {
        let document = Document::parse(
            "<cib><configuration><nodes><node id='1'/><node id='2'/></nodes></configuration>\
             <status><node_state id='1' crmd='online'><x a='b'/></node_state></status></cib>",
        )
        .unwrap();
        chosen(&document, target).unwrap().into_iter().map(path).collect()
    }

    #[test]
    fn parts_are_found_by_section_and_by_expression() {
        let at = |xpath: &str| texts(&Target::XPath(xpath.to_owned()));
        assert_eq!(at("//node_state[@crmd='online']//x"), ["/cib/status/node_state[@id='1']/x"]);
        assert_eq!(at("//node/@id").len(), 2);
        assert!(at("count(//node)").is_empty());
        assert_eq!(texts(&Target::Section(Section::Nodes)), ["/cib/configuration/nodes"]);
        assert!(texts(&Target::Section(Section::Tags)).is_empty());
        assert!(texts(&Target::Nowhere).is_empty());
    }

    #[test]
    fn what_is_no_expression_selects_nothing_and_says_where_it_goes_wrong() {
        let document = Document::new("cib");
        let trouble = chosen(&document, &Target::XPath("//[".to_owned())).unwrap_err();
        assert_eq!(trouble.exit, Exit::NoSuch);
        assert!(trouble.words.starts_with("CIB API call failed: No such device"), "{trouble:?}");
    }
}
