//! Which certificate the network is shown, and how one learns whom to trust.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DnType, Issuer, KeyPair};
use serde_json::Value;

use super::house::{self, House};

/// Writes a certificate by the authority of this directory, which ends in so many days.
pub(super) fn sign(web: &Path, days: u64) {
    let text = |name: &str| fs::read_to_string(web.join(name)).unwrap();
    let key = KeyPair::from_pem(&text("authority-key.pem")).unwrap();
    let authority = Issuer::from_ca_cert_pem(&text("authority.pem"), key).unwrap();
    let key = KeyPair::from_pem(&text("key.pem")).unwrap();
    let names = ["n1", "localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let mut params = CertificateParams::new(names).unwrap();
    params.use_authority_key_identifier_extension = true;
    params.not_after = (SystemTime::now() + Duration::from_secs(days * 86_400)).into();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let chain = format!("{}{}", certificate.pem(), text("authority.pem"));
    fs::write(web.join("certificate.pem"), chain).unwrap();
}

/// What `quorate web certificate show` says.
fn show(house: &House) -> (String, Value) {
    let said = |words: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_quorate"));
        command.args(["web", "certificate", "show"]).args(words);
        let output = command.arg("--socket").arg(house.root.join("api.sock")).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    (said(&[]), serde_json::from_str(&said(&["--json"])).unwrap())
}

#[test]
fn whom_to_trust_is_told_to_everybody() {
    let house = House::new("authority");
    let kept = fs::read_to_string(house.root.join("web/authority.pem")).unwrap();
    let told = house.ask("GET", "/v1/certificate", &[], "");
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!((told.status, lines(&told.body)), (200, lines(&kept)));
    assert!(house.at_socket("GET", "/v1/certificate", "").contains("BEGIN CERTIFICATE"));
    // And no more than that.
    assert_eq!(house.ask("GET", "/v1/certificate/shown", &[], "").status, 401);
    let token = house.token("t", "read");
    let shown = house.ask("GET", "/v1/certificate/shown", &[&token], "").json();
    let (text, json) = show(&house);
    assert_eq!(shown["fingerprint"], json["fingerprint"]);
    assert_eq!(json["signed_by"], json["authority"]["subject"]);
    assert_eq!((json["given"].as_bool(), json["names"][0].as_str()), (Some(false), Some("n1")));
    let days =
        (json["valid_until"].as_i64().unwrap() - json["valid_from"].as_i64().unwrap()) / 86_400;
    assert_eq!(days, 825);
    for wanted in
        ["made and renewed by this node", "127.0.0.1", json["fingerprint"].as_str().unwrap()]
    {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}

#[test]
fn a_certificate_is_made_anew_for_another_name_or_authority_and_a_given_one_is_kept() {
    let mut house = House::new("given");
    let before = show(&house).1;
    // Another name.
    house.restart(|root| {
        let path = root.join("quorate.toml");
        let config = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{config}names = [\"localhost\", \"n1.example.org\"]\n")).unwrap();
    });
    let renamed = show(&house).1;
    assert_eq!(renamed["names"][1], "n1.example.org");
    assert_ne!(renamed["fingerprint"], before["fingerprint"]);
    assert_eq!(renamed["authority"], before["authority"], "who trusts it goes on to");
    // The cluster's authority comes in the place of the node's own, as when it joins.
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Quorate cluster web");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Constrained(0));
    let certificate = params.self_signed(&key).unwrap();

    fs::write(house.root.join("web/authority-key.pem"), key.serialize_pem()).unwrap();
    fs::write(house.root.join("web/authority.pem"), certificate.pem()).unwrap();
    let joined = house::until(|| Some(show(&house).1).filter(|shown| *shown != renamed));
    assert_eq!(joined["signed_by"], "CN=Quorate cluster web");
    assert_eq!(joined["names"], renamed["names"]);
    assert_eq!(house.ask("GET", "/", &[], "").status, 200, "who trusts the new one");
    // Without one it makes its own again.
    fs::remove_file(house.root.join("web/authority-key.pem")).unwrap();
    fs::remove_file(house.root.join("web/authority.pem")).unwrap();
    let alone = house::until(|| Some(show(&house).1).filter(|shown| *shown != joined));
    assert_eq!(alone["signed_by"], "CN=Quorate cluster authority");
    // One that was given stays, though it ends soon and is for other names.
    let key = KeyPair::generate().unwrap();
    let given = CertificateParams::new(["mine".to_owned()]).unwrap().self_signed(&key).unwrap();
    house.restart(|root| {
        fs::write(root.join("mine.pem"), given.pem()).unwrap();
        fs::write(root.join("mine-key.pem"), key.serialize_pem()).unwrap();
        let path = root.join("quorate.toml");
        let config = fs::read_to_string(&path).unwrap();
        let mine = "certificate = \"mine.pem\"\nkey = \"mine-key.pem\"\n";
        fs::write(&path, format!("{config}{mine}")).unwrap();
    });
    let (text, json) = show(&house);
    assert!(text.contains("your own"), "{text}");
    assert_eq!((json["given"].as_bool(), &json["names"][0]), (Some(true), &"mine".into()));
    assert_eq!(fs::read_to_string(house.root.join("mine.pem")).unwrap(), given.pem());
}
