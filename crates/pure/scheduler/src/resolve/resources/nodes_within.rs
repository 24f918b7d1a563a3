//! Resources that are nodes: remote nodes, and guests named by a resource's meta attributes.

use std::borrow::Cow;
use std::sync::Arc;

use cib::Element;
use model::{AgentRef, Score};

use super::super::types::{Implied, NodeKind};
use super::super::{Reading, nodes};
use super::definition::{Definition, Shape, is_remote_agent};
use super::operations::implied;

/// Adds the nodes, and gives the guests' connections, which the configuration only implies.
pub(super) fn read<'a>(reading: &mut Reading<'a>, section: Element<'a>) -> Vec<Definition<'a>> {
    let mut guests = Vec::new();
    for element in section.children() {
        if is_remote_agent(element) {
            if let Some(id) = element.attr("id") {
                add_node(reading, id);
            }
        } else if element.is("primitive") {
            guests.extend(guest(reading, element));
        } else if element.is("group") {
            for member in element.children() {
                guests.extend(guest(reading, member));
            }
        }
    }
    guests
}

fn add_node(reading: &mut Reading<'_>, id: &str) {
    if reading.resolved.find_node(id).is_none() {
        nodes::add(reading, id, id, NodeKind::Remote { connection: None }, Score::ZERO);
    }
}

/// What the meta attributes of a guest say of its connection. Read plainly: neither rules nor
/// references count here.
#[derive(Default)]
struct GuestOptions<'a> {
    name: Option<&'a str>,
    address: Option<&'a str>,
    port: Option<&'a str>,
    connect_timeout: Option<&'a str>,
    allow_migrate: Option<&'a str>,
    is_managed: Option<&'a str>,
}

fn guest<'a>(reading: &mut Reading<'a>, element: Element<'a>) -> Option<Definition<'a>> {
    let mut options = GuestOptions::default();
    let blocks = element.children_named("meta_attributes");
    for pair in blocks.flat_map(|block| block.children()) {
        let value = pair.attr("value");
        match pair.attr("name") {
            Some("remote-node") => options.name = value,
            Some("remote-addr") => options.address = value,
            Some("remote-port") => options.port = value,
            Some("remote-connect-timeout") => options.connect_timeout = value,
            Some("remote-allow-migrate") => options.allow_migrate = value,
            Some("is-managed") => options.is_managed = value,
            Some(_) | None => {}
        }
    }
    let name = options.name?;
    add_node(reading, name);
    Some(connection(element, name, element.attr("id")?.into(), &options))
}

fn connection<'a>(
    element: Element<'a>,
    name: &'a str,
    container: Cow<'a, str>,
    options: &GuestOptions<'a>,
) -> Definition<'a> {
    let timeout = options.connect_timeout.unwrap_or("60s");
    let mut made = remote_connection(element, name, container);
    let implied = made.implied.get_or_insert_default();
    let mut meta = |key: &'static str, value: Option<&'a str>| {
        implied.meta.extend(value.map(|value| (Cow::Borrowed(key), Cow::Borrowed(value))));
    };
    meta("allow-migrate", options.allow_migrate);
    meta("is-managed", options.is_managed);
    let mut parameter = |key: &'static str, value: Option<&'a str>| {
        implied.parameters.extend(value.map(|value| (Cow::Borrowed(key), Cow::Borrowed(value))));
    };
    parameter("addr", options.address);
    parameter("port", options.port);
    made.operations.push(self::implied(name, "start", "0", Some(timeout.into())));
    made
}

/// The connection to a node called `name` inside `container`, as far as all such are alike.
pub(super) fn remote_connection<'a>(
    element: Element<'a>,
    name: &str,
    container: Cow<'a, str>,
) -> Definition<'a> {
    let meta =
        vec![("internal_rsc".into(), "true".into()), (Cow::Borrowed("container"), container)];
    Definition {
        agent: Some(AgentRef {
            standard: Arc::from("ocf"),
            provider: Some(Arc::from("pacemaker")),
            kind: Arc::from("remote"),
        }),
        implied: Some(Implied { meta, parameters: Vec::new() }),
        operations: vec![implied(name, "monitor", "30s", Some("30s".into()))],
        ..Definition::configured(element, name, Shape::Primitive)
    }
}
