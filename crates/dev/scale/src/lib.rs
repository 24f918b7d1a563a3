//! Large documents of any size, for timing: as much history as a long-lived cluster has, and one
//! node that has just failed.
//!
//! **Not here:** anything random. The same size is the same text, so that runs can be compared.

mod hard;

use std::fmt::{self, Write};

pub use hard::{Hard, hard};

/// How large a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub nodes: usize,
    pub resources: usize,
}

/// The sizes by which growth is judged, in order of nodes times resources.
pub const SIZES: [Size; 7] = [
    Size { nodes: 4, resources: 100 },
    Size { nodes: 8, resources: 250 },
    Size { nodes: 16, resources: 500 },
    Size { nodes: 16, resources: 1000 },
    Size { nodes: 32, resources: 1000 },
    Size { nodes: 16, resources: 3000 },
    Size { nodes: 100, resources: 10_000 },
];

/// A cluster in which everything runs and was probed everywhere, and whose last node has just
/// failed.
///
/// Half of the resources are in groups of five. Each group is colocated with a lone resource and
/// ordered after it; one resource in fifty prefers a node.
pub fn document(size: Size) -> String {
    document_with(size, Some(size.nodes.saturating_sub(1)))
}

/// The same with all nodes online, and so nothing to do.
pub fn steady(size: Size) -> String {
    document_with(size, None)
}

fn document_with(size: Size, lost: Option<usize>) -> String {
    let layout = Layout::of(size);
    // About 460 bytes for each record.
    let mut text = String::with_capacity(460 * size.nodes * size.resources + 4096);
    text.push_str(HEAD);
    for node in 1..=size.nodes {
        put(&mut text, format_args!("<node id=\"{node}\" uname=\"n{node}\"/>"));
    }
    put(&mut text, format_args!("</nodes><resources>{}</resources>", layout.resources));
    put(&mut text, format_args!("<constraints>{}</constraints>{DEFAULTS}", layout.constraints));
    for node in 0..size.nodes {
        put_state(&mut text, &layout, node, lost == Some(node));
    }
    text.push_str("</status></cib>\n");
    text
}

const HEAD: &str = concat!(
    r#"<cib crm_feature_set="3.19.7" validate-with="pacemaker-3.9" epoch="10" num_updates="5" "#,
    r#"admin_epoch="0" have-quorum="1" dc-uuid="1" execution-date="1400000100"><configuration>"#,
    r#"<crm_config><cluster_property_set id="o">"#,
    r#"<nvpair id="o1" name="stonith-enabled" value="false"/>"#,
    r#"<nvpair id="o2" name="dc-version" value="3.0.2"/>"#,
    r#"<nvpair id="o3" name="cluster-infrastructure" value="corosync"/>"#,
    r"</cluster_property_set></crm_config><nodes>",
);

const DEFAULTS: &str = concat!(
    r#"<rsc_defaults><meta_attributes id="rd">"#,
    r#"<nvpair id="rd1" name="resource-stickiness" value="1"/>"#,
    r"</meta_attributes></rsc_defaults></configuration><status>",
);

/// How many members a group has, and how many lone resources are between two groups.
const GROUP: usize = 5;

/// The configured resources, and where they run.
struct Layout {
    resources: String,
    constraints: String,
    /// By resource: the node where it is active.
    homes: Vec<usize>,
}

impl Layout {
    fn of(size: Size) -> Self {
        let (resources, constraints) = (String::new(), String::new());
        let mut made = Self { resources, constraints, homes: Vec::new() };
        let mut group = 0;
        while made.homes.len() < size.resources {
            let home = group % size.nodes.max(1);
            made.primitive(home);
            let next = made.homes.len();
            if next.is_multiple_of(50) {
                made.prefer(next, home);
            }
            if next % (2 * GROUP) == GROUP && size.resources - next >= GROUP {
                made.group(group, home);
                group += 1;
            }
        }
        made
    }

    fn primitive(&mut self, home: usize) {
        let number = self.homes.len();
        self.homes.push(home);
        let text = format_args!(
            "<primitive id=\"r{number}\" {AGENT}><operations><op id=\"r{number}-m\" \
             name=\"monitor\" interval=\"10s\" timeout=\"20s\"/></operations></primitive>"
        );
        put(&mut self.resources, text);
    }

    /// A group that is colocated with the resource before it, and starts after that.
    fn group(&mut self, number: usize, home: usize) {
        let leader = self.homes.len() - 1;
        put(&mut self.resources, format_args!("<group id=\"g{number}\">"));
        (0..GROUP).for_each(|_| self.primitive(home));
        self.resources.push_str("</group>");
        let text = format_args!(
            "<rsc_colocation id=\"c{number}\" rsc=\"g{number}\" with-rsc=\"r{leader}\" \
             score=\"INFINITY\"/><rsc_order id=\"d{number}\" first=\"r{leader}\" \
             then=\"g{number}\" kind=\"Mandatory\"/>"
        );
        put(&mut self.constraints, text);
    }

    /// The last resource prefers its node.
    fn prefer(&mut self, number: usize, home: usize) {
        let (resource, node) = (number - 1, home + 1);
        let text = format_args!(
            "<rsc_location id=\"l{number}\" rsc=\"r{resource}\" node=\"n{node}\" \
             score=\"100\"/>"
        );
        put(&mut self.constraints, text);
    }
}

const AGENT: &str = r#"class="ocf" provider="pacemaker" type="Dummy""#;

/// A node's state: what it was asked to do, and what came of it.
fn put_state(text: &mut String, layout: &Layout, node: usize, lost: bool) {
    let (id, member) = (node + 1, if lost { LOST } else { ONLINE });
    let head = format_args!(
        "<node_state id=\"{id}\" uname=\"n{id}\" {member} crm-debug-origin=\"x\">\
         <lrm id=\"{id}\"><lrm_resources>"
    );
    put(text, head);
    for (resource, home) in layout.homes.iter().enumerate() {
        put(text, format_args!("<lrm_resource id=\"r{resource}\" {AGENT}>"));
        let call = 2 * resource + 1;
        let record =
            |task, interval, code, call| Record { resource, node, task, interval, code, call };
        if *home == node {
            record("start", 0, 0, call).put(text);
            record("monitor", 10_000, 0, call + 1).put(text);
        } else {
            record("monitor", 0, 7, call).put(text);
        }
        text.push_str("</lrm_resource>");
    }
    text.push_str("</lrm_resources></lrm></node_state>");
}

const ONLINE: &str = r#"in_ccm="true" crmd="online" join="member" expected="member""#;
const LOST: &str = r#"in_ccm="false" crmd="offline" join="down" expected="down""#;

/// One recorded result.
struct Record {
    resource: usize,
    node: usize,
    task: &'static str,
    interval: u32,
    code: u8,
    call: usize,
}

impl Record {
    fn put(&self, text: &mut String) {
        let Self { resource, node, task, interval, code, call } = self;
        let expected = if *task == "monitor" && *interval == 0 { 7 } else { 0 };
        let key = format!("1:1:{expected}:12345678-1234-1234-1234-123456789012");
        let name = format!("r{resource}_{task}_{interval}");
        let record = format_args!(
            "<lrm_rsc_op id=\"{name}\" operation_key=\"{name}\" operation=\"{task}\" \
             crm_feature_set=\"3.19.7\" transition-key=\"{key}\" \
             transition-magic=\"0:{code};{key}\" call-id=\"{call}\" rc-code=\"{code}\" \
             op-status=\"0\" interval=\"{interval}\" last-rc-change=\"1400000000\" \
             exec-time=\"10\" queue-time=\"0\" on_node=\"n{}\"/>",
            node + 1
        );
        put(text, record);
    }
}

/// Appends; a string takes everything.
fn put(text: &mut String, what: fmt::Arguments<'_>) {
    let _ = text.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_valid(text: String) {
        let document = cib::Document::parse_owned(text).unwrap();
        assert_eq!(cib::schema::check(&document).violations, []);
    }

    #[test]
    fn every_document_is_valid() {
        for resources in [0, 1, 5, 9, 10, 60] {
            assert_valid(document(Size { nodes: 3, resources }));
            assert_valid(steady(Size { nodes: 3, resources }));
        }
        for shape in Hard::ALL {
            assert_valid(hard(shape, 7));
        }
    }

    #[test]
    fn one_node_is_lost_in_one_and_none_in_the_other() {
        let size = Size { nodes: 4, resources: 20 };
        let lost = |text: &str| text.matches("crmd=\"offline\"").count();
        assert_eq!(lost(&document(size)), 1);
        assert_eq!(lost(&steady(size)), 0);
        assert_eq!(document(size).matches("_start_0\" operation_key").count(), 20);
    }
}
