//! Where the document is that a command works on: in the running cluster, or in the file that
//! `CIB_file` names in its place, for trying out.

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cib::patch::diff;
use cib::{Document, Element, Section};
use client::{Client, ClientError, socket_path};
use wire::api::{Change, Cluster, Edit, Manner, Refused, Request};

use crate::call::{Call, Trouble};
use crate::roles;
use crate::seen::World;

/// Longer than nodes take to agree.
const PATIENCE: Duration = Duration::from_secs(30);
/// Somebody else changed the document meanwhile: so often it is tried again.
const ATTEMPTS_MAX: usize = 8;

pub(crate) enum Home {
    File(PathBuf),
    Cluster(Client),
    /// A copy, on which a preview is made.
    Paper(RefCell<Document>, Option<Box<Cluster>>),
}

/// The document as it was found, and what is around it.
pub(crate) struct Found {
    pub(crate) document: Document,
    pub(crate) cluster: Option<Cluster>,
}

/// So long it is waited for what should come at once, and looked so often.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(50);

impl Home {
    pub(crate) fn find() -> Self {
        match std::env::var_os("CIB_file").filter(|path| !path.is_empty()) {
            Some(path) => Self::File(path.into()),
            None => Self::Cluster(Client::new(socket_path(None), PATIENCE)),
        }
    }

    /// A copy of what there is.
    fn on_paper(&self) -> Result<Self, Trouble> {
        let Found { document, cluster } = self.read()?;
        Ok(Self::Paper(RefCell::new(document), cluster.map(Box::new)))
    }

    /// With `-t` nothing is changed but a copy.
    pub(crate) fn for_call(self, call: &Call) -> Result<Self, Trouble> {
        if call.has('t') { self.on_paper() } else { Ok(self) }
    }

    /// Whether anything follows of a change.
    pub(crate) fn is_running(&self) -> bool {
        matches!(self, Self::Cluster(_))
    }

    pub(crate) fn read(&self) -> Result<Found, Trouble> {
        let (text, cluster) = match self {
            Self::Paper(document, cluster) => {
                let cluster = cluster.as_deref().cloned();
                return Ok(Found { document: document.borrow().clone(), cluster });
            }
            Self::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    Trouble::new(format!("Unable to read {}: {error}", path.display()))
                })?;
                (text, None)
            }
            Self::Cluster(client) => {
                let snapshot = client.document().map_err(trouble)?;
                (snapshot.xml, Some(snapshot.cluster))
            }
        };
        let document = Document::parse(&text).map_err(|error| Trouble::new(error.to_string()))?;
        Ok(Found { document, cluster })
    }

    /// Changes the configuration by `edit`, which is called again if somebody else was quicker.
    pub(crate) fn edit(&self, edit: impl Fn(&mut Document)) -> Result<(), Trouble> {
        self.edit_if(|document| {
            edit(document);
            Ok(())
        })
    }

    /// The same of an edit that may find that it cannot be: then nothing is changed.
    pub(crate) fn edit_if(
        &self,
        edit: impl Fn(&mut Document) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        for _ in 0..ATTEMPTS_MAX {
            let before = self.read()?.document;
            let mut after = before.clone();
            edit(&mut after)?;
            let client = match self {
                Self::File(_) | Self::Paper(..) => return self.save(&after),
                Self::Cluster(client) => client,
            };
            let Ok(patchset) = diff(&before, &after) else { return Ok(()) };
            if patchset.is_empty() {
                return Ok(());
            }
            let xml = patchset.without_version().to_document().to_string();
            let based_on = before.version().ok().map(|version| version.to_string());
            let change = Change::Edit { edits: vec![Edit::Patch { xml }] };
            match ask(client, &Request::Change { change, force: false, based_on }) {
                Err(ClientError::Refused(Refused::Stale { .. })) => {}
                other => return other.map_err(trouble),
            }
        }
        Err(Trouble::new("Somebody else keeps changing the configuration; try again"))
    }

    /// Sets a node attribute that passes with the node's life, or takes it away.
    pub(crate) fn attribute(
        &self,
        node: &str,
        name: &str,
        value: Option<&str>,
    ) -> Result<(), Trouble> {
        match self {
            Self::Cluster(_) => self.change(Change::Attribute {
                node: node.to_owned(),
                name: name.to_owned(),
                value: value.map(str::to_owned),
                manner: Manner::default(),
            }),
            Self::File(_) | Self::Paper(..) => {
                let mut document = self.read()?.document;
                set_passing(&mut document, node, name, value);
                self.save(&document)
            }
        }
    }

    /// Forgets the failures of a resource on a node.
    pub(crate) fn cleanup(&self, resource: &str, node: &str) -> Result<(), Trouble> {
        match self {
            Self::Cluster(_) => self.change(Change::Cleanup {
                resource: Some(resource.to_owned()),
                node: Some(node.to_owned()),
            }),
            Self::File(_) | Self::Paper(..) => {
                let mut document = self.read()?.document;
                forget_failures(&mut document, resource, node);
                self.save(&document)
            }
        }
    }

    pub(crate) fn change(&self, change: Change) -> Result<(), Trouble> {
        let Self::Cluster(client) = self else {
            return Err(Trouble::new("Only a running cluster can do that"));
        };
        let request = Request::Change { change, force: false, based_on: None };
        ask(client, &request).map_err(trouble)
    }

    /// What there is once `is_there`. What may be about to be is waited for as long as something is under way, and not for
    /// long: a cluster that cannot fence a node is never idle.
    pub(crate) fn read_when(&self, is_there: impl Fn(&World) -> bool) -> Result<World, Trouble> {
        let begun = Instant::now();
        loop {
            let world = World::read(self)?;
            if is_there(&world) || !world.is_busy || begun.elapsed() > GRACE {
                return Ok(world);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the cluster has done what follows of a change.
    pub(crate) fn wait(&self) -> Result<(), Trouble> {
        /// A package may take as long as its scripts; after this it is said that it still does.
        const LONG: Duration = Duration::from_secs(3600);
        match self {
            Self::File(_) | Self::Paper(..) => Ok(()),
            Self::Cluster(client) => {
                client.wait_idle(LONG).map_err(trouble)?;
                self.wait_settled(client, LONG)
            }
        }
    }

    /// A plan that was made before the change, and heard of after it, says that nothing is left to do: so it is
    /// looked whether something is. What is left for long is what cannot be done now.
    fn wait_settled(&self, client: &Client, long: Duration) -> Result<(), Trouble> {
        let begun = Instant::now();
        while begun.elapsed() < GRACE && World::read(self)?.status.planned > 0 {
            std::thread::sleep(PAUSE);
            client.wait_idle(long).map_err(trouble)?;
        }
        Ok(())
    }

    fn save(&self, document: &Document) -> Result<(), Trouble> {
        let path = match self {
            Self::File(path) => path,
            Self::Paper(paper, _) => {
                paper.replace(document.clone());
                return Ok(());
            }
            Self::Cluster(_) => return Ok(()),
        };
        let beside = path.with_extension("new");
        let written = std::fs::write(&beside, document.to_string())
            .and_then(|()| std::fs::rename(&beside, path));
        written
            .map_err(|error| Trouble::new(format!("Unable to write {}: {error}", path.display())))
    }
}

/// While the nodes agree on their state, as they do anew after a change of Corosync's file, nothing is changed, and it is
/// asked for again.
fn ask(client: &Client, request: &Request) -> Result<(), ClientError> {
    const PAUSE: Duration = Duration::from_millis(50);
    let begun = Instant::now();
    loop {
        match client.change(request) {
            Err(ClientError::Refused(Refused::NotReady)) if begun.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            other => return other.map(drop),
        }
    }
}

/// No daemon is no cluster, in the words of those who look for them.
fn trouble(error: ClientError) -> Trouble {
    match error {
        ClientError::Connect { source, .. }
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            let user = roles::user();
            Trouble(format!(
                "Permission denied: {user} is not in the group haclient of this node\n\
                 Whom access policies name must be in it: usermod -aG haclient {user}"
            ))
        }
        ClientError::Connect { .. } => Trouble::new("Cluster is not running on this node"),
        ClientError::Refused(Refused::NotPermitted) => Trouble(format!(
            "Permission denied: no access policy lets {} do that on this node",
            roles::user()
        )),
        ClientError::Refused(Refused::MayBeOlder { nodes }) => {
            let list = view::words::list(&nodes);
            Trouble(format!(
                "The cluster was formed without {list}, where the configuration may be newer\n\
                 Let {list} join (cmrunnode), or give that up: quorate node confirm-off NODE"
            ))
        }
        ClientError::Refused(refused) => {
            Trouble::new(format!("The cluster refused it: {refused:?}"))
        }
        other @ (ClientError::Deadline { .. }
        | ClientError::Broken { .. }
        | ClientError::Garbled { .. }) => Trouble::new(other.to_string()),
    }
}

fn state<'d>(document: &'d Document, node: &str) -> Option<Element<'d>> {
    let states = document.section(Section::Status)?;
    states.children().find(|state| state.attr("uname") == Some(node))
}

fn set_passing(document: &mut Document, node: &str, name: &str, value: Option<&str>) {
    let Some(state) = state(document, node) else { return };
    let id = state.attr("id").unwrap_or_default().to_owned();
    let at = state.id();
    let pair = state
        .path(&["transient_attributes", "instance_attributes"])
        .and_then(|set| set.children().find(|pair| pair.attr("name") == Some(name)))
        .map(Element::id);
    let Some(value) = value else {
        pair.into_iter().for_each(|pair| document.remove(pair));
        return;
    };
    let pair = pair.unwrap_or_else(|| {
        let mut parent = at;
        for (kind, id) in
            [("transient_attributes", id.clone()), ("instance_attributes", format!("status-{id}"))]
        {
            parent = match document.element(parent).child(kind).map(Element::id) {
                Some(there) => there,
                None => {
                    let new = document.append(parent, kind);
                    document.set(new, "id", &id);
                    new
                }
            };
        }
        let new = document.append(parent, "nvpair");
        document.set(new, "id", &format!("status-{id}-{name}"));
        document.set(new, "name", name);
        new
    });
    document.set(pair, "value", value);
}

fn forget_failures(document: &mut Document, resource: &str, node: &str) {
    let Some(state) = state(document, node) else { return };
    let is_count = |at: &Element<'_>| {
        at.is("nvpair")
            && at.attr("name").is_some_and(|name| {
                ["fail-count-", "last-failure-"].iter().any(|start| {
                    name.strip_prefix(start)
                        .and_then(|rest| rest.strip_prefix(resource))
                        .is_some_and(|rest| rest.starts_with('#'))
                })
            })
    };
    let is_history = |at: &Element<'_>| at.is("lrm_resource") && at.attr("id") == Some(resource);
    let gone: Vec<_> =
        state.descendants().filter(|at| is_count(at) || is_history(at)).map(Element::id).collect();
    gone.into_iter().for_each(|at| document.remove(at));
}
