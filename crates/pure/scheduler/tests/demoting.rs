//! A copy that is being demoted is promoted until that has ended: nothing is promoted beside it.

use cib::Document;
use scheduler::{Input, plan};

/// Two instances that run. The one on n1 is being demoted, and nothing else in its history tells of its role any more:
/// the demote has the place of the promotion, and its monitor is cancelled. The agent prefers the one on n2.
#[test]
fn nothing_is_promoted_beside_a_copy_that_is_being_demoted() {
    let operation = |task: &str, magic: &str, code: i32, status: i32| {
        let key = "3:41:0:11111111-2222-3333-4444-555555555555";
        format!(
            "<lrm_resource id='db' class='ocf' provider='p' type='S'><lrm_rsc_op id='db_last_0' \
             operation='{task}' interval='0' call-id='{}' operation_key='db_{task}_0' rc-code='{code}' \
             op-status='{status}' transition-key='{key}' transition-magic='{magic};{key}'/></lrm_resource>",
            if status < 0 { -1 } else { 9 }
        )
    };
    let node = |id: u32, history: String, prefers: &str| {
        format!(
            "<node_state id='{id}' uname='n{id}' in_ccm='true' crmd='online' join='member' expected='member'>\
             <lrm id='{id}'><lrm_resources>{history}</lrm_resources></lrm>{prefers}</node_state>"
        )
    };
    let prefers = "<transient_attributes id='2'><instance_attributes id='a'>\
                   <nvpair id='ap' name='master-db' value='5'/></instance_attributes></transient_attributes>";
    let text = format!(
        "<cib validate-with='pacemaker-4.0' have-quorum='1' dc-uuid='2'><configuration><crm_config/><nodes>\
         <node id='1' uname='n1'/><node id='2' uname='n2'/></nodes><resources>\
         <primitive id='f' class='stonith' type='t'/><clone id='pg'><primitive id='db' class='ocf' provider='p' \
         type='S'/><meta_attributes id='m'><nvpair id='mp' name='promotable' value='true'/></meta_attributes>\
         </clone></resources><constraints/></configuration><status>{}{}</status></cib>",
        node(1, operation("demote", "-1:193", 193, -1), ""),
        node(2, operation("start", "0:0", 0, 0), prefers),
    );
    let document = Document::parse(&text).expect("the test writes XML");
    let planned = plan(&document, &Input { now: 1_700_000_000, sanitized: false });
    let at = |task: &str, node: &str| {
        planned.plan.steps.iter().find(|step| {
            let on = step.action.node.as_ref().map(|node| node.name.as_str().to_owned());
            step.action.task == task && on.as_deref() == Some(node)
        })
    };
    assert!(at("promote", "n2").is_some(), "{:?}", planned.plan.steps);
    assert!(
        at("demote", "n1").is_some(),
        "first it is demoted for certain: {:?}",
        planned.plan.steps
    );
}
