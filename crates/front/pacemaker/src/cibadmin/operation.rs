//! What changes do to a document, and to its version.

use cib::edit::{self, Applied, Edit, Place, Refused as EditRefused};
use cib::patch::PatchError;
use cib::schema::{self, Schema};
use cib::upgrade::{NotUpgraded, upgrade};
use cib::{Document, Section, Version};
use transition::record::FEATURE_SET;

use crate::exit::Exit;

/// What is worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    All,
    Section(Section),
    XPath(String),
    /// A section that there is not.
    Nowhere,
}

/// A change.
#[derive(Clone, Debug)]
pub(super) enum Operation {
    Upgrade,
    Erase,
    Bump,
    Create(Document),
    /// And whether to add what is not there.
    Modify(Document, bool),
    Patch(Document),
    Replace(Document),
    /// What is like this, or what the target selects: the first, or all.
    Delete(Option<Document>, bool),
}

/// What a change came to.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) after: Document,
    pub(super) refused: Option<Refused>,
    pub(super) remark: Option<String>,
    /// What an upgrade dropped, in words.
    pub(super) dropped: Vec<String>,
}

impl Done {
    pub(super) fn plain(after: Document) -> Self {
        Self { after, refused: None, remark: None, dropped: Vec::new() }
    }
}

/// Why a change was not made.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) exit: Exit,
    /// In Pacemaker's words.
    pub(super) why: &'static str,
    /// In ours, a line each.
    pub(super) details: Vec<String>,
    /// What could not be added, as Pacemaker shows it.
    pub(super) failed: Option<Box<Document>>,
}

impl Refused {
    fn new(exit: Exit, why: &'static str, details: Vec<String>) -> Self {
        Self { exit, why, details, failed: None }
    }

    fn invalid(details: Vec<String>) -> Self {
        Self::new(Exit::Config, "Update does not conform to the configured schema", details)
    }

    fn old() -> Self {
        Self::new(Exit::Old, "Update was older than existing configuration", Vec::new())
    }

    fn missing(detail: String) -> Self {
        Self::new(Exit::NoSuch, "No such device or address", vec![detail])
    }
}

/// A document without anything in it.
pub(super) fn empty(schema: Option<&str>) -> Document {
    let newest = Schema::NEWEST.to_string();
    let mut made = Document::empty_cib(FEATURE_SET, schema.unwrap_or(&newest));
    made.set_version(Version { epoch: 1, ..Version::default() });
    made
}

/// Makes a change to a copy of `before`.
pub(super) fn perform(
    before: &Document,
    target: &Target,
    operation: &Operation,
) -> Result<Done, Refused> {
    let plain = |after| Ok(Done::plain(after));
    let old = before.version().unwrap_or_default();
    match operation {
        Operation::Upgrade => upgraded(before, old),
        Operation::Erase => plain(erased(before, old)),
        Operation::Bump => {
            let raised = Version { epoch: old.epoch.saturating_add(1), ..old };
            plain(with_version(before.clone(), raised.after_status_change()))
        }
        Operation::Replace(whole) if is_whole(target, whole) => {
            plain(replaced(before, old, whole)?)
        }
        Operation::Modify(input, _) if input.root().is("cib") => plain(modified(before, input)?),
        Operation::Delete(..)
        | Operation::Create(_)
        | Operation::Modify(..)
        | Operation::Patch(_)
        | Operation::Replace(_) => {
            let Some(edit) = edit(target, operation) else {
                return Err(Refused::missing("there is no such section".to_owned()));
            };
            match edit::apply(before, &[edit]) {
                Ok(Applied { document, .. }) => plain(counted_patch(document, operation, old)),
                Err(refused) => explain(refused, operation, before),
            }
        }
    }
}

/// A patchset that leads to a later epoch is counted as an update there.
fn counted_patch(document: Document, operation: &Operation, old: Version) -> Document {
    let new = document.version().unwrap_or_default();
    let leads_on = matches!(operation, Operation::Patch(input) if input.root().path(&["version", "target"]).is_some());
    if leads_on && new > old { with_version(document, new.after_status_change()) } else { document }
}

fn edit(target: &Target, operation: &Operation) -> Option<Edit> {
    let place = match target {
        Target::All => Place::Section(Section::Cib),
        Target::Section(section) => Place::Section(*section),
        Target::XPath(xpath) => Place::XPath(xpath.clone()),
        Target::Nowhere => return None,
    };
    Some(match operation {
        Operation::Create(input) => Edit::Create { place, xml: input.to_string() },
        Operation::Modify(input, or_create) => {
            Edit::Modify { place, xml: input.to_string(), or_create: *or_create }
        }
        Operation::Replace(input) => Edit::Replace { place, xml: section_of(input, target) },
        Operation::Patch(input) => Edit::Patch { xml: input.to_string() },
        Operation::Delete(Some(input), _) => Edit::DeleteLike { place, xml: input.to_string() },
        Operation::Delete(None, all) => match place {
            Place::XPath(xpath) => Edit::Delete { xpath, all: *all },
            Place::Section(_) => return None,
        },
        Operation::Upgrade | Operation::Erase | Operation::Bump => return None,
    })
}

/// Of a whole document, only the section that is to be replaced counts.
fn section_of(input: &Document, target: &Target) -> String {
    let part = match target {
        Target::Section(section) if input.root().is("cib") => input.section(*section),
        Target::Section(_) | Target::All | Target::XPath(_) | Target::Nowhere => None,
    };
    part.map_or_else(|| input.to_string(), |part| part.to_string())
}

fn is_whole(target: &Target, input: &Document) -> bool {
    *target == Target::All && input.root().is("cib")
}

fn with_version(mut document: Document, version: Version) -> Document {
    document.set_version(version);
    document
}

/// The whole document becomes another one, if that is not older.
fn replaced(before: &Document, old: Version, whole: &Document) -> Result<Document, Refused> {
    let mut after = whole.clone();
    let given = after.version().map_err(|error| Refused::invalid(vec![error.to_string()]))?;
    if given < old {
        return Err(Refused::old());
    }
    after.section_or_new(Section::Status);
    check(&after)?;
    let part =
        |document: &Document| document.section(Section::Configuration).map(|part| part.to_string());
    let same_epoch = (given.admin_epoch, given.epoch) == (old.admin_epoch, old.epoch);
    let version = if same_epoch && part(before) != part(&after) {
        given.after_configuration_change()
    } else {
        given.after_status_change()
    };
    Ok(with_version(after, version))
}

/// Sets attributes of the root, which may be its counters, and what is given of the rest.
fn modified(before: &Document, input: &Document) -> Result<Document, Refused> {
    let place = Place::Section(Section::Cib);
    let edit = Edit::Modify { place, xml: input.to_string(), or_create: false };
    let old = before.version().unwrap_or_default();
    let applied = edit::apply(before, &[edit]).or_else(|refused| {
        explain(refused, &Operation::Bump, before)
            .map(|done| Applied { document: done.after, changed: edit::Changed::Nothing })
    })?;
    let counter = |name: &str, old: u32| {
        let value = input.root().attr(name)?;
        edit::counted(name, Some(&old.to_string()), value)?.parse().ok().or(Some(old))
    };
    let wanted = |name: &str, old: u32| {
        let written = input.root().attr(name).and_then(|value| value.parse().ok());
        written.or_else(|| counter(name, old)).unwrap_or(old)
    };
    let given = Version {
        admin_epoch: wanted("admin_epoch", old.admin_epoch),
        epoch: wanted("epoch", old.epoch),
        num_updates: wanted("num_updates", old.num_updates),
    };
    let same_epoch = (given.admin_epoch, given.epoch) == (old.admin_epoch, old.epoch);
    let after = applied.document;
    if same_epoch {
        // The name of another schema is no change of the configuration, in a file.
        let is_renamed =
            applied.changed == edit::Changed::Configuration && same_configuration(before, &after);
        return Ok(if is_renamed { with_version(after, old.after_status_change()) } else { after });
    }
    Ok(with_version(after, given.after_status_change()))
}

fn erased(before: &Document, old: Version) -> Document {
    let mut after = before.clone();
    let root = after.root().id();
    after.clear(root);
    let nothing = empty(None);
    nothing.root().children().for_each(|part| {
        after.append_copy(root, part);
    });
    let Version { admin_epoch, epoch, .. } = old;
    let raised = Version {
        admin_epoch: admin_epoch.saturating_add(1),
        epoch: epoch.saturating_add(1),
        num_updates: 0,
    };
    with_version(after, raised)
}

fn upgraded(before: &Document, old: Version) -> Result<Done, Refused> {
    let mut after = before.clone();
    let unneeded = || Done {
        remark: Some("Upgrade unnecessary: Schema is already the latest available".to_owned()),
        ..Done::plain(before.clone())
    };
    match upgrade(&mut after) {
        Ok(upgraded) if upgraded.from < upgraded.to => {
            // The counters of Pacemaker 3.0.2: one of more than the schema's name counts.
            let (epoch, num_updates) =
                if same_configuration(before, &after) { (1, 2) } else { (2, 0) };
            let admin_epoch = old.admin_epoch.saturating_add(1);
            let version = Version { admin_epoch, epoch, num_updates };
            Ok(Done { dropped: upgraded.dropped, ..Done::plain(with_version(after, version)) })
        }
        Ok(_) => {
            check(before)?;
            Ok(unneeded())
        }
        Err(refused) => {
            let mut details = vec![refused.to_string()];
            if let NotUpgraded::Invalid { violations, .. } | NotUpgraded::Stuck { violations, .. } =
                &refused
            {
                details.extend(violations.iter().map(ToString::to_string));
            }
            Err(Refused::invalid(details))
        }
    }
}

fn same_configuration(a: &Document, b: &Document) -> bool {
    let configuration = |document| Document::section(document, Section::Configuration);
    match (configuration(a), configuration(b)) {
        (Some(a), Some(b)) => a.same_as(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}

fn check(document: &Document) -> Result<(), Refused> {
    let violations = schema::check(document).violations;
    if violations.is_empty() {
        return Ok(());
    }
    Err(Refused::invalid(violations.iter().map(ToString::to_string).collect()))
}

/// What Pacemaker says of a change that cannot be made.
fn explain(
    refused: EditRefused,
    operation: &Operation,
    before: &Document,
) -> Result<Done, Refused> {
    let details = vec![refused.to_string()];
    Err(match refused {
        EditRefused::NotFound { .. } => match operation {
            // Who wants it gone is content.
            Operation::Delete(..) => {
                return Ok(Done::plain(before.clone()));
            }
            Operation::Upgrade
            | Operation::Erase
            | Operation::Bump
            | Operation::Create(_)
            | Operation::Modify(..)
            | Operation::Patch(_)
            | Operation::Replace(_) => Refused::missing(details.concat()),
        },
        EditRefused::XPath(_) => Refused::missing(details.concat()),
        EditRefused::Exists { .. } => {
            let mut refused = Refused::new(Exit::Exists, "File exists", Vec::new());
            if let Operation::Create(input) = operation {
                refused.failed = Some(Box::new(failed(input, "cib_create", "File exists")));
            }
            refused
        }
        EditRefused::Patch(PatchError::OtherSource { .. } | PatchError::NotNewer { .. }) => {
            Refused::old()
        }
        EditRefused::Patch(PatchError::Unreadable(_) | PatchError::Malformed { .. })
        | EditRefused::Unreadable(_)
        | EditRefused::WrongElement { .. }
        | EditRefused::WholeDocument => Refused::new(Exit::Software, "Invalid argument", details),
        EditRefused::Patch(PatchError::OtherDigest { .. }) => {
            Refused::new(Exit::Digest, "Digest does not match expected value", details)
        }
        EditRefused::Patch(PatchError::NotFound { .. } | PatchError::OtherRoot) => {
            Refused::new(Exit::Error, "Application of update diff failed", details)
        }
        EditRefused::Version(_) | EditRefused::TooDeep | EditRefused::Invalid { .. } => {
            Refused::invalid(details)
        }
    })
}

/// The elements that could not be added, in the form in which clients expect them.
fn failed(input: &Document, operation: &str, reason: &str) -> Document {
    let mut made = Document::new("failed");
    let root = made.root().id();
    let update = made.append(root, "failed_update");
    let element = input.root();
    made.set(update, "id", element.attr("id").unwrap_or_default());
    made.set(update, "object-type", element.name());
    made.set(update, "operation", operation);
    made.set(update, "reason", reason);
    made.append_copy(update, element);
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document() -> Document {
        Document::parse(
            "<cib validate-with='pacemaker-4.0' admin_epoch='0' epoch='10' num_updates='9'>\
             <configuration><crm_config/><nodes><node id='1' uname='n1'/></nodes><resources/>\
             <constraints/></configuration><status/></cib>",
        )
        .unwrap()
    }

    fn done(target: Target, operation: Operation) -> Result<String, Exit> {
        match perform(&document(), &target, &operation) {
            Ok(done) => Ok(done.after.version().unwrap().to_string()),
            Err(refused) => Err(refused.exit),
        }
    }

    fn xml(text: &str) -> Document {
        Document::parse(text).unwrap()
    }

    #[test]
    fn each_change_raises_the_version_as_pacemaker_does() {
        let node = "<node id='2' uname='n2'/>";
        let nodes = || Target::Section(Section::Nodes);
        assert_eq!(done(nodes(), Operation::Create(xml(node))).as_deref(), Ok("0.11.0"));
        assert_eq!(done(Target::All, Operation::Bump).as_deref(), Ok("0.11.10"));
        assert_eq!(done(Target::All, Operation::Erase).as_deref(), Ok("1.11.0"));
        let raise = xml("<cib admin_epoch='admin_epoch++'/>");
        assert_eq!(done(Target::All, Operation::Modify(raise, false)).as_deref(), Ok("1.10.10"));
        let whole = document();
        assert_eq!(done(Target::All, Operation::Replace(whole)).as_deref(), Ok("0.10.10"));
        let gone = Operation::Delete(Some(xml("<node id='7'/>")), false);
        assert_eq!(done(Target::All, gone).as_deref(), Ok("0.10.9"));
    }

    #[test]
    fn refusals_have_pacemakers_codes() {
        let node = xml("<node id='1' uname='n1'/>");
        let nodes = Target::Section(Section::Nodes);
        assert_eq!(done(nodes.clone(), Operation::Create(node)), Err(Exit::Exists));
        let other = xml("<node id='7' uname='n7'/>");
        assert_eq!(done(nodes, Operation::Modify(other, false)), Err(Exit::NoSuch));
        let strange = Operation::Create(xml("<strange id='7'/>"));
        assert_eq!(done(Target::Section(Section::Nodes), strange), Err(Exit::Config));
        let mut older = document();
        older.set_version(Version { epoch: 9, ..Version::default() });
        assert_eq!(done(Target::All, Operation::Replace(older)), Err(Exit::Old));
        assert_eq!(done(Target::Nowhere, Operation::Create(xml("<a/>"))), Err(Exit::NoSuch));
    }
}
