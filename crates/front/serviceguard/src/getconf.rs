//! `cmgetconf`: the files as they were applied; `cmgetpkgenv`: a package's as a shell reads it.

use serviceguard::{Text, lower, modules};

use crate::call::{Call, Said, Trouble};
use crate::home::Home;

/// Writes the cluster's file, or a package's with `-p`; `-v 0` leaves comments out.
pub(crate) fn cmgetconf(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "v:c:p:K")?;
    let document = Home::find().read()?.document;
    let text = match call.value('p') {
        Some(package) => lower::package_text(&document, package).ok_or_else(|| {
            Trouble::new(format!("Unable to find package {package} in the cluster"))
        })?,
        None => lower::cluster_text(&document)
            .ok_or_else(|| Trouble::new("No cluster file was applied"))?,
    };
    let text = if call.value('v') == Some("0") { bare(&text) } else { text };
    let Some(path) = call.words.first() else {
        said.text(text);
        return Ok(());
    };
    // An existing file may be the only copy of somebody's comments.
    let new = std::fs::OpenOptions::new().write(true).create_new(true).open(path);
    new.and_then(|mut file| std::io::Write::write_all(&mut file, text.as_bytes()))
        .map_err(|error| Trouble::new(format!("Unable to write {path}: {error}")))
}

fn bare(text: &str) -> String {
    let said = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    text.lines().filter(said).map(|line| format!("{line}\n")).collect()
}

/// What a package's file says, for scripts: `eval "$(cmgetpkgenv PACKAGE)"`.
pub(crate) fn cmgetpkgenv(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "v")?;
    let [package] = call.words.as_slice() else {
        return Err(Trouble::new("Specify one package"));
    };
    let document = Home::find().read()?.document;
    let text = lower::package_text(&document, package)
        .ok_or_else(|| Trouble(format!("Unable to find package {package} in the cluster")))?;
    said.text(modules::environment(&Text::parse(&text)));
    Ok(())
}
