//! Looks after the network cards of a wire: the process behind `ocf:quorate:lan`.
//!
//! `lan` decides and `network` does; this is the process between them. It answers questions on a socket of
//! its own, one word each: `status`, `failback`, `home` (before it ends) and `say`; `disable` and `enable` with a card.
//!
//! Nothing here waits for the cluster: a daemon that hangs must not keep addresses on a dead card.

mod control;
mod keeper;
mod reporter;

use std::process::{Command, ExitCode};

use lan::Settings;

use crate::ocf::{self, Code, Failure, failed};
use crate::service::Service;

pub(crate) fn main(action: &str) -> ExitCode {
    let service = Service::new("lan");
    ocf::answer(match action {
        "start" => settings().and_then(|_| service.start()),
        "stop" => stop(&service),
        "monitor" => monitor(&service),
        "validate-all" => settings().map(|_| Code::Ok),
        "serve" => keeper::serve(&service),
        _ => Ok(Code::Unimplemented),
    })
}

/// Asks the process of a resource: for operators, and for tools that speak for them.
#[expect(clippy::print_stdout, reason = "what was asked for")]
pub(crate) fn ask_main(question: &str, resource: &str, card: Option<&str>) -> ExitCode {
    let question = match (question, card) {
        ("status" | "failback", None) => Some(question.to_owned()),
        ("disable" | "enable", Some(card)) => Some(format!("{question} {card}")),
        _ => None,
    };
    let answer = question.map(|question| control::ask(resource, &question));
    ocf::answer(match answer {
        None => Ok(Code::Unimplemented),
        Some(Ok(text)) => {
            print!("{text}");
            Ok(Code::Ok)
        }
        Some(Err(error)) => Err((Code::NotRunning, format!("{resource} does not answer: {error}"))),
    })
}

/// A node that is told of all nodes does not ask itself, which would always answer.
fn settings() -> Result<Settings, Failure> {
    let mut settings =
        Settings::read(ocf::parameter).map_err(|reason| (Code::NotConfigured, reason))?;
    if let Some(own) = ocf::parameter("CRM_meta_on_node") {
        settings.peers.retain(|peer| peer.node != own);
    }
    Ok(settings)
}

/// The node attribute of each subnet.
fn attributes(settings: &Settings) -> Vec<String> {
    let prefix = ocf::parameter("attribute_prefix").unwrap_or_else(|| "subnet-".to_owned());
    settings.subnets.iter().map(|subnet| format!("{prefix}{}", subnet.address)).collect()
}

/// The node attribute of each card, where such are wanted.
fn card_attributes(settings: &Settings) -> Vec<String> {
    let prefix = ocf::parameter("card_prefix").into_iter();
    prefix
        .flat_map(|prefix| settings.cards.iter().map(move |card| format!("{prefix}{card}")))
        .collect()
}

/// A card that failed is what the process is for, and no failure of the resource. One that does not answer is.
fn monitor(service: &Service) -> Result<Code, Failure> {
    if service.process().is_none() {
        return Ok(Code::NotRunning);
    }
    let status = control::ask(&ocf::instance(), "status")
        .map_err(|error| failed(format!("the watch of the cards does not answer: {error}")))?;
    let said = status.lines().find_map(|line| line.strip_prefix("said: "));
    // The cluster forgets such attributes when a node's daemon ends; the watch may live on.
    if let (Some(said), Ok(settings)) = (said, settings())
        && attributes(&settings).iter().any(|name| is_forgotten(name, said))
    {
        let asked = control::ask(&ocf::instance(), "say");
        asked
            .map_err(|error| failed(format!("the watch of the cards does not answer: {error}")))?;
    }
    Ok(Code::Ok)
}

fn is_forgotten(attribute: &str, said: &str) -> bool {
    let output = Command::new("attrd_updater").args(["-Q", "-n", attribute]).output();
    // Where there is no cluster to ask, there is none to tell.
    output.is_ok_and(|output| {
        !String::from_utf8_lossy(&output.stdout).contains(&format!("value=\"{said}\""))
    })
}

/// Addresses go back to the first card, if it has a link: no network is lost because nobody watches any more.
fn stop(service: &Service) -> Result<Code, Failure> {
    if service.process().is_some() {
        // One that does not answer is ended all the same; its addresses stay where they work.
        let _ = control::ask(&ocf::instance(), "home");
    }
    let code = service.stop()?;
    control::forget(&ocf::instance());
    let of_cards = settings().map(|settings| card_attributes(&settings)).unwrap_or_default();
    for name in settings().iter().flat_map(attributes).chain(of_cards) {
        // A daemon that is ending forgets them by itself.
        let _ = Command::new("attrd_updater").args(["-D", "-n", &name]).output();
    }
    Ok(code)
}
