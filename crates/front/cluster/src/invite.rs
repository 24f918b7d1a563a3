//! Tokens that are out: one file each, which is renamed when the token is used.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use corosync::Settings;

use crate::How;
use crate::hex::hex;
use crate::local;
use crate::nodes_file;
use crate::noise::DoorKey;
use crate::own::Own;
use crate::places::Places;
use crate::say;
use crate::services::{Service, Services};
use crate::steps::put;
use crate::token::{ID_BYTES, SECRET_BYTES, Token};
use crate::trouble::{Kind, Trouble};
use crate::words::Invite;

/// For how long a token is remembered after it expired, so that its holder is told why.
const REMEMBERED: i64 = 7 * 86_400;

/// `quorate cluster invite`.
pub(crate) fn run(how: &How, words: &Invite) -> Result<(), Trouble> {
    let places = Places::default();
    let own = Own::read(&places)?;
    let settings = Settings::of(&nodes_file::read(&places)?);
    let me = own_name(&settings)?;
    let addresses = nodes_file::addresses(&settings, &me);
    if words.changing.dry_run {
        let whom = addresses.join(" or ");
        say::out(&format!("make a token for one machine, good at {whom} port {}", own.port));
        return Ok(());
    }
    let token = make(&places, &own, addresses, words.good_for)?;
    let services = Services::new(&own, &places, how.socket.as_deref());
    if !services.runs(Service::Door) {
        say::talk("This machine's door is closed: `quorate cluster start` opens it.");
    }
    tell(how, &token, words.good_for);
    Ok(())
}

/// Says how the next machine joins.
pub(crate) fn tell(how: &How, token: &Token, good_for: Duration) {
    let token = token.encode();
    if how.json {
        let seconds = good_for.as_secs();
        return say::json(&serde_json::json!({ "token": token, "good_for_seconds": seconds }));
    }
    let minutes = good_for.as_secs().div_ceil(60);
    say::talk(&format!(
        "For one machine, within {}:",
        view::words::count(minutes as usize, "minute")
    ));
    say::out(&format!("quorate cluster join {token}"));
}

/// Which of the listed nodes this machine is: the one whose address it has.
pub(crate) fn own_name(settings: &Settings) -> Result<String, Trouble> {
    let is_here = |node: &&corosync::Node| {
        node.addresses.iter().any(|(_, address)| local::is_own(&address.value).is_ok())
    };
    let by_address = settings.nodes.iter().find(is_here);
    let host = local::name(None).ok();
    let by_name = || settings.nodes.iter().find(|node| Some(node.called()) == host.as_deref());
    by_address.or_else(by_name).map(|node| node.called().to_owned()).ok_or_else(|| {
        Trouble::refused("corosync.conf lists no node with an address of this machine")
            .help("`quorate cluster check` looks at it line by line.")
    })
}

/// Makes a token, and remembers it.
pub(crate) fn make(
    places: &Places,
    own: &Own,
    addresses: Vec<String>,
    good_for: Duration,
) -> Result<Token, Trouble> {
    let path = places.door_key();
    let text = fs::read_to_string(&path).map_err(|error| Trouble::read(&path, error))?;
    let key = DoorKey::parse(&text).ok_or_else(|| {
        Trouble::new(Kind::BadData, format!("{} is not a door's key", path.display()))
    })?;
    let (mut id, mut secret) = ([0; ID_BYTES], [0; SECRET_BYTES]);
    let made = crate::authkey::random(&mut id).and_then(|()| crate::authkey::random(&mut secret));
    made.map_err(|error| Trouble::new(Kind::Failed, format!("no random numbers: {error}")))?;
    let expires =
        local::clock().saturating_add(i64::try_from(good_for.as_secs()).unwrap_or(i64::MAX));
    let file = places.invitations().join(hex(&id));
    put(&file, format!("{} {expires}\n", hex(&secret)).as_bytes(), 0o600)
        .map_err(|error| Trouble::write(&file, &error))?;
    forget_old(places);
    Ok(Token { id, secret, door: key.public, port: own.port, addresses })
}

/// A token that was shown and is good.
#[derive(Debug)]
pub(crate) struct Invitation {
    path: PathBuf,
}

/// Why a token lets nobody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoEntry {
    Unknown,
    Used,
    Expired { since: i64 },
}

/// Looks for the token that is shown.
pub(crate) fn find(
    places: &Places,
    id: &str,
    secret: &str,
    now: i64,
) -> Result<Invitation, NoEntry> {
    let is_id = id.len() == 2 * ID_BYTES && id.chars().all(|c| c.is_ascii_hexdigit());
    if !is_id {
        return Err(NoEntry::Unknown);
    }
    let path = places.invitations().join(id);
    let used = path.with_extension("used");
    let (text, was_used) = match fs::read_to_string(&path) {
        Ok(text) => (text, false),
        Err(_) => (fs::read_to_string(&used).map_err(|_| NoEntry::Unknown)?, true),
    };
    let mut words = text.split_whitespace();
    let known = words.next().unwrap_or_default();
    if !same(known, secret) {
        return Err(NoEntry::Unknown);
    }
    if was_used {
        return Err(NoEntry::Used);
    }
    let expires = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    if now >= expires {
        return Err(NoEntry::Expired { since: now - expires });
    }
    Ok(Invitation { path })
}

impl Invitation {
    /// Takes the token back: of all who show it, one succeeds.
    pub(crate) fn take(&self) -> Result<(), NoEntry> {
        fs::rename(&self.path, self.path.with_extension("used")).map_err(|_| NoEntry::Used)
    }

    /// Who showed it was not let in after all.
    pub(crate) fn give_back(&self) {
        let _lost = fs::rename(self.path.with_extension("used"), &self.path);
    }
}

/// Compares in the same time whatever the words are.
fn same(known: &str, shown: &str) -> bool {
    known.len() == shown.len()
        && known.len() == 2 * SECRET_BYTES
        && known.bytes().zip(shown.bytes()).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn forget_old(places: &Places) {
    let now = local::clock();
    for entry in fs::read_dir(places.invitations()).into_iter().flatten().flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let expires: i64 =
            text.split_whitespace().nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
        if now - expires > REMEMBERED {
            let _tried_again_next_time = fs::remove_file(entry.path());
        }
    }
}
