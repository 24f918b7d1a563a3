//! A bundle: one line for each replica.

use scheduler::{Bundle, ResIx, Resolved};

use super::resources::{in_brackets, management};
use super::{Shown, current_node, primitive, shown_id};
use crate::text::Text;

pub(super) fn write(
    text: &mut Text,
    resolved: &Resolved<'_>,
    at: ResIx,
    bundle: &Bundle,
    shown: Shown,
) -> bool {
    let resource = resolved.resource(at);
    let several = if bundle.replicas_max > 1 { " set" } else { "" };
    let unique = if resource.flags.unique { " (unique)" } else { "" };
    let management: Vec<&str> = management(resource).into_iter().collect();
    text.begin(&format!(
        "Container bundle{several}: {} [{}]{unique}{}",
        resource.id,
        bundle.image,
        in_brackets(&management)
    ));
    for replica in &bundle.replicas {
        let remote = resolved.resource(replica.remote.unwrap_or(replica.container));
        let address = replica.address.as_ref().map(|address| format!(" ({address})"));
        let name = format!("{}{}", shown_id(remote), address.unwrap_or_default());
        let node = current_node(resolved, replica.container);
        let shown_part = replica.child.unwrap_or(replica.container);
        primitive::write_as(text, resolved, shown_part, &name, node, shown);
    }
    text.end();
    true
}
