//! When to plan again.

use cib::Document;
use scheduler::{Input, plan};

/// A clone set's own actions are no agent's runs, but they have options, too.
#[test]
fn a_rule_in_the_defaults_of_operations_is_looked_at_again_when_it_ends() {
    let text = r#"<cib validate-with="pacemaker-3.9" have-quorum="1">
<configuration><crm_config/><nodes/>
<op_defaults><meta_attributes id="m"><rule id="r"><date_expression id="d" operation="lt" end="2023-11-15 00:00:00Z"/></rule><nvpair id="t" name="timeout" value="1min"/></meta_attributes></op_defaults>
<resources><clone id="all"><primitive id="a" class="ocf" provider="pacemaker" type="Dummy"/></clone></resources><constraints/></configuration>
<status/></cib>"#;
    let document = Document::parse(text).unwrap();
    let at = |now| plan(&document, &Input { now, ..Input::default() }).plan.settings.recheck_at;
    let end = 1_700_006_400;
    assert_eq!(at(end - 10), Some(end));
    assert_eq!(at(end + 10), None);
}
