//! `quorate web`: what the network is shown.

use client::{Certificate, Named};
use view::moment;

use crate::arguments::{Common, Shown, Web};
use crate::exit::Exit;
use crate::say;
use crate::source;
use crate::trouble::Trouble;

pub(super) fn run(common: &Common, verb: &Web) -> Result<Exit, Trouble> {
    match verb {
        Web::Certificate(Shown::Show) => certificate(common),
    }
}

fn certificate(common: &Common) -> Result<Exit, Trouble> {
    let found = source::daemon(common, "the certificate")?.certificate()?;
    if common.json {
        say::json(&found);
        return Ok(Exit::Done);
    }
    let Some(Certificate { certificate, given, authority }) = found else {
        say::out("Nothing is served to the network: quorate.toml has no section [web].\n");
        return Ok(Exit::Done);
    };
    let Named { subject, names, valid_from, valid_until, fingerprint, signed_by } = certificate;
    let by = if given { "your own" } else { "made and renewed by this node" };
    let mut lines = vec![
        ("certificate", format!("{subject} ({by})")),
        ("names", names.join(", ")),
        ("valid", format!("{} to {}", moment::calendar(valid_from), moment::calendar(valid_until))),
        ("SHA-256", fingerprint),
        ("signed by", signed_by),
    ];
    if let Some(Named { valid_until, fingerprint, .. }) = authority {
        lines.push(("  valid until", moment::calendar(valid_until)));
        lines.push(("  SHA-256", fingerprint));
    }
    for (name, value) in lines {
        say::out(&format!("{name:<13}  {value}\n"));
    }
    Ok(Exit::Done)
}
