//! Constraints: `from` and `to` have names that say what they mean.

use cib::NodeId;

use super::Work;

pub(super) fn renew(work: &mut Work) {
    for order in work.all(&["rsc_order"]) {
        self::order(work, order);
    }
    for together in work.all(&["rsc_colocation"]) {
        for (from, to) in [
            ("from", "rsc"),
            ("to", "with-rsc"),
            ("from_role", "rsc-role"),
            ("to_role", "with-rsc-role"),
        ] {
            work.rename_attribute(together, from, to);
        }
        role(work, together, "rsc-role");
        role(work, together, "with-rsc-role");
        // Score and roles say the same of both.
        work.document.unset(together, "symmetrical");
    }
    for rule in work.all(&["rule"]) {
        work.rename_attribute(rule, "boolean_op", "boolean-op");
        work.rename_attribute(rule, "score_attribute", "score-attribute");
        role(work, rule, "role");
    }
}

/// Roles were read in any case.
pub(super) fn role(work: &mut Work, element: NodeId, attribute: &str) {
    let said = work.attr(element, attribute).map(|word| word.to_lowercase());
    let known = ["Stopped", "Started", "Master", "Slave"];
    let role = known.into_iter().find(|role| said.as_deref() == Some(&role.to_lowercase()));
    work.set_if(element, attribute, role.map(str::to_owned));
}

/// `action FROM type to_action TO`, where `type` is `after` unless it is said; each action is `start`, and the second
/// one is as the first.
fn order(work: &mut Work, order: NodeId) {
    let from = (work.take(order, "from"), work.take(order, "action"));
    let to = (work.take(order, "to"), work.take(order, "to_action").or_else(|| from.1.clone()));
    let is_before = work.take(order, "type").as_deref() == Some("before");
    let (first, then) = if is_before { (from, to) } else { (to, from) };
    work.set_if(order, "first", first.0);
    work.set_if(order, "then", then.0);
    work.set_if(order, "first-action", first.1);
    work.set_if(order, "then-action", then.1);
    if work.at(order).attr("score").is_none() {
        work.document.set(order, "score", "INFINITY");
    }
}
