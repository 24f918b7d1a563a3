//! Alerts of a real cluster: an agent that Pacemaker's users have, and a receiver that is not there.

use std::fs;

use wire::api::{Change, Edit, Manner, Reply};

use crate::bed::{Bed, configuration};
use crate::{other_than, with_lock_in};

/// The configuration with an agent that keeps what it is told, and a webhook to nobody.
fn with_alerts(bed_configuration: &str, program: &str, told: &str) -> String {
    let (address, port) = testkit::free_port();
    let alerts = format!(
        "<alerts><alert id=\"also\" path=\"{program}\"><select><select_attributes/></select>\
         <recipient id=\"also-r\" value=\"{told}\"/></alert>\
         <alert id=\"keep\" path=\"{program}\"><recipient id=\"keep-r\" value=\"{told}\"/>\
         </alert><alert id=\"hook\" path=\"quorate:webhook\"><recipient id=\"hook-r\" \
         value=\"http://{address}:{port}/\"/></alert></alerts></configuration>"
    );
    bed_configuration.replace("</configuration>", &alerts)
}

/// What was told so far.
fn told(bed: &Bed) -> String {
    fs::read_to_string(bed.dir.join("told")).unwrap_or_default()
}

#[test]
fn a_lost_node_is_told_and_who_could_not_be_told_is_in_the_status() {
    let (mut bed, holder) = with_lock_in(|text| text);
    let program = bed.dir.join("alert.sh");
    testkit::write_program(
        &program,
        "#!/bin/sh\necho \"$CRM_alert_kind $CRM_alert_node $CRM_alert_task $CRM_alert_rc \
         $CRM_alert_desc $CRM_alert_attribute_name $CRM_alert_attribute_value\" >> \"$CRM_alert_recipient\"\n",
    );
    // Agents run as the cluster's user, if there is one.
    fs::set_permissions(&bed.dir, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let text = bed.dir.join("told");
    let xml =
        with_alerts(&configuration(&bed.dir), program.to_str().unwrap(), text.to_str().unwrap());
    let survivor = other_than(holder);
    let change = Change::Edit { edits: vec![Edit::Replace { xml }] };
    let reply = bed.change(survivor, change);
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(survivor);
    let (node, name) = (format!("n{survivor}"), "mood".to_owned());
    let (value, manner) = (Some("good".to_owned()), Manner::default());
    bed.change(survivor, Change::Attribute { node, name, value, manner });
    bed.wait(survivor, "the attribute is told", |_| {
        told(&bed).contains(&format!("attribute n{survivor}    mood good"))
    });
    bed.kill_node(holder);
    bed.wait(survivor, "what is told", |_| {
        let told = told(&bed);
        told.contains(&format!("node n{holder}   lost"))
            && told.contains(&format!("fencing n{holder} "))
            && told
                .lines()
                .any(|line| line.starts_with("resource ") && line.contains(" start 0 ok"))
    });
    // The coordinator's webhook goes nowhere; one of the two that are left is the coordinator.
    let left: Vec<u32> = (1..=3).filter(|node| *node != holder).collect();
    let begun = std::time::Instant::now();
    loop {
        let unsent: Vec<String> =
            left.iter().flat_map(|node| bed.see(*node).cluster.unsent).collect();
        if unsent.iter().any(|text| text.starts_with("alert `hook-r`: ")) {
            break;
        }
        assert!(begun.elapsed() < crate::bed::PATIENCE, "{unsent:?}\n{}", told(&bed));
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}
