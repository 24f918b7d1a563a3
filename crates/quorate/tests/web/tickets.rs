//! A ticket is granted and taken back as any change is made: planned, then applied.

use serde_json::{Value, json};

use super::house::House;

const JSON: &str = "Content-Type: application/json";

fn wish(deed: &str) -> String {
    json!({ "change": { "ticket": { "ticket": "A", "deed": deed } } }).to_string()
}

/// What would become of `lamp`: the verbs of the plan's steps.
fn verbs(planned: &Value) -> Vec<String> {
    let steps = planned["effects"]["steps"].as_array().unwrap_or_else(|| panic!("{planned}"));
    let of_lamp = steps.iter().filter(|step| step["what"] == "lamp");
    of_lamp.map(|step| step["verb"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_ticket_is_planned_and_granted_and_taken_back() {
    let house = House::new("tickets");
    let edit = json!({ "change": { "change": { "edit": { "edits": [
        { "create": { "parent": "/cib/configuration/crm_config", "xml":
            "<cluster_property_set id=\"own\"><nvpair id=\"own-f\" name=\"fencing-enabled\" \
             value=\"false\"/></cluster_property_set>" } },
        { "create": { "parent": "/cib/configuration/resources", "xml":
            "<primitive id=\"lamp\" class=\"ocf\" provider=\"heartbeat\" type=\"Dummy\"/>" } },
        { "create": { "parent": "/cib/configuration/constraints", "xml":
            "<rsc_ticket id=\"t\" rsc=\"lamp\" ticket=\"A\" loss-policy=\"stop\"/>" } } ] } } } });
    let answer = house.at_socket("POST", "/v1/request", &edit.to_string());
    assert!(answer.contains("\"done\""), "{answer}");
    let [read, operate] = ["read", "operate"].map(|role| house.token(role, role));
    let plan = |deed: &str| house.ask("POST", "/v1/plans", &[&operate, JSON], &wish(deed)).json();
    assert_eq!(house.ask("POST", "/v1/plans", &[&read, JSON], &wish("grant")).status, 403);
    let revoke = plan("revoke");
    assert!(verbs(&revoke).is_empty(), "it does not run: {revoke}");
    let grant = plan("grant");
    assert_eq!(verbs(&grant), ["start"], "{grant}");
    let document = || house.at_socket("GET", "/v1/document", "");
    assert!(!document().contains("ticket_state"), "only planned");
    let apply = format!("/v1/plans/{}/apply", grant["id"].as_str().unwrap());
    let done = house.ask("POST", &apply, &[&operate], "");
    assert_eq!(done.status, 200, "{done:?}");
    let text = document();
    assert!(text.contains("ticket_state") && text.contains("granted=\"true\""), "{text}");
    assert!(text.contains("last-granted=\""), "{text}");
    let apply = format!("/v1/plans/{}/apply", plan("revoke")["id"].as_str().unwrap());
    assert_eq!(house.ask("POST", &apply, &[&operate], "").status, 200);
    assert!(document().contains("granted=\"false\""), "{}", document());
    let odd = json!({ "change": { "ticket": { "ticket": "A']|//*[@id='t", "deed": "revoke" } } });
    let odd = house.ask("POST", "/v1/plans", &[&operate, JSON], &odd.to_string()).json();
    assert!(odd["id"].is_null() && odd["refused"]["invalid"].is_object(), "{odd}");
    let history = house.ask("GET", "/v1/history", &[&read], "").body;
    assert!(history.contains("ticket A granted") && history.contains("ticket A revoked"));
}
