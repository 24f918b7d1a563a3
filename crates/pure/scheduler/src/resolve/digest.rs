//! Whether the parameters of an operation have changed since it ran.
//!
//! The record of an operation has up to three digests: of all its parameters, of those that are
//! not secret, and of those whose change needs a restart rather than a reload.
//!
//! Field word: Pacemaker *operation digest*.

use std::collections::BTreeMap;

use agent::digest::Parameters as Hashed;
use cib::Element;

use super::types::{NodeIx, ResIx, Resolved, Resource};
use crate::assign::table_order;
use crate::rules::versions;

/// Secret parameters where no record says which are.
const SECRET_BY_DEFAULT: &str = " passwd password user ";

/// From this feature set on, the digest without secrets covers the operation's parameters too.
const SECURE_COVERS_OPERATION: &str = "3.16.0";

/// The task that stands for unfencing: its digest is that of a fence device's parameters.
const UNFENCING_TASK: &str = "stonith-on";

/// An operation's digests as its configuration is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationDigests {
    pub all: String,
    /// Without secret parameters, where asked for.
    pub secure: Option<String>,
    /// Of what cannot be reloaded, where the record has one.
    pub restart: Option<String>,
    /// The operation runs once and has parameters of its own.
    pub own_parameters: bool,
}

/// What a comparison with the record comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestVerdict {
    Match,
    /// Something changed; a reload may do.
    Mismatch,
    /// Something changed that needs a restart.
    Restart,
    /// The record has no digest.
    Unknown,
}

/// A verdict, and whether it is about secrets only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DigestComparison {
    pub verdict: DigestVerdict,
    /// All that changed is secret; simulations of documents without their secrets say so.
    pub only_private_changed: bool,
}

/// An action whose parameters are to be hashed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digested<'d, 'a> {
    pub(crate) resource: ResIx,
    pub(crate) node: NodeIx,
    pub(crate) task: &'d str,
    pub(crate) interval_ms: u64,
    pub(crate) record: Option<Element<'a>>,
    /// The host's name, for a connection to a bundle's replica that has no address.
    pub(crate) address: Option<&'d str>,
}

/// A record to be compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Recorded<'a> {
    pub(crate) element: Element<'a>,
    /// It is of a recurring operation whose failure has expired: run it anew.
    pub(crate) reschedule: bool,
}

/// The record of each operation that was compared first.
///
/// Compatibility: which parameters need a restart, and which are secret, is taken from that one for
/// all records of the operation on the node, as Pacemaker caches its digests.
#[derive(Clone, Debug, Default)]
pub(crate) struct DigestBases<'a>(BTreeMap<(ResIx, NodeIx, &'a str, u64), Element<'a>>);

type Parameters = BTreeMap<String, String>;

/// What an operation's digests are made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    pub all: Fingerprint,
    /// Without secret parameters.
    pub secure: Fingerprint,
    /// Of what cannot be reloaded, where the record has one.
    pub restart: Option<Fingerprint>,
}

/// A digest, and the parameters in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    pub digest: String,
    pub parameters: Vec<(String, String)>,
}

/// An operation whose digests somebody wants to see.
#[derive(Clone, Copy, Debug)]
pub struct Examined<'e> {
    pub resource: ResIx,
    pub node: NodeIx,
    pub task: &'e str,
    pub interval_ms: u64,
    /// The operation's record, if it has one.
    pub record: Option<Element<'e>>,
    /// Parameters that count instead of what is configured.
    pub overrides: &'e [(String, String)],
}

impl<'a> Resolved<'a> {
    /// Compares a recorded operation with what is configured now. `bases` remembers which record
    /// of an operation was compared first.
    pub(crate) fn compare_digest(
        &self,
        resource: ResIx,
        node: NodeIx,
        record: Recorded<'a>,
        address: Option<&str>,
        bases: &mut DigestBases<'a>,
    ) -> DigestComparison {
        let Recorded { element: record, reschedule } = record;
        let interval_ms = record.attr("interval").and_then(|text| text.parse().ok()).unwrap_or(0);
        let task = record.attr("operation").unwrap_or("");
        let basis = *bases.0.entry((resource, node, task, interval_ms)).or_insert(record);
        let (all, restart) = (record.attr("op-digest"), record.attr("op-restart-digest"));
        let recorded_secure = record.attr("op-secure-digest").filter(|_| self.sanitized);
        if !reschedule && all.is_none() && restart.is_none() && recorded_secure.is_none() {
            // There is nothing to compare with.
            let verdict = DigestVerdict::Unknown;
            return DigestComparison { verdict, only_private_changed: false };
        }
        let digested = Digested { resource, node, task, interval_ms, record: Some(basis), address };
        let digests = self.digests(digested, recorded_secure.is_some());
        let restart_differs = match (&digests.restart, restart) {
            (restart, _) if reschedule => basis == record || restart.is_some(),
            (Some(now), Some(then)) => now != then,
            (None, _) | (_, None) => false,
        };
        let verdict = match all {
            _ if restart_differs => DigestVerdict::Restart,
            None => DigestVerdict::Unknown,
            Some(then) if then == digests.all => DigestVerdict::Match,
            Some(_) if digests.own_parameters => DigestVerdict::Restart,
            Some(_) => DigestVerdict::Mismatch,
        };
        let only_private_changed = verdict != DigestVerdict::Match
            && recorded_secure.is_some()
            && recorded_secure == digests.secure.as_deref();
        DigestComparison { verdict, only_private_changed }
    }

    /// The digests of a fence device's parameters, for unfencing `node`.
    pub fn fencing_digests(&self, device: ResIx, node: NodeIx) -> OperationDigests {
        let digested = Digested {
            resource: device,
            node,
            task: UNFENCING_TASK,
            interval_ms: 0,
            record: None,
            address: None,
        };
        self.digests(digested, true)
    }

    /// What an operation's digests are made of.
    pub fn fingerprints(&self, examined: &Examined<'a>) -> Fingerprints {
        let Examined { resource, node, task, interval_ms, record, overrides } = *examined;
        let action = Digested { resource, node, task, interval_ms, record, address: None };
        let mut own = self.parameters_of_resource(action);
        let (mut all, _own_parameters) = self.parameters_of_action(action, own.clone());
        for (name, value) in overrides {
            all.insert(name.clone(), value.clone());
            own.insert(name.clone(), value.clone());
        }
        let is_override = |name: &&String| overrides.iter().any(|(known, _)| known == *name);
        let (first, then): (Vec<&String>, Vec<&String>) = all.keys().partition(is_override);
        let as_shown = |names: Vec<&String>| {
            table_order::sort(names.into_iter().map(|name| (name.clone(), name.as_str())))
        };
        let order = [as_shown(first), as_shown(then)].concat();
        let fingerprint = |counted: &Hashed<'_>, values: &Parameters| {
            // A timeout is taken out and put back.
            let (late, early): (Vec<&String>, Vec<&String>) = order
                .iter()
                .filter(|name| counted.has(name))
                .partition(|name| *name == agent::digest::TIMEOUT);
            let pair = |name: &String| Some((name.clone(), values.get(name)?.clone()));
            Fingerprint {
                digest: counted.digest(),
                parameters: early.into_iter().chain(late).filter_map(pair).collect(),
            }
        };
        let (secure, secret) = self.secure_parameters(self.resource(resource), record, &all, own);
        Fingerprints {
            secure: fingerprint(&hashed(&secure).without(secret), &secure),
            restart: restart_parameters(record, &all).map(|counted| fingerprint(&counted, &all)),
            all: fingerprint(&hashed(&all), &all),
        }
    }

    /// The digests of an action's parameters.
    pub(crate) fn digests(&self, action: Digested<'_, 'a>, secure: bool) -> OperationDigests {
        let resource = self.resource(action.resource);
        let own = self.parameters_of_resource(action);
        let (all, own_parameters) = self.parameters_of_action(action, own.clone());
        OperationDigests {
            secure: secure.then(|| self.secure_digest(resource, action.record, &all, own)),
            restart: restart_parameters(action.record, &all).map(|counted| counted.digest()),
            all: hashed(&all).digest(),
            own_parameters,
        }
    }

    /// All parameters of an action, and whether it runs once and has some of its own.
    fn parameters_of_action(
        &self,
        action: Digested<'_, 'a>,
        of_resource: Parameters,
    ) -> (Parameters, bool) {
        let resource = self.resource(action.resource);
        let mut all = of_resource;
        if let Some(address) = action.address {
            all.insert("addr".to_owned(), address.to_owned());
        }
        let operation = resource.operation(action.task, action.interval_ms, true);
        let of_operation = self.operation_parameters(operation, Some(action.node));
        let own_parameters = action.interval_ms == 0 && !of_operation.is_empty();
        for (name, value) in of_operation {
            all.entry(name.into_owned()).or_insert_with(|| value.into_owned());
        }
        if action.interval_ms > 0 {
            let node = Some(action.node);
            let (task, interval_ms) = (action.task, action.interval_ms);
            let meta = self.action_meta(action.resource, node, task, interval_ms, operation);
            if let Some(timeout) = meta.get("timeout") {
                all.insert("CRM_meta_timeout".to_owned(), timeout.clone().into_owned());
                all.insert("CRM_meta_interval".to_owned(), interval_ms.to_string());
            }
        }
        (all, own_parameters)
    }

    fn parameters_of_resource(&self, action: Digested<'_, 'a>) -> Parameters {
        let parameters = self.parameters(action.resource, Some(action.node));
        parameters
            .into_iter()
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect()
    }

    fn secure_digest(
        &self,
        resource: &Resource<'_>,
        record: Option<Element<'_>>,
        all: &Parameters,
        own: Parameters,
    ) -> String {
        let (parameters, secret) = self.secure_parameters(resource, record, all, own);
        hashed(&parameters).without(secret).digest()
    }

    /// What counts where secrets do not, and the names of what is secret.
    fn secure_parameters<'r>(
        &self,
        resource: &Resource<'_>,
        record: Option<Element<'r>>,
        all: &Parameters,
        own: Parameters,
    ) -> (Parameters, &'r str) {
        let features = record
            .and_then(|record| record.attr("crm_feature_set"))
            .or_else(|| self.document.root().attr("crm_feature_set"));
        let is_old =
            features.is_some_and(|features| versions(features, SECURE_COVERS_OPERATION).is_lt());
        let mut parameters = if is_old { own } else { all.clone() };
        let secret = match record {
            Some(record) => record.attr("op-secure-params").unwrap_or(""),
            None => SECRET_BY_DEFAULT,
        };
        parameters.remove("CRM_meta_interval");
        if is_old && resource.flags.fence_device {
            parameters.retain(|name, _| !is_fencing_parameter(name));
        }
        (parameters, secret)
    }
}

fn hashed(parameters: &Parameters) -> Hashed<'_> {
    Hashed::of_action(parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// Some recorded operations say which parameters need a restart.
fn restart_parameters<'p>(record: Option<Element<'_>>, all: &'p Parameters) -> Option<Hashed<'p>> {
    let record = record?;
    record.attr("op-restart-digest")?;
    let reloadable = hashed(all);
    Some(match record.attr("op-force-restart") {
        Some(listed) => reloadable.only(listed),
        None => reloadable,
    })
}

/// Parameters of fence devices that the cluster reads itself.
fn is_fencing_parameter(name: &str) -> bool {
    const KNOWN: [&str; 9] = [
        "provides",
        "stonith-timeout",
        "pcmk_action_limit",
        "pcmk_delay_base",
        "pcmk_delay_max",
        "pcmk_host_argument",
        "pcmk_host_check",
        "pcmk_host_list",
        "pcmk_host_map",
    ];
    let about_action = name.strip_prefix("pcmk_").and_then(|rest| rest.split_once('_'));
    KNOWN.contains(&name)
        || about_action.is_some_and(|(_, what)| matches!(what, "action" | "timeout" | "retries"))
}
