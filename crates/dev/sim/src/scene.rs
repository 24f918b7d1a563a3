//! The cluster that a seed draws: nodes, resources, constraints, policies.

use std::time::Duration;

use crate::chance::Chance;
use crate::quorum::Rule;

/// What is configured, and what the invariants must know of it.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) nodes: u32,
    /// What decides who has quorum.
    pub(crate) rule: Rule,
    /// What resets machines whose daemon may not live.
    pub(crate) watchdog: Option<Duration>,
    /// A `cib` document.
    pub(crate) xml: String,
    pub(crate) wanted: Vec<Wanted>,
}

/// One resource as its agent knows it.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) id: String,
    /// Most copies in the cluster, one a node.
    pub(crate) copies: u32,
    /// Most promoted copies; 0 if it cannot be promoted.
    pub(crate) promoted: u32,
}

/// Draws a cluster. Fencing is always configured: without it nothing is promised.
pub(crate) fn draw(chance: &mut Chance, nodes: Option<u32>) -> Scene {
    let drawn = *chance.pick(&[2, 3, 3, 3, 4, 5]).unwrap_or(&3);
    let nodes = nodes.unwrap_or(drawn);
    let rule = Rule::draw(chance, nodes);
    let watchdog = watchdog(chance, rule, nodes);
    let mut wanted = Vec::new();
    // Where the watchdog is there, it may be all that there is.
    let without = watchdog.is_some() && chance.percent(60);
    let mut resources = if without { String::new() } else { fence_devices(chance) };
    let mut constraints = String::new();
    let primitives = chance.between(1, 5);
    for n in 0..primitives {
        let id = format!("p{n}");
        resources.push_str(&primitive(chance, &id, ""));
        constraints.push_str(&location(chance, &id, nodes));
        wanted.push(Wanted { id, copies: 1, promoted: 0 });
    }
    if chance.percent(60) {
        resources.push_str("<group id=\"g\">");
        for n in 0..chance.between(2, 5) {
            let id = format!("g{n}");
            resources.push_str(&primitive(chance, &id, ""));
            wanted.push(Wanted { id, copies: 1, promoted: 0 });
        }
        resources.push_str("</group>");
    }
    if chance.percent(50) {
        let meta = format!(
            "{}{}",
            meta("c", "interleave", chance.percent(50)),
            meta("c", "notify", chance.percent(30))
        );
        resources.push_str(&format!(
            "<clone id=\"c\"><meta_attributes id=\"c-meta\">{meta}</meta_attributes>{}</clone>",
            primitive(chance, "ci", "")
        ));
        wanted.push(Wanted { id: "ci".to_owned(), copies: nodes, promoted: 0 });
    }
    if chance.percent(40) {
        let promotable = "<nvpair id=\"m-p\" name=\"promotable\" value=\"true\"/>";
        resources.push_str(&format!(
            "<clone id=\"m\"><meta_attributes id=\"m-meta\">{promotable}{}</meta_attributes>{}</clone>",
            meta("m", "notify", chance.percent(50)),
            primitive(chance, "mi", "promotable")
        ));
        wanted.push(Wanted { id: "mi".to_owned(), copies: nodes, promoted: 1 });
        constraints.push_str(
            "<rsc_location id=\"m-loc\" rsc=\"m\"><rule id=\"m-rule\" role=\"Promoted\" score=\"10\">\
             <expression id=\"m-expr\" attribute=\"#uname\" operation=\"defined\"/></rule></rsc_location>",
        );
    }
    constraints.push_str(&relations(chance, primitives));
    let xml = format!(
        "<cib validate-with=\"pacemaker-4.0\" admin_epoch=\"0\" epoch=\"1\" num_updates=\"0\"><configuration>\
         <crm_config><cluster_property_set id=\"opts\">{}</cluster_property_set></crm_config>\
         <nodes/><resources>{resources}</resources><constraints>{constraints}</constraints>\
         </configuration><status/></cib>",
        options(chance, watchdog)
    );
    Scene { nodes, rule, watchdog, xml, wanted }
}

fn options(chance: &mut Chance, watchdog: Option<Duration>) -> String {
    // `ignore` is not drawn: it waives by name what the invariants promise.
    let policy = *chance.pick(&["stop", "stop", "freeze", "demote", "fence"]).unwrap_or(&"stop");
    let option = |name: &str, value: &str| {
        format!("<nvpair id=\"opt-{name}\" name=\"{name}\" value=\"{value}\"/>")
    };
    let mut all = option("no-quorum-policy", policy);
    all.push_str(&option("dc-deadtime", "5s"));
    all.push_str(&option("cluster-recheck-interval", "60s"));
    all.push_str(&option("cluster-delay", "10s"));
    if let Some(watchdog) = watchdog {
        // What is asked for is the least: too little asks for as long as it takes.
        let wait = format!("{}s", if chance.percent(50) { 1 } else { watchdog.as_secs() * 2 });
        all.push_str(&option("fencing-watchdog-timeout", &wait));
    }
    if chance.percent(20) {
        all.push_str(&option("start-failure-is-fatal", "false"));
    }
    all
}

/// Only where two sides never have quorum, the others may count on it.
fn watchdog(chance: &mut Chance, rule: Rule, nodes: u32) -> Option<Duration> {
    let has = rule.quorum_by(nodes).is_one_sided() && chance.percent(25);
    has.then(|| Duration::from_secs(chance.between(4, 12)))
}

fn fence_devices(chance: &mut Chance) -> String {
    let two = chance.percent(30);
    let delay = if chance.percent(25) {
        "<nvpair id=\"f1-d\" name=\"pcmk_delay_base\" value=\"3s\"/>"
    } else {
        ""
    };
    let device = |id: &str, extra: &str| {
        format!(
            "<primitive id=\"{id}\" class=\"stonith\" type=\"fence_sim\"><instance_attributes id=\"{id}-ia\">\
             <nvpair id=\"{id}-hc\" name=\"pcmk_host_check\" value=\"none\"/>{extra}</instance_attributes></primitive>"
        )
    };
    let mut xml = device(
        "f1",
        &format!(
            "<nvpair id=\"f1-ro\" name=\"pcmk_off_timeout\" value=\"10s\"/><nvpair id=\"f1-rr\" name=\"pcmk_reboot_timeout\" value=\"10s\"/>{delay}"
        ),
    );
    if two {
        xml.push_str(&device("f2", ""));
    }
    xml
}

fn primitive(chance: &mut Chance, id: &str, kind: &str) -> String {
    let interval = chance.between(2, 20);
    let on_fail = *chance.pick(&["", "", "", "restart", "standby", "ignore"]).unwrap_or(&"");
    let on_fail =
        if on_fail.is_empty() { String::new() } else { format!(" on-fail=\"{on_fail}\"") };
    let mut meta_attributes = String::new();
    if chance.percent(40) {
        meta_attributes.push_str(&pair(
            id,
            "resource-stickiness",
            &chance.between(0, 200).to_string(),
        ));
    }
    if chance.percent(30) {
        meta_attributes.push_str(&pair(
            id,
            "migration-threshold",
            &chance.between(1, 4).to_string(),
        ));
        meta_attributes.push_str(&pair(id, "failure-timeout", "30s"));
    }
    if chance.percent(20) {
        meta_attributes.push_str(&pair(id, "priority", &chance.between(0, 10).to_string()));
    }
    let mut ops = format!(
        "<op id=\"{id}-start\" name=\"start\" interval=\"0\" timeout=\"20s\"/>\
         <op id=\"{id}-stop\" name=\"stop\" interval=\"0\" timeout=\"20s\"/>\
         <op id=\"{id}-mon\" name=\"monitor\" interval=\"{interval}s\" timeout=\"10s\"{on_fail}/>"
    );
    if kind == "promotable" {
        ops.push_str(&format!(
            "<op id=\"{id}-monp\" name=\"monitor\" interval=\"{}s\" role=\"Promoted\" timeout=\"10s\"/>",
            interval + 1
        ));
    }
    format!(
        "<primitive id=\"{id}\" class=\"ocf\" provider=\"sim\" type=\"thing\">\
         <meta_attributes id=\"{id}-meta\">{meta_attributes}</meta_attributes>\
         <operations>{ops}</operations></primitive>"
    )
}

fn location(chance: &mut Chance, id: &str, nodes: u32) -> String {
    if !chance.percent(50) {
        return String::new();
    }
    let node = chance.between(1, u64::from(nodes) + 1);
    // Only who depends on nobody is pushed away: else there may be no place at all, rightly.
    let scores: &[&str] =
        if id == "p0" { &["100", "50", "-100", "INFINITY"] } else { &["100", "50", "INFINITY"] };
    let score = *chance.pick(scores).unwrap_or(&"100");
    format!("<rsc_location id=\"l-{id}\" rsc=\"{id}\" node=\"n{node}\" score=\"{score}\"/>")
}

/// Orders and colocations from later to earlier ones, so that no cycle arises.
fn relations(chance: &mut Chance, primitives: u64) -> String {
    let mut xml = String::new();
    for later in 1..primitives {
        let earlier = chance.between(0, later);
        if chance.percent(30) {
            let kind =
                *chance.pick(&["Mandatory", "Optional", "Serialize"]).unwrap_or(&"Mandatory");
            xml.push_str(&format!(
                "<rsc_order id=\"o{later}\" first=\"p{earlier}\" then=\"p{later}\" kind=\"{kind}\"/>"
            ));
        }
        if chance.percent(30) {
            let score = *chance.pick(&["INFINITY", "100", "-100"]).unwrap_or(&"100");
            xml.push_str(&format!(
                "<rsc_colocation id=\"k{later}\" rsc=\"p{later}\" with-rsc=\"p{earlier}\" score=\"{score}\"/>"
            ));
        }
    }
    xml
}

fn meta(set: &str, name: &str, value: bool) -> String {
    format!("<nvpair id=\"{set}-{name}\" name=\"{name}\" value=\"{value}\"/>")
}

fn pair(id: &str, name: &str, value: &str) -> String {
    format!("<nvpair id=\"{id}-{name}\" name=\"{name}\" value=\"{value}\"/>")
}
