//! Laws of the assignment, over clusters drawn at random.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use cib::Document;
use model::{Role, Score};
use proptest::prelude::*;
use scheduler::assign::sum_of;
use scheduler::{Assigned, Input, NodeIx, ResIx, Resolved, assign, resolve};

/// A resource's shape.
#[derive(Clone, Debug)]
enum Shape {
    Primitive,
    Group(usize),
    Clone { max: u32, node_max: u32, unique: bool },
    Promotable { max: u32 },
}

/// A cluster, drawn.
#[derive(Clone, Debug)]
struct Drawn {
    /// Whether each node is online.
    nodes: Vec<bool>,
    /// With priorities.
    resources: Vec<(Shape, i32)>,
    locations: Vec<(usize, usize, i32)>,
    colocations: Vec<(usize, usize, i32)>,
    symmetric: bool,
}

fn score() -> impl Strategy<Value = i32> {
    prop_oneof![
        Just(1_000_000),
        Just(-1_000_000),
        -200..200_i32,
        Just(0),
        Just(999_999),
        Just(-999_999)
    ]
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        3 => Just(Shape::Primitive),
        1 => (1..4_usize).prop_map(Shape::Group),
        1 => (0..5_u32, 1..3_u32, any::<bool>())
            .prop_map(|(max, node_max, unique)| Shape::Clone { max, node_max, unique }),
        1 => (0..3_u32).prop_map(|max| Shape::Promotable { max }),
    ]
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let nodes = prop::collection::vec(prop::bool::weighted(0.8), 1..5);
    let resources = prop::collection::vec((shape(), -5..10_i32), 1..7);
    (nodes, resources, any::<bool>()).prop_flat_map(|(nodes, resources, symmetric)| {
        let (node, resource) = (0..nodes.len(), 0..resources.len());
        let locations = prop::collection::vec((resource.clone(), node, score()), 0..8);
        let colocations = prop::collection::vec((resource.clone(), resource, score()), 0..8);
        (locations, colocations).prop_map(move |(locations, colocations)| Drawn {
            nodes: nodes.clone(),
            resources: resources.clone(),
            locations,
            colocations,
            symmetric,
        })
    })
}

/// The cluster as a document.
fn document(drawn: &Drawn) -> Document {
    let mut text = format!(
        "<cib validate-with='pacemaker-3.9' have-quorum='1'><configuration><crm_config>\
         <cluster_property_set id='o'><nvpair id='o1' name='stonith-enabled' value='false'/>\
         <nvpair id='o2' name='symmetric-cluster' value='{}'/></cluster_property_set>\
         </crm_config><nodes>",
        drawn.symmetric
    );
    for node in 0..drawn.nodes.len() {
        write!(text, "<node id='{node}' uname='n{node}'/>").unwrap();
    }
    text.push_str("</nodes><resources>");
    for (at, (shape, priority)) in drawn.resources.iter().enumerate() {
        write_resource(&mut text, at, shape, *priority);
    }
    text.push_str("</resources><constraints>");
    for (at, (resource, node, score)) in drawn.locations.iter().enumerate() {
        let line = format!("<rsc_location id='l{at}' rsc='r{resource}' node='n{node}'");
        write!(text, "{line} score='{score}'/>").unwrap();
    }
    for (at, (one, other, score)) in drawn.colocations.iter().enumerate() {
        let line = format!("<rsc_colocation id='c{at}' rsc='r{one}' with-rsc='r{other}'");
        write!(text, "{line} score='{score}'/>").unwrap();
    }
    text.push_str("</constraints></configuration><status>");
    for (node, online) in drawn.nodes.iter().enumerate() {
        let state = if *online {
            "in_ccm='true' crmd='online' join='member' expected='member'"
        } else {
            "in_ccm='false' crmd='offline' join='down' expected='down'"
        };
        write!(text, "<node_state id='{node}' uname='n{node}' {state}/>").unwrap();
    }
    text.push_str("</status></cib>");
    Document::parse(&text).unwrap()
}

fn write_resource(text: &mut String, at: usize, shape: &Shape, priority: i32) {
    let agent = "class='ocf' provider='pacemaker' type='Stateful'";
    let meta = |pairs: &[(&str, String)]| {
        let mut block = format!("<meta_attributes id='r{at}-m'>");
        for (name, value) in pairs {
            let line = format!("<nvpair id='r{at}-{name}' name='{name}' value='{value}'/>");
            block.push_str(&line);
        }
        block + "</meta_attributes>"
    };
    let priority = ("priority", priority.to_string());
    match shape {
        Shape::Primitive => {
            write!(text, "<primitive id='r{at}' {agent}>{}</primitive>", meta(&[priority]))
                .unwrap();
        }
        Shape::Group(members) => {
            write!(text, "<group id='r{at}'>{}", meta(&[priority])).unwrap();
            for member in 0..*members {
                write!(text, "<primitive id='r{at}-{member}' {agent}/>").unwrap();
            }
            text.push_str("</group>");
        }
        Shape::Clone { max, node_max, unique } => {
            let meta = meta(&[
                priority,
                ("clone-max", max.to_string()),
                ("clone-node-max", node_max.to_string()),
                ("globally-unique", unique.to_string()),
            ]);
            let inner = format!("<primitive id='r{at}-p' {agent}/>");
            write!(text, "<clone id='r{at}'>{meta}{inner}</clone>").unwrap();
        }
        Shape::Promotable { max } => {
            let meta = meta(&[
                priority,
                ("promotable", "true".to_owned()),
                ("promoted-max", max.to_string()),
            ]);
            let inner = format!("<primitive id='r{at}-p' {agent}/>");
            write!(text, "<clone id='r{at}'>{meta}{inner}</clone>").unwrap();
        }
    }
}

fn check(resolved: &Resolved<'_>, assigned: &Assigned) -> Result<(), TestCaseError> {
    for resource in resolved.resource_indices() {
        let id = &resolved.resource(resource).id;
        let result = assigned.resource(resource);
        for (node, cell) in result.scores.listed() {
            let sum = sum_of(&assigned.terms(resource, node));
            prop_assert_eq!(sum, cell.score(), "{} on {}", id, resolved.node(node).name);
        }
        if let Some(node) = result.node {
            prop_assert!(resolved.node(node).online, "{} is on a node that is down", id);
            let score = result.scores.get(node).map(|cell| cell.score());
            prop_assert!(score >= Some(Score::ZERO), "{} is where it may not be", id);
        }
        check_counts(resolved, assigned, resource)?;
    }
    Ok(())
}

/// No more copies than allowed, in all, on a node, and promoted.
fn check_counts(
    resolved: &Resolved<'_>,
    assigned: &Assigned,
    resource: ResIx,
) -> Result<(), TestCaseError> {
    let Some(options) = resolved.resource(resource).clone_set() else { return Ok(()) };
    let mut on_node: BTreeMap<NodeIx, u32> = BTreeMap::new();
    let mut promoted = 0;
    for instance in &assigned.resource(resource).children {
        let instance = assigned.resource(*instance);
        if let Some(node) = instance.node {
            *on_node.entry(node).or_default() += 1;
        }
        promoted += u32::from(instance.next_role == Role::Promoted);
    }
    prop_assert!(on_node.values().sum::<u32>() <= options.max, "too many in all");
    prop_assert!(on_node.values().all(|count| *count <= options.node_max), "too many on a node");
    prop_assert!(promoted <= options.promoted_max, "too many promoted");
    Ok(())
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> ProptestConfig {
    let asked = ProptestConfig::default();
    ProptestConfig { cases: asked.cases.max(400), ..asked }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn places_keep_the_laws(drawn in drawn()) {
        let document = document(&drawn);
        let resolved = resolve(&document, &Input::default());
        let assigned = assign(&resolved);
        check(&resolved, &assigned)?;
        let told = |assigned: &Assigned| -> Vec<String> {
            assigned.score_lines(&resolved).iter().map(ToString::to_string).collect()
        };
        prop_assert_eq!(told(&assigned), told(&assign(&resolved)), "the same twice");
    }
}
