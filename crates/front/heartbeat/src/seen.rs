//! The cluster as a tool sees it.

use std::time::{Duration, SystemTime};

use cib::{Document, Element, Section};
use client::{Client, ClientError, socket_path};
use scheduler::{Input, Resolved};
use wire::api::Cluster;

/// Longer than nodes take to agree.
const PATIENCE: Duration = Duration::from_secs(15);

/// The daemon's document, and what is around it.
pub(crate) struct Seen {
    pub(crate) document: Document,
    pub(crate) cluster: Cluster,
    pub(crate) now: i64,
}

/// The daemon of this node.
pub(crate) fn client() -> Client {
    Client::new(socket_path(None), PATIENCE)
}

impl Seen {
    /// Asks the daemon; nothing if none answers.
    ///
    /// # Errors
    /// When one answers, and not with a document.
    pub(crate) fn look() -> Result<Option<Self>, String> {
        match client().document() {
            Ok(snapshot) => {
                let document = Document::parse_owned(snapshot.xml);
                let document = document.map_err(|error| error.reason)?;
                Ok(Some(Self { document, cluster: snapshot.cluster, now: now() }))
            }
            Err(ClientError::Connect { .. }) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Members, as the configuration lists them.
    pub(crate) fn nodes(&self) -> Vec<&str> {
        let nodes = self.document.section(Section::Nodes);
        nodes
            .into_iter()
            .flat_map(Element::children)
            .filter_map(|node| node.attr("uname"))
            .collect()
    }

    /// Whether it is a member now, and the membership agreed on its state.
    pub(crate) fn is_member(&self, node: &str) -> bool {
        self.cluster.members.iter().any(|member| member == node)
    }

    /// Addresses that ping resources watch: Heartbeat's ping nodes.
    pub(crate) fn ping_nodes(&self) -> Vec<&str> {
        let primitives = self.document.root().descendants();
        primitives
            .filter(|at| at.is("primitive") && matches!(at.attr("type"), Some("ping" | "pingd")))
            .flat_map(Element::descendants)
            .filter(|pair| pair.is("nvpair") && pair.attr("name") == Some("host_list"))
            .filter_map(|pair| pair.attr("value"))
            .flat_map(str::split_whitespace)
            .collect()
    }

    pub(crate) fn resolved(&self) -> Resolved<'_> {
        scheduler::resolve(&self.document, &Input { now: self.now, ..Input::default() })
    }
}

/// A resource that runs on one node, with all that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) id: String,
    /// The node that its constraints prefer: its line in `haresources` began with it.
    pub(crate) preferred: Option<String>,
    /// Where any part of it is active.
    pub(crate) on: Vec<String>,
}

/// All resources that are no clones.
pub(crate) fn held(document: &Document, resolved: &Resolved<'_>) -> Vec<Held> {
    let resources = document.section(Section::Resources);
    let whole = resources.into_iter().flat_map(Element::children);
    let movable = |at: &Element<'_>| {
        at.is("group") || (at.is("primitive") && at.attr("class") != Some("stonith"))
    };
    whole
        .filter(movable)
        .filter_map(|at| at.attr("id"))
        .map(|id| Held {
            id: id.to_owned(),
            preferred: heartbeat::preferred(document, id),
            on: active_on(resolved, id),
        })
        .collect()
}

fn active_on(resolved: &Resolved<'_>, id: &str) -> Vec<String> {
    let Some(at) = resolved.find_resource(id) else { return Vec::new() };
    let mut names: Vec<String> = view::survival::leaves(resolved, at)
        .into_iter()
        .flat_map(|leaf| &resolved.resource(leaf).active)
        .map(|node| resolved.node(*node).name.as_ref().to_owned())
        .collect();
    names.sort();
    names.dedup();
    names
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) const DOCUMENT: &str = r##"<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0">
<configuration><crm_config/><nodes><node id="1" uname="n1"/><node id="2" uname="n2"/></nodes><resources>
<group id="web"><primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2"/></group>
<primitive id="mail" class="heartbeat" type="mail"/><primitive id="free" class="heartbeat" type="x"/>
<clone id="connected"><primitive id="p" class="ocf" provider="pacemaker" type="ping"><instance_attributes id="i">
<nvpair id="h" name="host_list" value="10.0.0.254 10.0.0.253"/></instance_attributes></primitive></clone>
<primitive id="power" class="stonith" type="fence_x"/></resources>
<constraints><rsc_location id="l1" rsc="web"><rule id="r1" score="100"><expression id="e1" attribute="#uname"
 operation="eq" value="n1"/></rule></rsc_location><rsc_location id="l2" rsc="mail" node="n2" score="50"/>
<rsc_location id="cli-prefer-mail" rsc="mail" node="n1" score="INFINITY"/></constraints></configuration>
<status/></cib>"##;

    #[test]
    fn each_resource_has_the_node_that_its_line_named() {
        let document = Document::parse(DOCUMENT).unwrap();
        let resolved = scheduler::resolve(&document, &Input::default());
        let found: Vec<(String, Option<String>)> =
            held(&document, &resolved).into_iter().map(|held| (held.id, held.preferred)).collect();
        let of = |id: &str, node: Option<&str>| (id.to_owned(), node.map(str::to_owned));
        assert_eq!(found, [of("web", Some("n1")), of("mail", Some("n2")), of("free", None)]);
    }
}
