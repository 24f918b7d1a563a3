//! One option of the document, set through the daemon here.

use cib::{Document, Element, escape_attribute};
use wire::api::{Change, Edit, Request};

use crate::services::Services;
use crate::trouble::Trouble;

/// The value that the document gives a cluster option, if any.
pub(crate) fn of(document: &Document, name: &str) -> Option<String> {
    let pair = pairs(document).find(|pair| pair.attr("name") == Some(name))?;
    pair.attr("value").map(str::to_owned)
}

/// Whether resets are counted on: the name that is used, and how long they are waited for.
pub(crate) fn self_fencing(document: &Document) -> Option<String> {
    let names = ["fencing-watchdog-timeout", "stonith-watchdog-timeout"];
    names
        .into_iter()
        .find_map(|name| of(document, name))
        .filter(|value| !matches!(value.trim(), "0" | "0s"))
}

fn sets(document: &Document) -> impl Iterator<Item = Element<'_>> {
    let all = document.root().descendants();
    all.filter(|at| at.is("cluster_property_set") && at.child("rule").is_none())
}

fn pairs(document: &Document) -> impl Iterator<Item = Element<'_>> {
    sets(document).flat_map(Element::children).filter(|pair| pair.is("nvpair"))
}

/// Sets it on every member.
pub(crate) fn set(services: &Services, name: &str, value: &str) -> Result<(), Trouble> {
    let client = services.client();
    let xml = client.document()?.xml;
    let document = Document::parse(&xml)
        .map_err(|error| Trouble::refused(format!("the document cannot be read: {error}")))?;
    let change = Change::Edit { edits: vec![edit(&document, name, value)] };
    client.change(&Request::Change { change, force: false, based_on: None })?;
    Ok(())
}

fn edit(document: &Document, name: &str, value: &str) -> Edit {
    let known = pairs(document).find(|pair| pair.attr("name") == Some(name));
    let set = sets(document).next().and_then(|set| set.attr("id"));
    let set_id = set.unwrap_or("cib-bootstrap-options");
    let id = known.and_then(|pair| pair.attr("id"));
    let id = id.map_or_else(|| format!("{set_id}-{name}"), str::to_owned);
    let value = escape_attribute(value);
    let pair = format!("<nvpair id=\"{id}\" name=\"{name}\" value=\"{value}\"/>");
    let whole = format!("<cluster_property_set id=\"{set_id}\">{pair}</cluster_property_set>");
    match (known, set) {
        (Some(_), _) => Edit::Modify { xml: pair },
        (None, Some(_)) => Edit::Modify { xml: whole },
        (None, None) => {
            Edit::Create { parent: "/cib/configuration/crm_config".to_owned(), xml: whole }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(options: &str) -> Document {
        Document::parse(&format!(
            "<cib><configuration><crm_config>{options}</crm_config><nodes/><resources/>\
             <constraints/></configuration><status/></cib>"
        ))
        .unwrap()
    }

    #[test]
    fn a_value_is_put_where_there_is_one_or_beside_the_others() {
        let none = document("");
        assert!(matches!(edit(&none, "a", "1"), Edit::Create { .. }));
        let other = document(
            "<cluster_property_set id=\"o\"><nvpair id=\"o-b\" name=\"b\" value=\"2\"/>\
             </cluster_property_set>",
        );
        assert_eq!(of(&other, "b").as_deref(), Some("2"));
        assert_eq!(of(&other, "a"), None);
        let wanted = "<cluster_property_set id=\"o\"><nvpair id=\"o-a\" name=\"a\" value=\"1\"/>\
                      </cluster_property_set>";
        assert_eq!(edit(&other, "a", "1"), Edit::Modify { xml: wanted.to_owned() });
        let wanted = "<nvpair id=\"o-b\" name=\"b\" value=\"3\"/>";
        assert_eq!(edit(&other, "b", "3"), Edit::Modify { xml: wanted.to_owned() });
    }
}
