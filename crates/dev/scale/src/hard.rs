//! Documents of shapes that tempt a scheduler to more than linear work.

use std::fmt::{self, Write};

/// A shape, by what there is much of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hard {
    /// Every resource starts after the one before it.
    Orders,
    /// Every resource is colocated with the one before it.
    Colocations,
    /// Both, as people write services that build on one another.
    Stack,
    /// Many location constraints on one resource.
    Locations,
    /// One group of many members.
    Group,
    /// One clone set of many instances on 200 nodes.
    Instances,
    /// Clone sets on every node, each ordered after the one before it.
    ClonedOrders,
    /// Everything starts after one resource.
    Fan,
    /// A promotable clone set that everything follows.
    Promoted,
    /// One order constraint with a set of everything.
    Set,
    /// Tags that everything is in, named by a constraint.
    Tag,
}

impl Hard {
    /// All shapes.
    pub const ALL: [Self; 11] = [
        Self::Orders,
        Self::Colocations,
        Self::Stack,
        Self::Locations,
        Self::Group,
        Self::Instances,
        Self::ClonedOrders,
        Self::Fan,
        Self::Promoted,
        Self::Set,
        Self::Tag,
    ];

    /// The shape as a word.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Colocations => "colocations",
            Self::Stack => "stack",
            Self::Locations => "locations",
            Self::Group => "group",
            Self::Instances => "instances",
            Self::ClonedOrders => "cloned-orders",
            Self::Fan => "fan",
            Self::Promoted => "promoted",
            Self::Set => "set",
            Self::Tag => "tag",
        }
    }
}

/// A document of that shape with `count` of what there is much of; nothing runs yet and nothing
/// was probed.
pub fn hard(shape: Hard, count: usize) -> String {
    let nodes = match shape {
        Hard::Instances | Hard::ClonedOrders => 200,
        Hard::Orders
        | Hard::Colocations
        | Hard::Stack
        | Hard::Locations
        | Hard::Group
        | Hard::Fan
        | Hard::Promoted
        | Hard::Set
        | Hard::Tag => 4,
    };
    let mut parts = Parts::default();
    parts.fill(shape, count);
    parts.document(nodes)
}

#[derive(Default)]
struct Parts {
    resources: String,
    constraints: String,
    tags: String,
}

impl Parts {
    fn fill(&mut self, shape: Hard, count: usize) {
        match shape {
            Hard::Orders => self.chain(count, true, false),
            Hard::Colocations => self.chain(count, false, true),
            Hard::Stack => self.chain(count, true, true),
            Hard::Locations => self.locations(count),
            Hard::Group => {
                self.resource(format_args!("<group id=\"g\">"));
                (0..count).for_each(|number| self.primitive(number));
                self.resource(format_args!("</group>"));
            }
            Hard::Instances => {
                self.resource(format_args!("<clone id=\"c\"><meta_attributes id=\"c-m\">"));
                self.resource(format_args!(
                    "<nvpair id=\"c-m1\" name=\"clone-max\" value=\"{count}\"/><nvpair \
                     id=\"c-m2\" name=\"clone-node-max\" value=\"{}\"/><nvpair id=\"c-m3\" \
                     name=\"globally-unique\" value=\"true\"/></meta_attributes>",
                    count.div_ceil(200)
                ));
                self.primitive(0);
                self.resource(format_args!("</clone>"));
            }
            Hard::ClonedOrders => self.cloned(count),
            Hard::Fan => {
                (0..count).for_each(|number| self.primitive(number));
                (1..count).for_each(|then| self.order("r0", then));
            }
            Hard::Promoted => self.promoted(count),
            Hard::Set => {
                (0..count).for_each(|number| self.primitive(number));
                self.set("order", "sequential=\"false\"", count);
            }
            Hard::Tag => self.tagged(count),
        }
    }

    fn resource(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.resources.write_fmt(text);
    }

    fn constraint(&mut self, text: fmt::Arguments<'_>) {
        let _ = self.constraints.write_fmt(text);
    }

    fn primitive(&mut self, number: usize) {
        self.resource(format_args!(
            "<primitive id=\"r{number}\" class=\"ocf\" provider=\"pacemaker\" type=\"Dummy\"/>"
        ));
    }

    fn order(&mut self, first: &str, then: usize) {
        self.constraint(format_args!(
            "<rsc_order id=\"o{then}\" first=\"{first}\" then=\"r{then}\"/>"
        ));
    }

    fn chain(&mut self, count: usize, ordered: bool, colocated: bool) {
        (0..count).for_each(|number| self.primitive(number));
        for then in 1..count {
            let before = then - 1;
            if colocated {
                self.constraint(format_args!(
                    "<rsc_colocation id=\"c{then}\" rsc=\"r{then}\" with-rsc=\"r{before}\" \
                     score=\"INFINITY\"/>"
                ));
            }
            if ordered {
                self.order(&format!("r{before}"), then);
            }
        }
    }

    fn locations(&mut self, count: usize) {
        self.primitive(0);
        for number in 0..count {
            let node = number % 4 + 1;
            self.constraint(format_args!(
                "<rsc_location id=\"l{number}\" rsc=\"r0\" node=\"n{node}\" score=\"1\"/>"
            ));
        }
    }

    fn cloned(&mut self, count: usize) {
        for number in 0..count {
            self.resource(format_args!(
                "<clone id=\"c{number}\"><meta_attributes id=\"c{number}-m\"><nvpair \
                 id=\"c{number}-i\" name=\"interleave\" value=\"true\"/></meta_attributes>"
            ));
            self.primitive(number);
            self.resource(format_args!("</clone>"));
            if number > 0 {
                let first = number - 1;
                self.constraint(format_args!(
                    "<rsc_order id=\"o{number}\" first=\"c{first}\" then=\"c{number}\"/>"
                ));
            }
        }
    }

    fn promoted(&mut self, count: usize) {
        self.resource(format_args!(
            "<clone id=\"p\"><meta_attributes id=\"p-m\"><nvpair id=\"p-m1\" name=\"promotable\" \
             value=\"true\"/></meta_attributes><primitive id=\"p0\" class=\"ocf\" \
             provider=\"pacemaker\" type=\"Stateful\"/></clone>"
        ));
        for number in 0..count {
            self.primitive(number);
            self.constraint(format_args!(
                "<rsc_colocation id=\"c{number}\" rsc=\"r{number}\" with-rsc=\"p\" \
                 with-rsc-role=\"Promoted\" score=\"INFINITY\"/><rsc_order id=\"o{number}\" \
                 first=\"p\" first-action=\"promote\" then=\"r{number}\" then-action=\"start\"/>"
            ));
        }
    }

    fn set(&mut self, kind: &str, how: &str, count: usize) {
        self.constraint(format_args!("<rsc_{kind} id=\"k\"><resource_set id=\"k-1\" {how}>"));
        for number in 0..count - 1 {
            self.constraint(format_args!("<resource_ref id=\"r{number}\"/>"));
        }
        let last = count - 1;
        self.constraint(format_args!(
            "</resource_set><resource_set id=\"k-2\"><resource_ref id=\"r{last}\"/>\
             </resource_set></rsc_{kind}>"
        ));
    }

    fn tagged(&mut self, count: usize) {
        self.tags.push_str("<tags><tag id=\"t\">");
        for number in 0..count {
            self.primitive(number);
            let _ = write!(self.tags, "<obj_ref id=\"r{number}\"/>");
        }
        self.tags.push_str("</tag></tags>");
        self.constraint(format_args!(
            "<rsc_location id=\"l\" rsc=\"t\" node=\"n1\" score=\"10\"/>"
        ));
    }

    fn document(self, nodes: usize) -> String {
        let (mut configured, mut status) = (String::new(), String::new());
        for node in 1..=nodes {
            let _ = write!(configured, "<node id=\"{node}\" uname=\"n{node}\"/>");
            let _ = write!(
                status,
                "<node_state id=\"{node}\" uname=\"n{node}\" in_ccm=\"true\" crmd=\"online\" \
                 join=\"member\" expected=\"member\"/>"
            );
        }
        let Self { resources, constraints, tags } = self;
        format!(
            "<cib validate-with=\"pacemaker-3.9\" epoch=\"1\" num_updates=\"0\" \
             admin_epoch=\"0\" have-quorum=\"1\" dc-uuid=\"1\" execution-date=\"1400000100\">\
             <configuration><crm_config><cluster_property_set id=\"options\"><nvpair id=\"options-1\" \
             name=\"stonith-enabled\" value=\"false\"/></cluster_property_set></crm_config>\
             <nodes>{configured}</nodes><resources>{resources}</resources>\
             <constraints>{constraints}</constraints>{tags}</configuration>\
             <status>{status}</status></cib>\n"
        )
    }
}
