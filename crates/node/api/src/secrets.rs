//! What is nobody's business: the values of parameters whose names say so, or that agents mark.

use std::iter;

use agent::is_secret_by_name;
use cib::{Document, Element, NodeId};

/// What stands in their place.
const MASK: &str = "******";

/// The document with all secrets masked, also in what the status remembers of past runs. `None` if
/// it is no document.
pub(crate) fn masked(xml: &str) -> Option<String> {
    let mut document = Document::parse(xml).ok()?;
    let mut secret: Vec<(NodeId, String)> = Vec::new();
    for element in document.root().descendants() {
        if element.attr("name").is_some_and(is_secret_by_name) && element.attr("value").is_some() {
            secret.push((element.id(), "value".to_owned()));
        }
        if element.is("parameters") || element.is("attributes") {
            let names = element.attrs().map(|(name, _)| name);
            let names = names.filter(|name| is_secret_by_name(name));
            secret.extend(names.map(|name| (element.id(), name.to_owned())));
        }
        if element.is("lrm_resource") {
            secret.extend(marked(&document, element).map(|id| (id, "value".to_owned())));
        }
    }
    for (element, attribute) in secret {
        document.set(element, &attribute, MASK);
    }
    Some(document.to_string())
}

/// The pairs of a resource that its agent marks as secret: the history of its runs says which,
/// so no agent need be asked.
fn marked<'d>(
    document: &'d Document,
    history: Element<'d>,
) -> impl Iterator<Item = NodeId> + use<'d> {
    let runs = history.children_named("lrm_rsc_op");
    let names: Vec<&str> = runs
        .filter_map(|run| run.attr("op-secure-params"))
        .flat_map(str::split_ascii_whitespace)
        .collect();
    let id = history.attr("id").unwrap_or_default();
    // An instance of a clone set has a number behind its name.
    let id = id.split_once(':').map_or(id, |(id, _)| id);
    let resource = (!names.is_empty()).then(|| document.find_id(id)).flatten();
    let pairs = resource.into_iter().flat_map(move |resource| pairs(document, resource));
    pairs
        .filter(move |pair| pair.attr("name").is_some_and(|name| names.contains(&name)))
        .map(Element::id)
}

/// All that give a resource its parameters: its own pairs, those of its template, and those of the
/// groups and clone sets around it.
fn pairs<'d>(
    document: &'d Document,
    resource: Element<'d>,
) -> impl Iterator<Item = Element<'d>> + use<'d> {
    let meant = move |element: Element<'d>| {
        element.attr("id-ref").and_then(|id| document.find_id(id)).unwrap_or(element)
    };
    let template = resource.attr("template").and_then(|id| document.find_id(id));
    iter::successors(Some(resource), |inner| inner.parent())
        .chain(template)
        .flat_map(|holder| holder.children_named("instance_attributes"))
        .flat_map(move |set| meant(set).children_named("nvpair"))
        .map(meant)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        let xml = "<cib><configuration><nvpair id=\"a\" name=\"Passwd\" value=\"xyzzy\"/>\
                   <nvpair id=\"b\" name=\"ip\" value=\"10.0.0.1\"/>\
                   <nvpair id=\"c\" name=\"passwd_script\" value=\"/x\"/>\
                   <parameters snmp_community=\"xyzzy\" ip=\"1\"/></configuration></cib>";
        let text = masked(xml).unwrap();
        assert!(!text.contains("xyzzy"), "{text}");
        for kept in ["10.0.0.1", "\"/x\"", "ip=\"1\"", "name=\"Passwd\""] {
            assert!(text.contains(kept), "{text}");
        }
    }

    #[test]
    fn what_an_agent_marks_is_masked_wherever_its_resource_has_it_from() {
        let set = |id: &str, value: &str| {
            format!(
                "<instance_attributes id='{id}'><nvpair id='{id}-p' name='pin' value='{value}'/>\
                 <nvpair id='{id}-i' name='ip' value='kept-{id}'/></instance_attributes>"
            )
        };
        let xml = format!(
            "<cib><configuration><resources><template id='t'>{}</template>\
             <clone id='c'>{}<primitive id='r' template='t'>{}\
             <instance_attributes id='ref' id-ref='shared'/></primitive></clone>\
             <primitive id='other'>{}</primitive><primitive id='unmarked'>{}</primitive>\
             </resources></configuration><status><lrm_resource id='r:0'><lrm_rsc_op id='o' \
             op-secure-params=' pin '/></lrm_resource><lrm_resource id='other'><lrm_rsc_op id='p'/>\
             </lrm_resource></status></cib>",
            set("template", "xyzzy"),
            set("outer", "xyzzy"),
            set("own", "xyzzy"),
            set("shared", "xyzzy"),
            set("plain", "1234"),
        );
        let text = masked(&xml).unwrap();
        assert!(!text.contains("xyzzy"), "{text}");
        for kept in ["1234", "kept-template", "kept-outer", "kept-own", "kept-shared"] {
            assert!(text.contains(kept), "{kept}: {text}");
        }
    }
}
