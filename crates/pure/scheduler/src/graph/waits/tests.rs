//! What becomes of constraints that contradict one another.

use cib::Document;

use crate::{FindingKind, Input, plan};

fn contradictions(constraints: &str) -> Vec<String> {
    let primitive = |id| format!("<primitive id='{id}' class='ocf' provider='p' type='D'/>");
    let text = format!(
        "<cib validate-with='pacemaker-4.0' have-quorum='1' dc-uuid='1'><configuration>\
         <crm_config><cluster_property_set id='o'>\
         <nvpair id='f' name='fencing-enabled' value='false'/></cluster_property_set>\
         </crm_config><nodes><node id='1' uname='n1'/></nodes>\
         <resources>{}{}{}</resources>\n<constraints>{constraints}</constraints>\
         </configuration><status><node_state id='1' uname='n1' in_ccm='true' crmd='online' \
         join='member' expected='member'/></status></cib>",
        primitive("a"),
        primitive("b"),
        primitive("c"),
    );
    let document = Document::parse(&text).expect("the test writes XML");
    let planned = plan(&document, &Input { now: 1_700_000_000, sanitized: false });
    let found = planned.findings.iter().filter(|f| f.kind == FindingKind::Contradiction);
    found.map(ToString::to_string).collect()
}

#[test]
fn a_circle_of_orders_is_reported_with_its_constraints() {
    let found = contradictions(
        "<rsc_order id='ab' first='a' then='b'/><rsc_order id='ba' first='b' then='a'/>\
         <rsc_order id='bc' first='b' then='c'/>",
    );
    assert_eq!(
        found,
        [
            "line 2: these wait for one another: a_start_0 n1, b_start_0 n1; see the constraints ab, \
          ba; to go on, a_start_0 n1 does not wait for b_start_0 n1"
        ]
    );
}

#[test]
fn a_chain_of_orders_is_no_circle() {
    let chain = "<rsc_order id='ab' first='a' then='b'/><rsc_order id='bc' first='b' then='c'/>";
    assert!(contradictions(chain).is_empty());
}
