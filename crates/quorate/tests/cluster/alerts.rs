//! Alerts of a real cluster: an agent that Pacemaker's users have, and a receiver that is not there.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use serde_json::Value;
use wire::api::{Change, Edit, Manner, Reply};

use crate::bed::{Bed, configuration};
use crate::{other_than, with_lock_in};

/// The configuration with an agent that keeps what it is told, and a webhook to nobody.
fn with_alerts(
    bed_configuration: &str,
    program: &str,
    told: &str,
    (address, port): (Ipv4Addr, u16),
) -> String {
    let alerts = format!(
        "<alerts><alert id=\"also\" path=\"{program}\"><select><select_attributes/></select>\
         <recipient id=\"also-r\" value=\"{told}\"/></alert>\
         <alert id=\"keep\" path=\"{program}\"><recipient id=\"keep-r\" value=\"{told}\"/>\
         </alert><alert id=\"hook\" path=\"quorate:webhook\"><recipient id=\"hook-r\" \
         value=\"http://{address}:{port}/\"/></alert></alerts></configuration>"
    );
    bed_configuration.replace("</configuration>", &alerts)
}

/// Takes what is posted.
pub fn receive(listener: TcpListener) -> Receiver<Value> {
    let (sender, posted) = channel();
    std::thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let head = head.to_lowercase();
            let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            let _gone = reader.into_inner().write_all(answer);
            if sender.send(serde_json::from_slice(&body).unwrap()).is_err() {
                return;
            }
        }
    });
    posted
}

/// What waits on a node, but for what is just being written.
fn kept(bed: &Bed, node: u32) -> Vec<Value> {
    let files = fs::read_dir(bed.node_dir(node).join("alerts")).unwrap();
    let paths = files.map(|file| file.unwrap().path()).filter(|path| !path.ends_with("new"));
    paths.map(|path| serde_json::from_slice(&fs::read(path).unwrap()).unwrap()).collect()
}

/// What was told so far.
fn told(bed: &Bed) -> String {
    fs::read_to_string(bed.dir.join("told")).unwrap_or_default()
}

#[test]
fn a_lost_node_is_told_and_who_could_not_be_told_is_told_by_the_next_life() {
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
    let nobody = testkit::free_port();
    let (program, text) = (program.to_str().unwrap(), text.to_str().unwrap());
    let xml = with_alerts(&configuration(&bed.dir), program, text, nobody);
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
    let tells = |node: &&u32| {
        let unsent = bed.see(**node).cluster.unsent;
        unsent.iter().any(|text| text.starts_with("alert `hook-r`: "))
    };
    let teller = loop {
        if let Some(teller) = left.iter().find(tells) {
            break *teller;
        }
        assert!(begun.elapsed() < crate::bed::PATIENCE, "{}", told(&bed));
        std::thread::sleep(std::time::Duration::from_millis(100));
    };
    // Somebody is there, too late for that daemon.
    bed.kill_node(teller);
    let all = kept(&bed, teller);
    // The next life may hear of the loss itself; this is what the former one heard. The last is given up last.
    let last = all.iter().max_by_key(|record| record["notice"]["sequence"].as_u64()).unwrap();
    let data = &last["notice"]["data"];
    let posted = receive(TcpListener::bind(nobody).unwrap());
    bed.start_node(teller);
    while posted.recv_timeout(crate::bed::PATIENCE).unwrap()["data"] != *data {}
}
