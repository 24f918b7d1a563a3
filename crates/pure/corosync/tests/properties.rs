//! Laws of reading, judging and editing any text.

use std::time::Duration;

use corosync::{Conf, Fencing, Member, NewCluster, Settings, Severity, Timing, Wish, check, fresh};
use proptest::prelude::*;

/// Texts that look like a file, somewhat.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        Just("totem".to_owned()),
        Just("nodelist".to_owned()),
        Just("node".to_owned()),
        Just("quorum".to_owned()),
        Just("interface".to_owned()),
        Just("device".to_owned()),
        Just("token".to_owned()),
        Just("nodeid".to_owned()),
        Just("ring0_addr".to_owned()),
        Just("two_node".to_owned()),
        Just("config_version".to_owned()),
        "[a-z_]{1,9}",
    ];
    let value = prop_oneof![
        Just("1".to_owned()),
        Just("10.0.0.1".to_owned()),
        Just("99999999999999999999".to_owned()),
        Just("knet".to_owned()),
        any::<String>(),
    ];
    let line = prop_oneof![
        4 => word.clone().prop_map(|name| format!("{name} {{")),
        5 => (word, value).prop_map(|(key, value)| format!("  {key}: {value}")),
        3 => Just("}".to_owned()),
        1 => Just("# a comment".to_owned()),
        1 => any::<String>(),
    ];
    prop::collection::vec(line, 0..40).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn what_is_read_is_written(text in texts()) {
        prop_assert_eq!(Conf::parse(&text).to_string(), text);
    }

    #[test]
    fn every_finding_has_a_line_of_the_file(text in texts()) {
        let lines = u32::try_from(text.split_inclusive('\n').count()).unwrap();
        for finding in check(&text) {
            prop_assert!(finding.line <= lines, "{} of {}", finding, lines);
        }
    }

    #[test]
    fn what_is_set_counts_and_is_gone_when_unset(text in texts(), value in "[a-z0-9]{1,8}") {
        let open = check(&text).iter().filter(|f| f.what.contains("never closed")).count();
        let mut conf = Conf::parse(&format!("{text}{}", "\n}".repeat(open)));
        conf.set(&["quorum", "device"], "model", &value);
        let device = Settings::of(&conf).device.unwrap();
        prop_assert_eq!(device.model.unwrap().value, value);
        conf.unset(&["quorum", "device"], "model");
        prop_assert_eq!(Settings::of(&conf).device.unwrap().model, None);
    }

    #[test]
    fn a_node_that_is_added_is_there_and_one_that_is_dropped_is_not(text in texts()) {
        let mut conf = Conf::parse(&text);
        let links = Settings::of(&conf).nodes.iter().map(|node| node.addresses.len()).max();
        let addresses = (0..links.unwrap_or(1)).map(|at| format!("new-{at}")).collect();
        let before = Settings::of(&conf).nodes.len();
        let version = Settings::of(&conf).config_version();
        if conf.add(&Member { name: "new".to_owned(), id: 0, addresses }).is_ok() {
            let after = Settings::of(&conf);
            prop_assert_eq!(after.nodes.len(), before + 1);
            prop_assert!(after.config_version() > version || version == u64::MAX);
            if before > 0 {
                prop_assert!(after.node("new").is_some());
                conf.drop_node("new").unwrap();
                prop_assert_eq!(Settings::of(&conf).nodes.len(), before);
            }
        }
    }

    #[test]
    fn a_new_file_has_nothing_wrong(count in 1_u32..9, seconds in 2_u64..60, links in 1_usize..4) {
        let members: Vec<Member> = (1..=count)
            .map(|id| Member {
                name: format!("n{id}"),
                id,
                addresses: (0..links).map(|link| format!("10.{link}.0.{id}")).collect(),
            })
            .collect();
        let wish = Wish {
            failover: Duration::from_secs(seconds),
            nodes: u64::from(count),
            fencing: Fencing::Device,
        };
        let timing = Timing::derive(wish).unwrap();
        let text = fresh(&NewCluster { name: "web".to_owned(), members, timing });
        let bad: Vec<String> = check(&text)
            .iter()
            .filter(|finding| finding.severity > Severity::Note)
            .map(ToString::to_string)
            .collect();
        prop_assert!(bad.is_empty(), "{:#?}\n{}", bad, text);
        let effective = corosync::timing::Effective::of(&Settings::of(&Conf::parse(&text)));
        prop_assert_eq!(effective.real_token, timing.real_token);
        prop_assert_eq!(effective.consensus, timing.consensus);
    }
}
