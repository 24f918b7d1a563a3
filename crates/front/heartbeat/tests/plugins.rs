//! Heartbeat's plug-ins for fence devices and the agents of today, each asked for its own parameters.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::process::Command;

use agent::{Metadata, Standard, misfits};
use heartbeat::{Becomes, Plugin, plugins};

/// What a program prints; warnings of interpreters go elsewhere.
fn said(program: &str, words: &[&str]) -> String {
    let done = Command::new(program).args(words).output().unwrap();
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// A value that means something.
fn some_value(becomes: Becomes) -> &'static str {
    match becomes {
        Becomes::Words(_, [(word, _), ..]) => word,
        Becomes::Hosts => "n1,n2",
        Becomes::Address => "qemu+ssh://admin@192.0.2.9/system",
        Becomes::Name("ipport") => "623",
        Becomes::Name("ipmitool_path") => "/usr/bin/ipmitool",
        Becomes::Name(_) | Becomes::Words(..) | Becomes::Nothing | Becomes::Unknown => "word",
    }
}

/// What the agent is told when a line says all that it must, or a document all that it may.
fn told(plugin: &Plugin, is_all: bool) -> Vec<(String, String)> {
    let parameters = plugin.parameters.iter().chain(plugin.also.iter().filter(|_| is_all));
    let said: Vec<(String, String)> = parameters
        .map(|(name, becomes)| ((*name).to_owned(), some_value(*becomes).to_owned()))
        .collect();
    let (told, _) = plugin.tell(&said);
    told.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[test]
fn each_plugin_has_these_parameters_in_this_order() {
    if !testkit::has(&["/usr/sbin/stonith"]) {
        return;
    }
    for plugin in plugins() {
        let names = said("/usr/sbin/stonith", &["-t", plugin.name, "-n"]);
        let names: Vec<&str> = names.split_whitespace().collect();
        let ours: Vec<&str> = plugin.all().map(|(name, _)| *name).collect();
        let count = names.len();
        assert!(count >= plugin.parameters.len(), "{}: {names:?}", plugin.name);
        assert_eq!(names, ours[..count], "{}", plugin.name);
        let described = said("/usr/sbin/stonith", &["-t", plugin.name, "-m"]);
        for name in ours {
            let is_described = described.contains(&format!("<parameter name=\"{name}\""));
            assert!(is_described || names.contains(&name), "{} has no {name}", plugin.name);
        }
    }
}

#[test]
fn each_agent_takes_what_it_is_told_and_has_what_it_needs() {
    if !testkit::has(&["/usr/sbin/fence_ipmilan"]) {
        return;
    }
    for plugin in plugins() {
        let program = format!("/usr/sbin/{}", plugin.agent);
        let metadata = Metadata::parse(&said(&program, &["-o", "metadata"])).unwrap();
        for is_all in [false, true] {
            let told = told(plugin, is_all);
            assert_eq!(misfits(Standard::Fence, &metadata, &told), [], "{}", plugin.name);
            assert!(told.iter().any(|(name, _)| name == "ip"), "{}", plugin.name);
            for (name, _) in told {
                let own = metadata.parameter(&name);
                let is_old = own.is_some_and(|own| own.deprecated);
                assert!(!is_old, "{}: {name} is an old name", plugin.agent);
            }
        }
        for becomes in plugin.all() {
            if let (name, Becomes::Words(new, words)) = becomes {
                for (_, word) in *words {
                    let given = [(String::from(*new), String::from(*word))];
                    let odd = misfits(Standard::Fence, &metadata, &given);
                    let odd: Vec<_> = odd
                        .iter()
                        .filter(|odd| matches!(odd, agent::Misfit::Value { .. }))
                        .collect();
                    assert!(odd.is_empty(), "{} {name}: {odd:?}", plugin.name);
                }
            }
        }
    }
}
