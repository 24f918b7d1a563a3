//! One target's task: one notice after the other, with retries where they make sense.

use std::fmt::Write;
use std::path::Path;
use std::sync::PoisonError;
use std::time::Duration;

use ring::hmac;
use serde_json::json;
use tokio::process::Command;
use tokio::sync::mpsc;

use crate::Troubles;
use crate::backlog::Backlog;
use crate::configured::{Target, Way};
use crate::notice::Notice;
use crate::program;

/// Between a failure and the next try; each time twice as long.
const RETRY_FIRST: Duration = Duration::from_secs(1);

/// How often a message is tried; with the pauses between, half a minute and what the tries take.
const TRIES: u32 = 6;

/// Tells the target all that comes, until it is not wanted any more.
pub(crate) async fn serve(
    target: Target,
    mut waiting: mpsc::Receiver<Notice>,
    troubles: Troubles,
    backlog: Backlog,
) {
    while let Some(notice) = waiting.recv().await {
        let sent = match target.way {
            // As Pacemaker: an agent is run once for each event, and what it makes of it is its own.
            Way::Agent => agent(&target, &notice).await,
            Way::Webhook | Way::Mail => with_retries(&target, &notice, &troubles).await,
        };
        match sent {
            Ok(()) => {
                troubles.lock().unwrap_or_else(PoisonError::into_inner).remove(&name(&target));
            }
            Err(why) => trouble(&troubles, &target, &format!("{why}; `{}` is lost", notice.words)),
        }
        backlog.done(notice.sequence);
    }
}

/// Keeps and logs why a target does not have what it should.
pub(crate) fn trouble(troubles: &Troubles, target: &Target, why: &str) {
    let name = name(target);
    tracing::warn!(target = name, why, "an alert was not sent");
    troubles.lock().unwrap_or_else(PoisonError::into_inner).insert(name, why.to_owned());
}

/// Not its recipient, which may be an address with a secret in it.
pub(crate) fn name(target: &Target) -> String {
    format!("alert `{}`", target.id)
}

async fn with_retries(target: &Target, notice: &Notice, troubles: &Troubles) -> Result<(), String> {
    let mut pause = RETRY_FIRST;
    let mut tried = 0;
    loop {
        let sent = match target.way {
            Way::Webhook => webhook(target, notice).await,
            Way::Mail => mail(target, notice).await,
            Way::Agent => return Ok(()),
        };
        tried += 1;
        let Err(why) = sent else { return Ok(()) };
        if tried == TRIES {
            return Err(why);
        }
        trouble(troubles, target, &format!("{why}; it is tried again"));
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

async fn agent(target: &Target, notice: &Notice) -> Result<(), String> {
    let mut command = Command::new(&target.path);
    command.env_clear().envs(exec::inherited_environment());
    command.envs(notice.variables.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    command.env("CRM_alert_kind", notice.kind.word());
    command.env("CRM_alert_version", "3.0.2");
    command.env("CRM_alert_recipient", &target.recipient);
    command.env("CRM_alert_node_sequence", notice.sequence.to_string());
    command.env("CRM_alert_timestamp", timestamp(&target.timestamp_format, notice).await);
    command.env("CRM_alert_timestamp_epoch", notice.at.to_string());
    command.env("CRM_alert_timestamp_usec", format!("{:06}", notice.micros));
    command.envs(&target.attributes);
    if let Some((user, group)) = whom_agents_run_as() {
        command.uid(user).gid(group);
    }
    program::run(command, b"", target.timeout).await
}

/// By `date`, which knows this machine's time zone and language, as Pacemaker's does.
async fn timestamp(format: &str, notice: &Notice) -> String {
    let mut date = Command::new("date");
    date.arg(format!("--date=@{}.{:06}", notice.at, notice.micros))
        .arg(format!("+{format}"))
        .kill_on_drop(true);
    let written = tokio::time::timeout(Duration::from_secs(5), date.output()).await;
    match written {
        Ok(Ok(output)) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
        }
        Ok(_) | Err(_) => String::new(),
    }
}

/// Agents run as the cluster's user, as Pacemaker runs them; where there is none, or where this
/// process is not root, as this process.
fn whom_agents_run_as() -> Option<(u32, u32)> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let line = users.lines().find(|line| line.starts_with("hacluster:"))?;
    let mut fields = line.split(':').skip(2);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

async fn webhook(target: &Target, notice: &Notice) -> Result<(), String> {
    let body = json!({
        "kind": notice.kind.word(),
        "severity": if notice.is_trouble { "trouble" } else { "news" },
        "node": notice.node,
        "resource": notice.resource,
        "at": notice.at,
        "words": notice.words,
        "data": notice.data,
    })
    .to_string();
    // Secrets and addresses go where nobody can read them in a list of processes.
    let mut settings = String::new();
    let mut set = |name: &str, value: &str| {
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let value: String = value.chars().filter(|letter| !letter.is_control()).collect();
        // Writing to a `String` cannot fail.
        let _ = writeln!(settings, "{name} = \"{value}\"");
    };
    set("url", &target.recipient);
    set("header", "Content-Type: application/json");
    if let Some(path) = target.attribute("secret-file") {
        let signature = signed(Path::new(path), body.as_bytes()).await?;
        set("header", &format!("Quorate-Signature: sha256={signature}"));
    }
    if let Some(path) = target.attribute("ca-file") {
        set("cacert", path);
    }
    set("proto", "=http,https");
    set("user-agent", concat!("quorate/", env!("CARGO_PKG_VERSION")));
    set("data-raw", &body);
    let _ = writeln!(settings, "silent\nshow-error\nfail\noutput = \"/dev/null\"");
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--config", "-"]);
    program::run(curl, settings.as_bytes(), target.timeout).await
}

/// The body's HMAC-SHA256 with the key in the file, in hexadecimal digits.
async fn signed(secret: &Path, body: &[u8]) -> Result<String, String> {
    let key = tokio::fs::read(secret).await;
    let key = key.map_err(|error| format!("cannot read `{}`: {error}", secret.display()))?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.trim_ascii_end());
    let tag = hmac::sign(&key, body);
    Ok(tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn mail(target: &Target, notice: &Notice) -> Result<(), String> {
    let from = target.attribute("from").unwrap_or("hacluster@localhost");
    let plain = |text: &str| -> String {
        text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
    };
    let data = serde_json::to_string_pretty(&notice.data).unwrap_or_default();
    let message = format!(
        "From: {}\r\nTo: {}\r\nSubject: {}\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nAuto-Submitted: auto-generated\r\n\r\n{}\r\n\r\n{}\r\n",
        plain(from),
        plain(&target.recipient),
        plain(&notice.words),
        notice.words,
        data,
    );
    let Some(server) = target.attribute("server") else {
        let mut sendmail = Command::new("/usr/sbin/sendmail");
        sendmail.args(["-i", "-f", from, "--", &target.recipient]);
        return program::run(sendmail, message.as_bytes(), target.timeout).await;
    };
    let mut curl = Command::new("curl");
    curl.args(["--disable", "--silent", "--show-error", "--upload-file", "-"]);
    curl.args(["--url", &format!("smtp://{server}"), "--mail-from", from]);
    curl.args(["--mail-rcpt", &target.recipient]);
    if target.attribute("tls") == Some("true") {
        curl.arg("--ssl-reqd");
    }
    for (attribute, option) in [("ca-file", "--cacert"), ("netrc-file", "--netrc-file")] {
        if let Some(path) = target.attribute(attribute) {
            curl.args([option, path]);
        }
    }
    program::run(curl, message.as_bytes(), target.timeout).await
}
