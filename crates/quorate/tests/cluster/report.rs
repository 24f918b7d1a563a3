//! `crm_report`: what helps from afar, without what is secret.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use wire::api::{Change, Edit, Reply};

use crate::bed::{Bed, configuration};

const SECRET: &str = "hunter2-of-the-bmc";
const FABRIC_SECRET: &str = "a2V5IG9mIHRoZSBmYWJyaWM";

fn report(bed: &Bed, words: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
    command.args(["crm_report", "-M", "-f", "2000-01-01 10:00"]).args(words);
    command.env("QUORATE_SOCKET", bed.node_dir(1).join("api.sock"));
    command.env("COROSYNC_MAIN_CONFIG_FILE", bed.dir.join("secret.conf"));
    command.output().unwrap()
}

/// Every file below a folder, with its text and who may read it.
fn files(folder: &Path) -> Vec<(String, String, u32)> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        if path.is_dir() {
            assert_eq!(mode, 0o700, "{}", path.display());
            all.extend(files(&path));
        } else {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            all.push((name, fs::read_to_string(&path).unwrap(), mode));
        }
    }
    all
}

#[test]
fn a_report_tells_what_is_wrong_and_nothing_secret() {
    let bed = Bed::start();
    let reply = bed.replace(1, configuration(&bed.dir));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    let xml = format!(
        r#"<primitive id="bmc" class="stonith" type="fence_not_here"><instance_attributes id="bmc-a">
        <nvpair id="bmc-a-p" name="passwd" value="{SECRET}"/></instance_attributes></primitive>"#
    );
    let parent = "/cib/configuration/resources".to_owned();
    let reply = bed.change(1, Change::Edit { edits: vec![Edit::Create { parent, xml }] });
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait_idle(1);
    let log = bed.dir.join("agent.log");
    let lines = format!(
        "1999-12-31 10:00:00 too early\n2001-01-01 10:00:00 ERROR: tried ann/{SECRET}\n\
         2001-01-01 10:00:01 password=other-secret port=7\n"
    );
    fs::write(&log, lines).unwrap();
    let conf = format!("totem {{\n  key: {FABRIC_SECRET}\n  cluster_name: town\n}}\n");
    fs::write(bed.dir.join("secret.conf"), conf).unwrap();
    let key = bed.dir.join("authkey");
    fs::write(&key, "secret of the fabric's file").unwrap();
    let dest = bed.dir.join("told");
    let (log, key, at) = (log.to_str().unwrap(), key.to_str().unwrap(), dest.to_str().unwrap());
    let words = ["-n", "n1 n9", "-e", "false", "-l", log, "-E", key, "-d", at];
    let done = report(&bed, &words);
    assert!(done.status.success(), "{done:?}");

    let told = files(&dest);
    for (name, text, mode) in &told {
        assert_eq!(*mode, 0o600, "{name}");
        for secret in [SECRET, FABRIC_SECRET, "other-secret", "fabric's file"] {
            assert!(!text.contains(secret), "{name} tells {secret}: {text}");
        }
    }
    let text = |wanted: &str| {
        let found = told.iter().find(|(name, ..)| name == wanted);
        found.unwrap_or_else(|| panic!("no {wanted}")).1.as_str()
    };
    let analysis = text("analysis.txt");
    let verdict = text("status.txt").lines().next().unwrap();
    assert!(!verdict.is_empty() && analysis.starts_with(verdict), "it comes first: {analysis}");
    assert!(analysis.contains("n9 is not part of this report"), "{analysis}");
    assert!(analysis.contains("keys and certificates are not read"), "{analysis}");
    assert!(analysis.contains("ERROR: tried ann/****"), "{analysis}");
    assert!(text("cib.xml").contains(r#"name="passwd" value="****""#));
    assert_eq!(text("corosync.conf"), "totem {\n  key: ****\n  cluster_name: town\n}\n");
    assert!(!text("log1-agent.log").contains("too early"));
    assert!(text("log1-agent.log").contains("password=**** port=7"));
    assert!(text("members.txt").contains("member: n3\n"));
    assert!(text("history.txt").contains("n1"));
    assert!(text("crm_mon.txt").contains("bmc"));
    // What is there is not written to again.
    assert_eq!(report(&bed, &["-S", at]).status.code(), Some(73));
}

#[test]
fn a_report_is_packed_for_its_owner_alone() {
    let bed = Bed::start();
    let dest = bed.dir.join("packed");
    let done = report(&bed, &["-S", "--dest", dest.to_str().unwrap()]);
    assert!(done.status.success(), "{done:?}");
    let archive = bed.dir.join("packed.tar.bz2");
    let said = String::from_utf8(done.stdout).unwrap();
    assert_eq!(said, format!("Collected results are available in {}\n", archive.display()));
    assert!(!dest.exists());
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    let begun = fs::read(&archive).unwrap();
    assert!(begun.starts_with(b"BZh"));
}

#[test]
fn a_report_asks_all_nodes_of_the_cluster_unless_told_otherwise() {
    let bed = Bed::start();
    let bin = bed.dir.join("bin");
    let quorate = env!("CARGO_BIN_EXE_quorate");
    let linked = Command::new(quorate).arg("links").arg(&bin).status().unwrap();
    assert!(linked.success());
    // A shell on the other node, as ssh would give it: `-l root NODE -- COMMAND`. Nobody answers on n3, and
    // what n2's shell leaves behind holds on to its outputs.
    let shell = bed.dir.join("shell");
    let (bin, dir) = (bin.display(), bed.node_dir(2));
    let script = format!(
        "#!/bin/sh\n[ $3 = n2 ] || {{ echo \"$3: No route to host\" >&2; exit 255; }}\nsleep 1000 &\n\
         echo $! > {}\nPATH={bin}:$PATH QUORATE_SOCKET={} exec sh -c \"$5\"\n",
        bed.dir.join("left").display(),
        dir.join("api.sock").display()
    );
    fs::write(&shell, script).unwrap();
    fs::set_permissions(&shell, fs::Permissions::from_mode(0o700)).unwrap();
    let dest = bed.dir.join("all");
    let words = ["-e", shell.to_str().unwrap(), "-d", dest.to_str().unwrap()];
    let done = report(&bed, &words);
    let left = fs::read_to_string(bed.dir.join("left")).unwrap();
    let ended = Command::new("kill").arg(left.trim()).status().unwrap();
    assert!(done.status.success() && ended.success(), "{done:?}");
    for (node, file) in [("n1", "members.txt"), ("n2", "members.txt"), ("n2", "analysis.txt")] {
        assert!(dest.join(node).join(file).exists(), "{node} has no {file}");
    }
    assert!(!dest.join("n3").exists() && !dest.join("n2/part.tar").exists());
    let members = fs::read_to_string(dest.join("n2/members.txt")).unwrap();
    assert!(members.starts_with("asked: n2\n"), "{members}");
    let analysis = fs::read_to_string(dest.join("analysis.txt")).unwrap();
    assert!(analysis.contains("n3 is not part of this report: n3: No route to host"), "{analysis}");
}
