use super::*;

const TEXT: &str = "<cib epoch=\"1\" admin_epoch=\"0\" num_updates=\"0\" validate-with=\"pacemaker-4.0\">\
<configuration><crm_config><cluster_property_set id=\"o\"><nvpair id=\"o1\" name=\"enable-acl\" value=\"true\"/>\
</cluster_property_set></crm_config><nodes><node id=\"1\" uname=\"n1\"/></nodes><resources>\
<primitive id=\"db\" class=\"lsb\" type=\"x\"><instance_attributes id=\"i\"><nvpair id=\"pw\" name=\"passwd\" \
value=\"secret\"/><nvpair id=\"pl\" name=\"port\" value=\"1\"/></instance_attributes></primitive>\
<primitive id=\"web\" class=\"lsb\" type=\"y\"/></resources><constraints/><acls>\
<acl_target id=\"joe\"><role id=\"reader\"/></acl_target>\
<acl_target id=\"t1\" name=\"ann lee\"><role id=\"reader\"/><role id=\"writer\"/></acl_target>\
<acl_target id=\"broken\"><role id=\"reader\"/><role id=\"unreadable\"/></acl_target>\
<acl_target id=\"part\"><role id=\"inner\"/></acl_target>\
<acl_group id=\"ops\"><role id=\"all\"/></acl_group>\
<acl_role id=\"reader\"><acl_permission id=\"r1\" kind=\"read\" xpath=\"/cib\"/>\
<acl_permission id=\"r2\" kind=\"deny\" object-type=\"nvpair\" attribute=\"name\"/>\
<acl_permission id=\"r3\" kind=\"read\" reference=\"pl\"/></acl_role>\
<acl_role id=\"writer\"><acl_permission id=\"w1\" kind=\"write\" xpath=\"//resources\"/></acl_role>\
<acl_role id=\"unreadable\"><acl_permission id=\"u1\" kind=\"deny\" xpath=\"//[\"/></acl_role>\
<acl_role id=\"inner\"><acl_permission id=\"n1\" kind=\"read\" xpath=\"//nvpair[@id='pl']/@value\"/></acl_role>\
<acl_role id=\"all\"><acl_permission id=\"a1\" kind=\"write\" xpath=\"/\"/></acl_role>\
</acls></configuration><status/></cib>";

fn document() -> Document {
    Document::parse(TEXT).unwrap()
}

fn user(name: &str) -> User {
    User { name: name.to_owned(), groups: Vec::new() }
}

fn edited(change: impl FnOnce(&mut Document)) -> Document {
    let mut after = document();
    change(&mut after);
    after
}

fn id(document: &Document, id: &str) -> NodeId {
    document.find_id(id).unwrap().id()
}

#[test]
fn readers_see_what_is_not_denied() {
    let seen = readable(&document(), &user("joe")).unwrap();
    assert_eq!(seen.find_id("web").unwrap().attr("type"), Some("y"));
    assert!(seen.find_id("pw").is_none());
    // Denied and allowed on the same element is denied.
    assert!(seen.find_id("pl").is_none());
    // Around what is readable only names and ids are shown.
    let seen = readable(&document(), &user("part")).unwrap();
    assert_eq!(seen.find_id("pl").unwrap().attr("value"), Some("1"));
    assert_eq!(seen.find_id("db").unwrap().attr("class"), None);
    assert!(seen.find_id("web").is_none());
    assert_eq!(seen.root().attr("epoch"), None);
}

#[test]
fn strangers_and_broken_rules_get_nothing() {
    assert!(readable(&document(), &user("nobody")).is_none());
    let seen = readable(&document(), &user("broken"));
    assert!(seen.is_none_or(|seen| seen.find_id("web").is_none()));
    assert!(
        check_change(&document(), &edited(|d| d.remove(id(d, "web"))), &user("nobody")).is_err()
    );
}

#[test]
fn the_privileged_and_everybody_without_the_option_may_all() {
    for name in ["root", "hacluster"] {
        assert_eq!(readable(&document(), &user(name)).unwrap().to_string(), document().to_string());
    }
    let off = edited(|d| d.set(id(d, "o1"), "value", "false"));
    assert!(readable(&off, &user("nobody")).is_some());
    let member = User { name: "x".to_owned(), groups: vec!["ops".to_owned()] };
    assert!(check_change(&document(), &off, &member).is_ok());
}

#[test]
fn writers_write_where_they_may() {
    let ann = user("ann lee");
    let allowed = [
        edited(|d| d.remove(id(d, "web"))),
        edited(|d| d.set(id(d, "web"), "description", "d")),
        edited(|d| {
            let parent = d.section(Section::Resources).unwrap().id();
            let made = d.append(parent, "primitive");
            d.set(made, "id", "new");
            d.set(made, "class", "lsb");
        }),
        edited(|d| d.set_version(d.version().unwrap().after_configuration_change())),
    ];
    for after in allowed {
        assert_eq!(check_change(&document(), &after, &ann), Ok(()));
    }
    for (after, said) in [
        (
            edited(|d| d.set(id(d, "1"), "uname", "n2")),
            "ann lee may not change /cib/configuration/nodes/node[@id='1']",
        ),
        (edited(|d| d.set(d.root().id(), "validate-with", "none")), "ann lee may not change /cib"),
        (
            edited(|d| d.remove(id(d, "joe"))),
            "ann lee may not remove /cib/configuration/acls/acl_target[@id='joe']",
        ),
        (
            edited(|d| {
                let parent = d.section(Section::Constraints).unwrap().id();
                let made = d.append(parent, "rsc_location");
                d.set(made, "id", "l");
                d.set(made, "rsc", "db");
            }),
            "ann lee may not create /cib/configuration/constraints/rsc_location[@id='l']",
        ),
        (
            // Removing the resource would remove the password that is denied.
            edited(|d| d.remove(id(d, "db"))),
            "ann lee may not remove /cib/configuration/resources/primitive[@id='db']/\
             instance_attributes[@id='i']/nvpair[@id='pw']",
        ),
        (
            // A role that gives more rights.
            edited(|d| {
                let role = d.append(id(d, "t1"), "role");
                d.set(role, "id", "all");
            }),
            "ann lee may not create /cib/configuration/acls/acl_target[@id='t1']/role[@id='all']",
        ),
    ] {
        let denied = check_change(&document(), &after, &ann).unwrap_err();
        assert_eq!(denied.to_string(), said);
    }
}

#[test]
fn scaffolding_comes_along_but_not_what_it_holds() {
    let joe = user("joe");
    let tags = edited(|d| {
        let parent = d.section(Section::Configuration).unwrap().id();
        d.append(parent, "tags");
    });
    assert_eq!(check_change(&document(), &tags, &joe), Ok(()));
    let reordered = edited(|d| {
        let parent = d.section(Section::Resources).unwrap().id();
        d.relocate(id(d, "web"), parent, Some(id(d, "db")));
    });
    assert_eq!(
        check_change(&document(), &reordered, &joe).unwrap_err().to_string(),
        "joe may not reorder /cib/configuration/resources"
    );
}

#[test]
fn who_may_write_by_what_is_said_may_not_make_it_say_something_else() {
    let by_name = "<acl_permission id=\"a1\" kind=\"write\" xpath=\"//nvpair[@name='port']\"/>";
    let all = "<acl_permission id=\"a1\" kind=\"write\" xpath=\"/\"/>";
    let before = Document::parse(&TEXT.replace(all, by_name)).unwrap();
    let ops = User { groups: vec!["ops".to_owned()], ..user("op") };
    let set = |name: &str, value: &str| {
        let mut after = before.clone();
        let pair = id(&after, "pl");
        after.set(pair, name, value);
        check_change(&before, &after, &ops)
    };
    assert_eq!(set("value", "2"), Ok(()));
    assert_eq!(set("name", "enable-acl").unwrap_err().act, Act::Change);
}

#[test]
fn who_may_write_an_id_may_not_give_it_to_a_permission() {
    let by_id = "<acl_permission id=\"a1\" kind=\"write\" reference=\"web\"/>";
    let all = "<acl_permission id=\"a1\" kind=\"write\" xpath=\"/\"/>";
    let before = Document::parse(&TEXT.replace(all, by_id)).unwrap();
    let ops = User { groups: vec!["ops".to_owned()], ..user("op") };
    let mut after = before.clone();
    let (web, role) = (id(&after, "web"), id(&after, "all"));
    after.remove(web);
    assert_eq!(check_change(&before, &after, &ops), Ok(()));
    let made = after.append(role, "acl_permission");
    for (name, value) in [("id", "web"), ("kind", "write"), ("xpath", "/")] {
        after.set(made, name, value);
    }
    assert_eq!(check_change(&before, &after, &ops).unwrap_err().act, Act::Create);
}
