//! The command line at a live cluster: what a change came to, and configurations in an editor.

use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use wire::api::Event;

use crate::bed::Bed;
use crate::terminal::Terminal;
use crate::{other_than, with_lock};

/// Runs it; its exit code, standard output and standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A program that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _waited = self.0.wait();
    }
}

fn configuration(bed: &Bed) -> String {
    let (code, xml, said) = run(&mut bed.quorate(1, &["config", "show", "configuration"]));
    assert_eq!(code, Some(0), "{said}");
    xml
}

/// A program that the operator would call an editor: what it does to the file is `$1`.
fn editor(bed: &Bed, does: &str) -> PathBuf {
    let path = bed.dir.join("editor");
    testkit::write_program(&path, &format!("#!/bin/sh\n{does}\n"));
    path
}

/// `quorate config edit --yes` with nobody at the terminal.
fn edit(bed: &Bed, does: &str) -> (Option<i32>, String, String) {
    let editor = editor(bed, does);
    run(bed.quorate(1, &["config", "edit", "--yes"]).env("VISUAL", "").env("EDITOR", editor))
}

/// What `config edit` left in its directory.
fn kept(bed: &Bed) -> Vec<PathBuf> {
    let entries = fs::read_dir(&bed.dir).unwrap().map(|entry| entry.unwrap().path());
    let is_kept = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "xml");
    entries.filter(is_kept).collect()
}

#[test]
fn what_a_change_led_to_is_told_if_it_failed() {
    let (bed, _) = with_lock();
    let words = ["resource", "add", "x", "ocf:nobody:nothing", "--yes", "--unchecked"];
    let (code, out, said) = run(&mut bed.quorate(1, &words));
    assert_eq!(code, Some(6), "{out}{said}");
    assert!(said.contains("the change was made, but 3 actions failed"), "{said}");
    assert!(said.contains("there is no agent ocf:nobody:nothing"), "{said}");
    let (_, status, _) = run(&mut bed.quorate(1, &["status"]));
    assert!(status.contains("there is no agent ocf:nobody:nothing"), "{status}");
    let (code, out, said) = run(&mut bed.quorate(1, &["resource", "remove", "x", "--yes"]));
    assert_eq!(code, Some(0), "{out}{said}");
    let (_, status, _) = run(&mut bed.quorate(1, &["status"]));
    assert!(!status.contains("nobody"), "{status}");
}

#[test]
fn agents_are_asked_before_they_are_given_what_they_do_not_take() {
    let (bed, _) = with_lock();
    let before = configuration(&bed);
    let refused = |words: &[&str]| {
        let all = [&["resource"], words, &["--yes"]].concat();
        let (code, out, said) = run(&mut bed.quorate(2, &all));
        assert_eq!((code, out.as_str()), (Some(17), ""), "{said}");
        said
    };
    for (words, right) in [
        (
            &["add", "x", "ocf:quorate:webservr"][..],
            "x: ocf:quorate:webservr is not installed on n2; did you mean ocf:quorate:webserver?",
        ),
        (
            &["add", "x", "ocf:quorate:webserver", "prot=80"],
            "x: `prot` is no parameter of ocf:quorate:webserver; did you mean port?",
        ),
        (&["add", "x", "ocf:quorate:webserver", "colour=red"], "takes ip, port."),
        (
            &["add", "x", "ocf:quorate:webserver", "port=http"],
            "port=http: it must be a whole number",
        ),
        (&["add", "x", "ocf:quorate:lock"], "x: ocf:quorate:lock needs `file`"),
        (&["add", "x", "stonith:fence_quorat"], "did you mean stonith:fence_quorate?"),
        (
            &["add", "x", "stonith:fence_quorate", "pcmk_host_lst=n1"],
            "did you mean pcmk_host_list?",
        ),
        (&["add", "x", "ocf:testkit:exits"], "ocf:testkit:exits does not say what it takes"),
        (&["set", "lock", "fil=/tmp/x"], "lock: `fil` is no parameter of ocf:quorate:lock"),
        (&["set", "lock", "file="], "lock: ocf:quorate:lock needs `file`"),
    ] {
        let said = refused(words);
        assert!(said.contains(right), "{words:?}: {said}");
        assert!(said.contains("Nothing was changed. --unchecked does it all the same."), "{said}");
    }
    assert_eq!(configuration(&bed), before);

    let right = ["resource", "set", "lock", "meta", "migration-threshold=3", "--yes"];
    let (code, out, said) = run(&mut bed.quorate(2, &right));
    assert_eq!(code, Some(0), "{out}{said}");
    assert!(configuration(&bed).contains("name=\"migration-threshold\" value=\"3\""));
    // A configuration that comes whole is somebody's own; what agents say to it is told.
    let (code, out, said) = edit(&bed, "sed -i s/name=\\\"file\\\"/name=\\\"fiel\\\"/ $1");
    assert_eq!(code, Some(6), "{out}{said}");
    let told = "Mind: lock: `fiel` is no parameter of ocf:quorate:lock; did you mean file?";
    assert!(out.contains(told), "{out}{said}");
}

#[test]
fn a_fencing_that_was_asked_for_is_waited_for() {
    let (mut bed, holder) = with_lock();
    let witness = other_than(holder);
    let target = format!("n{holder}");
    let fence = ["node", "fence", &target, "--yes"];
    let (code, out, said) = run(&mut bed.quorate(witness, &fence));
    assert_eq!(code, Some(0), "{out}{said}");
    let fenced = bed.client(witness).history(0).unwrap().into_iter().any(|entry| {
        matches!(entry.event, Event::Fenced { target, succeeded: true, .. } if target == fence[2])
    });
    assert!(fenced && !bed.running("lock").contains(&holder), "{out}");
    assert!(!bed.wait_end(holder).success());
}

#[test]
fn a_fencing_that_failed_is_told() {
    let (bed, holder) = with_lock();
    let witness = other_than(holder);
    let target = format!("n{holder}");
    let broken = configuration(&bed).replace("type=\"fence_quorate\"", "type=\"fence_nothing\"");
    fs::write(bed.dir.join("broken.xml"), broken).unwrap();
    let file = bed.dir.join("broken.xml");
    let words = ["config", "apply", file.to_str().unwrap(), "--yes"];
    let (code, out, said) = run(&mut bed.quorate(witness, &words));
    assert_eq!(code, Some(6), "its start fails: {out}{said}");
    let (code, out, said) = run(&mut bed.quorate(witness, &["node", "fence", &target, "--yes"]));
    assert_eq!(code, Some(6), "{out}{said}");
    assert!(said.contains(&format!("{target} could not be fenced (reboot)")), "{said}");
    assert_eq!(bed.running("lock"), [holder], "nothing was taken over without proof");
}

#[test]
fn what_is_wrong_in_an_editor_is_refused_with_line_and_word() {
    let (bed, holder) = with_lock();
    let before = configuration(&bed);
    let (code, out, said) = edit(&bed, "true");
    assert_eq!((code, said.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("You changed nothing."), "{out}");
    assert!(kept(&bed).is_empty());
    for (does, code, wanted) in [
        ("sed -i 's|</resources>||' \"$1\"", 65, "what you wrote is not well-formed XML: line "),
        ("sed -i 's|primitive|primitve|' \"$1\"", 13, "did you mean primitive?"),
        ("sed -i 's|interval=|intervall=|' \"$1\"", 13, "did you mean interval?"),
        (
            "sed -i 's|<constraints/>|<constraints><rsc_location id=\"l\" rsc=\"lokc\" node=\"n1\" \
             score=\"1\"/></constraints>|' \"$1\"",
            13,
            "did you mean lock?",
        ),
        ("false", 74, "ended with exit status: 1"),
    ] {
        let (ended, out, said) = edit(&bed, does);
        assert_eq!(ended, Some(code), "{does}: {out}{said}");
        assert!(said.contains(wanted), "{does}: {said}");
        let is_as_before = does == "false";
        assert!(is_as_before || said.contains("What you wrote is kept in"), "{does}: {said}");
        assert_eq!(kept(&bed).len(), usize::from(!is_as_before), "{does}");
        kept(&bed).iter().for_each(|path| fs::remove_file(path).unwrap());
    }
    assert_eq!(configuration(&bed), before);
    assert_eq!(bed.running("lock"), [holder]);
}

#[test]
fn an_edit_in_an_editor_is_not_made_over_another_one() {
    let (bed, _) = with_lock();
    let other = "quorate attribute set n2 rack east --kept --yes";
    let other = other.replacen("quorate", env!("CARGO_BIN_EXE_quorate"), 1);
    let does = format!("sed -i 's|timeout=\"20s\"|timeout=\"21s\"|' \"$1\"\n{other} >&2");
    let (code, out, said) = edit(&bed, &does);
    assert_eq!(code, Some(12), "{out}{said}");
    let now = configuration(&bed);
    assert!(now.contains("rack") && !now.contains("21s"), "{now}");
    // What was written is not lost, and fits when it is looked at again.
    let [file] = &kept(&bed)[..] else { panic!("{said}") };
    assert!(fs::read_to_string(file).unwrap().contains("21s"));
    assert!(said.contains(file.to_str().unwrap()), "{said}");
}

#[test]
fn a_mistake_in_an_editor_can_be_mended_at_once() {
    let (bed, _) = with_lock();
    // The first time it forgets a tag, the second time it is all right.
    let does = "if grep -q '</resources>' \"$1\"; then sed -i 's|</resources>||' \"$1\"; else\n\
                sed -i 's|<constraints/>|</resources><constraints/>|; s|\"20s\"|\"21s\"|' \"$1\"; fi";
    let editor = editor(&bed, does);
    let socket = bed.node_dir(1).join("api.sock");
    let mut terminal = Terminal::start(
        ["config", "edit"].map(OsStr::new),
        &[
            ("QUORATE_SOCKET", socket.as_os_str()),
            ("TMPDIR", bed.dir.as_os_str()),
            ("VISUAL", editor.as_os_str()),
        ],
    );
    terminal.wait_for("Edit it again? [y/N]");
    terminal.type_in("y\n");
    terminal.wait_for("Make that the configuration? [y/N]");
    assert!(!configuration(&bed).contains("21s"), "not before it was said");
    terminal.type_in("y\n");
    let ended = terminal.end();
    assert_eq!(ended.code, Some(0), "{}", ended.screen);
    assert!(ended.screen.contains("line "), "{}", ended.screen);
    assert!(configuration(&bed).contains("21s"));
    assert!(kept(&bed).is_empty());
    let (code, out, said) = run(&mut bed.quorate(1, &["config", "undo", "--yes"]));
    assert_eq!(code, Some(0), "{out}{said}");
    assert!(!configuration(&bed).contains("21s"));
    let (code, out, _) = run(&mut bed.quorate(2, &["attribute", "unset", "n1", "x", "--yes"]));
    assert_eq!(code, Some(0), "{out}");
    assert!(out.contains("Nothing to change"), "{out}");
}

#[test]
fn who_follows_what_happens_stays_when_the_daemon_comes_back() {
    let mut bed = Bed::start();
    let path = bed.dir.join("followed");
    let file = fs::File::create(&path).unwrap();
    let mut command = bed.quorate(2, &["history", "--follow", "--json"]);
    let errors = fs::File::create(bed.dir.join("said")).unwrap();
    let _follower = Ends(command.stdout(file).stderr(errors).spawn().unwrap());
    let wait = |what: &str, times: usize| {
        let begun = std::time::Instant::now();
        loop {
            let told = fs::read_to_string(&path).unwrap();
            if told.matches(what).count() >= times {
                return;
            }
            assert!(begun.elapsed() < crate::bed::PATIENCE, "{what}: {told}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    };
    let whole = "\"kind\":\"membership\",\"members\":[\"n1\",\"n2\",\"n3\"]";
    wait(whole, 1);
    bed.kill_node(2);
    bed.wait_members(1, &[1, 3]);
    bed.start_node(2);
    wait(whole, 2);
    let said = fs::read_to_string(bed.dir.join("said")).unwrap();
    assert!(said.contains("Waiting for it to come back."), "{said}");
    let (code, _, said) =
        run(bed.quorate(2, &["status", "--watch"]).env("QUORATE_SOCKET", "/none"));
    assert_eq!(code, Some(69), "who was never there is not waited for: {said}");
}

#[test]
fn who_follows_ends_when_nobody_reads_it() {
    let bed = Bed::start();
    for words in [["status", "--watch"], ["history", "--follow"]] {
        let mut follower = bed.quorate(2, &words).stdout(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 1];
        follower.stdout.take().unwrap().read_exact(&mut first).unwrap();
        // What happens next it cannot tell anybody.
        let words = ["attribute", "set", "n1", "rack", words[0], "--yes"];
        assert_eq!(run(&mut bed.quorate(1, &words)).0, Some(0));
        assert!(follower.wait().unwrap().success());
    }
}
