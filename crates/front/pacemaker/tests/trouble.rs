//! What `crm_simulate` does where it cannot do what it was asked for.

#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::ffi::OsString;
use std::path::PathBuf;

const DOCUMENT: &str = "<cib crm_feature_set='3.20.5' validate-with='pacemaker-4.0' epoch='1' \
    num_updates='0' admin_epoch='0'><configuration><crm_config/><nodes><node id='1' uname='a'/>\
    </nodes><resources/><constraints/></configuration><status/></cib>";

/// Runs the tool on a document; answers its exit code and what it said.
fn run(name: &str, words: &[&str]) -> (u8, String, String) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.xml"));
    std::fs::write(&path, DOCUMENT).unwrap();
    let mut arguments: Vec<OsString> = vec!["-x".into(), path.into()];
    arguments.extend(words.iter().map(OsString::from));
    let (mut output, mut errors) = (Vec::new(), Vec::new());
    let code = pacemaker::crm_simulate_to("crm_simulate", arguments, 0, &mut output, &mut errors);
    (code, String::from_utf8(output).unwrap(), String::from_utf8(errors).unwrap())
}

#[test]
fn what_comes_of_it_is_not_kept_where_it_would_be_read_from_the_standard_input() {
    let nonsense = "Could not connect to the CIB: Update does not conform to the configured schema";
    let (code, output, errors) = run("pipe", &["-S", "-O", "-"]);
    assert_eq!((code, output.as_str(), errors.trim_end()), (78, "", nonsense));
    let (code, output, errors) = run("pipe-xml", &["-S", "-O", "-", "--output-as=xml"]);
    assert_eq!((code, errors.as_str()), (78, ""));
    assert!(output.contains(&format!("<error>{nonsense}</error>")), "{output}");
}

#[test]
fn nothing_happens_to_a_node_that_there_is_not() {
    for words in [["-d", "nobody"], ["-f", "nobody"]] {
        let (code, _, errors) = run("nobody", &words);
        assert_eq!(code, 105);
        assert_eq!(errors, "crm_simulate: there is no node 'nobody' (--node-up adds one)\n");
    }
    assert_eq!(run("somebody", &["-u", "nobody", "-d", "nobody"]).0, 0);
    assert_eq!(run("spelled", &["-d", "A"]).0, 0);
}
