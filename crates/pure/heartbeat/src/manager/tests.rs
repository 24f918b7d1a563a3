use super::*;

/// As Heartbeat 2.1 kept it: a web server with an address, a clone that counts ping nodes, a master, a fence device.
const OLD: &str = r##"<cib admin_epoch="0" have_quorum="true" ignore_dtd="false" num_peers="2" ccm_transition="4"
 cib_feature_revision="2.0" generated="true" dc_uuid="aa-1" epoch="31" num_updates="7">
 <configuration>
  <crm_config><cluster_property_set id="cib-bootstrap-options"><attributes>
   <nvpair id="o1" name="symmetric_cluster" value="true"/>
   <nvpair id="o2" name="stonith_enabled" value="true"/>
   <nvpair id="o3" name="default_resource_stickiness" value="100"/>
   <nvpair id="o4" name="default-resource-failure-stickiness" value="-30"/>
  </attributes></cluster_property_set></crm_config>
  <nodes>
   <node id="aa-1" uname="alpha" type="normal"/>
   <node id="bb-2" uname="Beta" type="normal"><instance_attributes id="nodes-bb-2"><attributes>
    <nvpair id="standby-bb-2" name="standby" value="on"/></attributes></instance_attributes></node>
   <node id="cc-3" uname="gamma" type="normal"/>
  </nodes>
  <resources>
   <group id="web" ordered="true" restart_type="restart">
    <primitive id="ip" class="ocf" provider="heartbeat" type="IPaddr2">
     <operations><op id="ip-mon" name="monitor" interval="10s" timeout="20s" on_fail="restart" start_delay="5s"/>
      <op id="ip-off" name="monitor" interval="60s" disabled="yes" prereq="nothing"/></operations>
     <instance_attributes id="ip-params"><attributes>
      <nvpair id="ip-1" name="ip" value="10.0.0.9"/><nvpair id="ip-2" name="target_role" value="started"/>
     </attributes></instance_attributes>
    </primitive>
    <primitive id="httpd" class="lsb" type="apache2" resource_stickiness="200"/>
   </group>
   <clone id="pings" globally_unique="false"><instance_attributes id="pings-p"><attributes>
     <nvpair id="pings-1" name="clone_max" value="2"/></attributes></instance_attributes>
    <primitive id="pingd" class="ocf" provider="heartbeat" type="pingd"/></clone>
   <master_slave id="ms"><primitive id="drbd" class="ocf" provider="heartbeat" type="drbd"/></master_slave>
   <primitive id="power" class="stonith" type="external/ipmi"><instance_attributes id="power-p"><attributes>
     <nvpair id="power-1" name="hostname" value="Beta"/><nvpair id="power-2" name="passwd" value="s,t"/>
     <nvpair id="power-3" name="interface" value="lanplus"/><nvpair id="power-4" name="passwd_method" value="env"/>
     <nvpair id="power-5" name="pcmk_delay_max" value="5"/>
   </attributes></instance_attributes></primitive>
  </resources>
  <constraints>
   <rsc_order id="after" from="web" to="ms" action="start" to_action="promote"/>
   <rsc_order id="before" from="ms" type="before" to="pings"/>
   <rsc_colocation id="with" from="web" to="ms" to_role="master" score="INFINITY"/>
   <rsc_location id="where" rsc="web"><rule id="where-r" score="100" boolean_op="or">
    <expression id="where-e" attribute="#id" operation="eq" value="bb-2"/>
    <expression id="where-f" attribute="pingd" operation="defined"/></rule></rsc_location>
  </constraints>
 </configuration>
 <status><node_state id="aa-1" uname="alpha"/></status>
</cib>"##;

fn renewed() -> Renewed {
    let numbers = BTreeMap::from([("alpha".to_owned(), 1), ("beta".to_owned(), 2)]);
    renew(&Document::parse(OLD).unwrap(), &numbers).unwrap()
}

/// The attributes of what has this id, as they would be written.
fn shown(document: &Document, id: &str) -> String {
    let at = document.find_id(id).unwrap_or_else(|| panic!("no {id} in\n{document}"));
    let attributes = at.attrs().filter(|(name, _)| *name != "id");
    attributes.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_document_of_2_1_follows_the_newest_schema() {
    let Renewed { document, .. } = renewed();
    assert!(cib::schema::check(&document).is_valid());
    assert_eq!(document.root().attr("validate-with"), Some("pacemaker-4.0"));
    assert_eq!(document.root().attr("epoch"), Some("31"));
    assert_eq!(document.section(Section::Status).unwrap().children().count(), 0);
}

#[test]
fn nodes_have_numbers_and_keep_what_was_said_of_them() {
    let Renewed { document, words } = renewed();
    let nodes: Vec<_> = document.section(Section::Nodes).unwrap().children().collect();
    let known: Vec<_> = nodes.iter().map(|node| (node.attr("id"), node.attr("uname"))).collect();
    assert_eq!(known, [(Some("1"), Some("alpha")), (Some("2"), Some("beta"))]);
    assert_eq!(shown(&document, "standby-bb-2"), "name=standby value=on");
    assert_eq!(shown(&document, "where-e"), "attribute=#uname operation=eq value=beta");
    assert!(words.iter().any(|word| word.text == "the node gamma: ha.cf does not name it"));
}

#[test]
fn options_and_values_have_the_names_of_today() {
    let Renewed { document, words } = renewed();
    assert_eq!(shown(&document, "o1"), "name=symmetric-cluster value=true");
    assert_eq!(shown(&document, "o2"), "name=stonith-enabled value=true");
    assert_eq!(shown(&document, "o3"), "name=resource-stickiness value=100");
    assert!(document.find_id("o3").unwrap().parent().unwrap().parent().unwrap().is("rsc_defaults"));
    assert!(document.find_id("o4").is_none());
    assert!(words.iter().any(|word| word.line == 8 && word.text.contains("migration-threshold")));
}

#[test]
fn what_is_said_of_resources_is_where_it_belongs() {
    let Renewed { document, words } = renewed();
    for (id, wanted) in [
        ("ip-mon", "name=monitor interval=10s timeout=20s start-delay=5s on-fail=restart"),
        ("ip-off", "name=monitor interval=60s enabled=false"),
        ("ip-2", "name=target-role value=started"),
        ("web-meta-ordered", "name=ordered value=true"),
        ("httpd-meta-resource_stickiness", "name=resource-stickiness value=200"),
        ("pings-1", "name=clone-max value=2"),
        ("pings-meta-globally_unique", "name=globally-unique value=false"),
        ("ms-meta-globally-unique", "name=globally-unique value=true"),
        ("power-p-pcmk_host_list", "name=pcmk_host_list value=beta"),
        ("power-p-password", "name=password value=s,t"),
        ("power-5", "name=pcmk_delay_max value=5"),
        ("power-p-lanplus", "name=lanplus value=1"),
    ] {
        assert_eq!(shown(&document, id), wanted, "{id}");
    }
    let of = |id: &str| document.find_id(id).unwrap().parent().unwrap().name().to_owned();
    assert_eq!((of("ip-1"), of("ip-2")), ("instance_attributes".into(), "meta_attributes".into()));
    assert_eq!(shown(&document, "power"), "class=stonith type=fence_ipmilan");
    let said: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    assert!(said.iter().any(|text| text.starts_with("ms: globally_unique was true")), "{said:?}");
    assert!(!said.iter().any(|text| text.starts_with("pings: globally")), "{said:?}");
    assert!(said.contains(&"power: what is passwd_method to fence_ipmilan?"), "{said:?}");
}

#[test]
fn constraints_say_what_they_meant() {
    let Renewed { document, .. } = renewed();
    for (id, wanted) in [
        ("after", "score=INFINITY first=ms then=web first-action=promote then-action=start"),
        ("before", "score=INFINITY first=ms then=pings"),
        ("with", "score=INFINITY rsc=web with-rsc=ms with-rsc-role=Master"),
    ] {
        let mut said: Vec<String> = shown(&document, id).split(' ').map(str::to_owned).collect();
        let mut wanted: Vec<&str> = wanted.split(' ').collect();
        said.sort();
        wanted.sort_unstable();
        assert_eq!(said, wanted, "{id}");
    }
    assert_eq!(document.find_id("where-r").unwrap().attr("boolean-op"), Some("or"));
}

#[test]
fn what_ha_cf_said_beside_the_manager_goes_on() {
    let ha = crate::HaCf::parse(
        "initdead 30\nstonith_host * meatware alpha\nnode alpha\nnode beta\nping 10.0.0.254\n",
    );
    let settings = Settings::of(&ha);
    let conf = "nodelist {\n node {\n name: alpha\n nodeid: 1\n }\n node {\n name: beta\n nodeid: 2\n }\n}\n";
    let clones = "<cib><configuration><resources><clone id=\"connected\"/></resources></configuration></cib>";
    let taken =
        |text: &str| take_over(&Document::parse(text).unwrap(), &settings, conf, clones).unwrap();

    let Renewed { document, words } = taken(OLD);
    assert_eq!(shown(&document, "cib-bootstrap-options-dc-deadtime"), "name=dc-deadtime value=30s");
    // It has a counter of its own, which read whom to ping in ha.cf.
    assert_eq!(shown(&document, "pingd"), "class=ocf provider=pacemaker type=ping");
    assert_eq!(shown(&document, "pingd-parameters-host_list"), "name=host_list value=10.0.0.254");
    assert!(document.find_id("connected").is_none());
    let of_ha: Vec<u32> =
        words.iter().filter(|word| word.file == File::HaCf).map(|word| word.line).collect();
    assert_eq!(of_ha, [2]);

    let uncounted = OLD.replace("type=\"pingd\"", "type=\"Dummy\"");
    assert!(taken(&uncounted).document.find_id("connected").is_some());
}

#[test]
fn a_document_that_is_none_is_refused_and_named() {
    let none = Document::parse("<nodes/>").unwrap();
    assert_eq!(renew(&none, &BTreeMap::new()).err().unwrap(), "its root is <nodes>, not <cib>");
    let odd = OLD.replace("<rsc_order id=\"after\"", "<rsc_oder id=\"after\"");
    let why = renew(&Document::parse(&odd).unwrap(), &BTreeMap::new()).err().unwrap();
    assert!(why.contains("<rsc_oder "), "{why}");
}
