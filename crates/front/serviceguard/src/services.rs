//! `cmrunserv` and `cmhaltserv`: what legacy control scripts call for their services. The keeper is that
//! of `ocf:quorate:package-service`; the control script's agent looks after it.

use std::process::{Command, Stdio};

use crate::call::{Call, Said, Trouble};

/// Runs a service: `cmrunserv [-v] [-r N | -R] SERVICE "COMMAND"`.
pub(crate) fn cmrunserv(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    // What is behind the command's first word is the command's.
    let own = words.iter().position(|word| !word.starts_with('-')).unwrap_or(words.len());
    let takes = words.get(own.wrapping_sub(1)).is_some_and(|word| word == "-r");
    let own = if takes { own + 1 } else { own };
    let (options, rest) = words.split_at(own.min(words.len()));
    let call = Call::read(options, "vr:R")?;
    let [service, command @ ..] = rest else { return Err(Trouble::new("No service specified")) };
    if command.is_empty() {
        return Err(Trouble::new(format!("No command specified for service {service}")));
    }
    let restarts = match (call.has('R'), call.value('r')) {
        (true, _) => "unlimited".to_owned(),
        (false, Some(count)) => count
            .parse::<u32>()
            .map_err(|_| Trouble::new(format!("`{count}` is no count of restarts")))?
            .to_string(),
        (false, None) => "0".to_owned(),
    };
    keeper(service, "start", &[("cmd", &command.join(" ")), ("restarts", &restarts)])?;
    if call.has('v') {
        said.line(format!("Service {service} is running"));
    }
    Ok(())
}

/// Halts a service: `cmhaltserv [-v] SERVICE`.
pub(crate) fn cmhaltserv(words: &[String], said: &mut Said<'_>) -> Result<(), Trouble> {
    let call = Call::read(words, "v")?;
    let [service] = call.words.as_slice() else {
        return Err(Trouble::new("Specify one service"));
    };
    keeper(service, "stop", &[("cmd", "")])?;
    if call.has('v') {
        said.line(format!("Service {service} is halted"));
    }
    Ok(())
}

/// Calls the keeper of a service of the package whose control script this is.
fn keeper(service: &str, action: &str, parameters: &[(&str, &str)]) -> Result<(), Trouble> {
    let package = std::env::var("SG_PACKAGE").ok().filter(|package| !package.is_empty());
    let package = package.ok_or_else(|| {
        Trouble::new("This is for control scripts, while a package runs or halts")
    })?;
    let cannot = |error: std::io::Error| Trouble::new(format!("Unable to {action} it: {error}"));
    let mut command = Command::new(std::env::current_exe().map_err(cannot)?);
    command.args(["agent-helper", "package-service", action]).stdin(Stdio::null());
    command.env("OCF_RESOURCE_INSTANCE", format!("{package}:{service}"));
    command.env("OCF_RESKEY_service", service);
    command.env("OCF_RESKEY_halt_timeout", halt_timeout(service));
    for (name, value) in parameters {
        command.env(format!("OCF_RESKEY_{name}"), value);
    }
    let done = command.output().map_err(cannot)?;
    if done.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&done.stderr).replace("ocf-exit-reason:", "");
    Err(Trouble::new(format!("Unable to {action} service {service}: {}", why.trim())))
}

/// As the package's file says; the agent passes it on.
fn halt_timeout(service: &str) -> String {
    let all = std::env::var("SG_SERVICE_HALT_TIMEOUTS").unwrap_or_default();
    let own = all.split_whitespace().filter_map(|word| word.split_once('='));
    own.into_iter()
        .find(|(name, _)| *name == service)
        .map_or_else(|| "0".to_owned(), |(_, seconds)| seconds.to_owned())
}
