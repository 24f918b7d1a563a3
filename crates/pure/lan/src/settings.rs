//! What an operator can say, read from an agent's parameters.

use std::net::IpAddr;
use std::time::Duration;

use crate::{Card, Subnet};

/// Polling more often than this would take a busy moment for a failure; that is Serviceguard's least, too.
const POLLING_MIN: Duration = Duration::from_secs(1);

/// Serviceguard's most.
const POLLING_MAX: Duration = Duration::from_secs(30);

/// How a card's failure is seen, besides by its carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detection {
    /// By nothing else.
    Carrier,
    /// The counts of what came in and of what went out both stand still.
    ///
    /// Field word: NETWORK_FAILURE_DETECTION INOUT.
    InOut,
    /// Or what comes in alone does, while other cards of the wire hear something.
    ///
    /// Field word: INONLY_OR_INOUT.
    InOnlyOrInOut,
}

/// Another node's address on the subnet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its node; its silence counts only while that node is a member.
    pub node: String,
    /// Its stationary address.
    pub address: IpAddr,
}

/// How one wire is looked after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The card that has the addresses, then those that stand by, in the order in which they are taken.
    /// Invariant: not empty, and none twice.
    pub cards: Vec<Card>,
    /// The addresses of these subnets are looked after. Invariant: not empty.
    pub subnets: Vec<Subnet>,
    /// How failures are seen.
    pub detection: Detection,
    /// How often counts are read; 1 to 30 s.
    pub polling: Duration,
    /// Whether addresses go back by themselves to the first card when it works again.
    pub auto_failback: bool,
    /// Who should answer at the level of IP. One answer is enough.
    pub targets: Vec<IpAddr>,
    /// The same, where the other nodes are asked.
    pub peers: Vec<Peer>,
    /// How often they are asked; 1 to 300 s.
    pub ip_polling: Duration,
}

impl Settings {
    /// Reads the parameters of `ocf:quorate:lan`; `parameter` gives the value of one that is set.
    ///
    /// # Errors
    /// What is wrong with which parameter, in words.
    pub fn read(parameter: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let words = |name: &str| -> Vec<String> {
            let text = parameter(name).unwrap_or_default();
            text.split([' ', ',', '\n', '\t'])
                .filter(|word| !word.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let cards: Vec<Card> = words("interfaces").into_iter().map(Card::new).collect();
        for (at, card) in cards.iter().enumerate() {
            if cards.iter().take(at).any(|earlier| earlier == card) {
                return Err(format!("interfaces names {card} twice"));
            }
        }
        let subnets: Vec<Subnet> =
            words("subnets").iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
        for (name, is_missing) in
            [("interfaces", cards.is_empty()), ("subnets", subnets.is_empty())]
        {
            if is_missing {
                return Err(format!("parameter {name} is not set"));
            }
        }
        Ok(Self {
            cards,
            subnets,
            detection: detection(parameter("failure_detection").as_deref())?,
            polling: period("polling_interval", parameter("polling_interval"), 2, POLLING_MAX)?,
            auto_failback: yes("auto_failback", parameter("auto_failback"))?,
            targets: words("targets")
                .iter()
                .map(|word| ip("targets", word))
                .collect::<Result<_, _>>()?,
            peers: words("peers").iter().map(|word| peer(word)).collect::<Result<_, _>>()?,
            ip_polling: period(
                "ip_polling_interval",
                parameter("ip_polling_interval"),
                8,
                Duration::from_secs(300),
            )?,
        })
    }
}

fn detection(text: Option<&str>) -> Result<Detection, String> {
    match text.map(str::to_ascii_lowercase).as_deref() {
        None | Some("inout") => Ok(Detection::InOut),
        Some("inonly_or_inout") => Ok(Detection::InOnlyOrInOut),
        Some("carrier") => Ok(Detection::Carrier),
        Some(other) => {
            Err(format!("failure_detection is carrier, inout or inonly_or_inout, not {other}"))
        }
    }
}

fn period(
    name: &str,
    text: Option<String>,
    usual: u64,
    most: Duration,
) -> Result<Duration, String> {
    let Some(text) = text else { return Ok(Duration::from_secs(usual)) };
    let (least, longest) = (POLLING_MIN.as_secs(), most.as_secs());
    model::parse_interval(&text)
        .filter(|period| (POLLING_MIN..=most).contains(period))
        .ok_or_else(|| format!("{name} is a time from {least}s to {longest}s, not {text}"))
}

fn yes(name: &str, text: Option<String>) -> Result<bool, String> {
    match text.map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("yes" | "true" | "on" | "1") => Ok(true),
        Some("no" | "false" | "off" | "0") => Ok(false),
        Some(other) => Err(format!("{name} is yes or no, not {other}")),
    }
}

fn ip(name: &str, word: &str) -> Result<IpAddr, String> {
    word.parse().map_err(|_| format!("{name}: {word} is not an address"))
}

fn peer(word: &str) -> Result<Peer, String> {
    let (node, address) = word
        .split_once('=')
        .filter(|(node, _)| !node.is_empty())
        .ok_or_else(|| format!("peers: {word} is not NODE=ADDRESS"))?;
    Ok(Peer { node: node.to_owned(), address: ip("peers", address)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(set: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::read(|name| {
            set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    const LEAST: [(&str, &str); 2] = [("interfaces", "eth0 eth1"), ("subnets", "10.1.2.0")];

    #[test]
    fn what_is_not_said_is_as_in_serviceguard() {
        let settings = read(&LEAST).unwrap();
        assert_eq!(settings.cards, [Card::new("eth0"), Card::new("eth1")]);
        assert_eq!(settings.detection, Detection::InOut);
        assert_eq!(settings.polling, Duration::from_secs(2));
        assert_eq!(settings.ip_polling, Duration::from_secs(8));
        assert!(settings.auto_failback && settings.targets.is_empty() && settings.peers.is_empty());
    }

    #[test]
    fn each_wrong_value_is_named() {
        for (name, value, said) in [
            ("interfaces", "eth0 eth0", "interfaces names eth0 twice"),
            ("interfaces", " ", "parameter interfaces is not set"),
            ("subnets", "", "parameter subnets is not set"),
            (
                "failure_detection",
                "both",
                "failure_detection is carrier, inout or inonly_or_inout, not both",
            ),
            ("polling_interval", "500ms", "polling_interval is a time from 1s to 30s, not 500ms"),
            ("polling_interval", "often", "polling_interval is a time from 1s to 30s, not often"),
            ("auto_failback", "maybe", "auto_failback is yes or no, not maybe"),
            ("targets", "10.1.2.1 router", "targets: router is not an address"),
            ("peers", "10.1.2.1", "peers: 10.1.2.1 is not NODE=ADDRESS"),
            ("ip_polling_interval", "0", "ip_polling_interval is a time from 1s to 300s, not 0"),
        ] {
            let mut set = vec![(name, value)];
            set.extend(LEAST);
            assert_eq!(read(&set).unwrap_err(), said);
        }
    }
}
