//! `quorate resource set`: other parameters and meta attributes for what is there.

use wire::api::Edit;

use super::resource_words::{Said, check, read, usage};
use crate::arguments::{Changing, Common};
use crate::change::{Wanted, carry_out};
use crate::edits::{set_value, unset_value};
use crate::exit::Exit;
use crate::find;
use crate::source::Source;
use crate::trouble::Trouble;

type Pairs = Vec<(String, String)>;

/// Sets what has a value, and takes away what has an empty one.
pub(super) fn set(
    common: &Common,
    changing: Changing,
    id: &str,
    words: &[String],
    unchecked: bool,
) -> Result<Exit, Trouble> {
    let source = Source::read(common)?;
    let resource = find::resource(&source.document, id)?;
    let said = read(words)?;
    if !said.operations.is_empty() {
        return Err(usage("operations are changed with `quorate config edit`"));
    }
    let is_set =
        |pairs: &Pairs| pairs.iter().filter(|(_, value)| !value.is_empty()).cloned().collect();
    check(&Said { meta: is_set(&said.meta), ..Said::default() })?;
    if !said.parameters.is_empty() && !resource.is("primitive") {
        let inner = resource.descendants().filter(|at| at.is("primitive"));
        let inner: Vec<&str> = inner.filter_map(|at| at.attr("id")).collect();
        return Err(usage(&format!(
            "{id} is a {}: parameters belong to {}",
            resource.name(),
            view::words::list(&inner)
        )));
    }
    let mut edits: Vec<Edit> = Vec::new();
    for (kind, pairs) in
        [("instance_attributes", &said.parameters), ("meta_attributes", &said.meta)]
    {
        for (name, value) in pairs {
            if value.is_empty() {
                edits.extend(unset_value(resource, kind, name));
            } else {
                let set_id = format!("{id}-{kind}");
                edits.push(set_value(&source.document, resource, kind, &set_id, (name, value)));
            }
        }
    }
    if edits.is_empty() {
        crate::say::out(&format!("{id} has none of that: nothing to change.\n"));
        return Ok(Exit::Done);
    }
    let wanted =
        Wanted::edits(&source, changing, format!("Change {id}"), edits)?.checked(unchecked);
    carry_out(common, changing, &source, &wanted)
}
