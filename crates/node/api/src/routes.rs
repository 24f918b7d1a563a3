//! The routes, as data: dispatch, `Allow` and the description of the API come from this table.

use crate::role::Role;

/// What is asked for: to look, to make, or to take away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    Delete,
}

impl Method {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// What is done with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Status,
    Verdict,
    Summary,
    Clusters,
    Authority,
    Certificate,
    Grid,
    Topology,
    Fencing,
    StatusPage,
    Metrics,
    Why,
    Document,
    Earlier,
    History,
    Moments,
    Moment,
    Compare,
    Events,
    Agents,
    Agent,
    Ask,
    Login,
    Logout,
    Session,
    Plan,
    Apply,
    Schedule,
    Scheduled,
    Unschedule,
    Undo,
    Audit,
    Tokens,
    MakeToken,
    RemoveToken,
    Describe,
}

/// What a request's body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    Wish,
    When,
    Token,
    Credentials,
}

/// What an answer holds, where all went well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gives {
    Status,
    Verdict,
    Summary,
    Clusters,
    Certificate,
    Grid,
    Topology,
    Fencing,
    Why,
    Entries,
    Moments,
    Moment,
    Compared,
    Agents,
    Agent,
    Session,
    Planned,
    Done,
    Scheduled,
    AllScheduled,
    Deeds,
    Token,
    Tokens,
    /// An empty object.
    Nothing,
    /// This description.
    Description,
    Reply,
    Xml,
    Pem,
    Page,
    Metrics,
    Events,
}

/// How the path's end and the query are called, and what they say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) required: bool,
    pub(crate) says: &'static str,
}

impl Parameter {
    /// What values it has.
    pub(crate) fn schema(&self) -> serde_json::Value {
        match self.name {
            "since" | "at" | "from" | "to" => {
                serde_json::json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX })
            }
            _ => serde_json::json!({ "type": "string", "minLength": 1 }),
        }
    }
}

/// Where it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    Everywhere,
    /// Who has a socket's peer credentials needs no session.
    Web,
    /// The machine's own tools, of the daemon's version.
    Socket,
}

/// One method of one path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    /// `{name}` stands for one or more letters up to the next slash.
    pub(crate) path: &'static str,
    pub(crate) at: At,
    /// What one must be to ask. `None`: nobody need be logged in.
    pub(crate) role: Option<Role>,
    pub(crate) what: What,
    pub(crate) says: &'static str,
    pub(crate) query: &'static [Parameter],
    pub(crate) takes: Option<Takes>,
    pub(crate) gives: Gives,
}

const fn get(path: &'static str, what: What, gives: Gives, says: &'static str) -> Route {
    Route {
        method: Method::Get,
        path,
        at: At::Everywhere,
        role: Some(Role::Read),
        what,
        says,
        query: &[],
        takes: None,
        gives,
    }
}

/// What can be seen of the past, too.
const fn view(path: &'static str, what: What, gives: Gives, says: &'static str) -> Route {
    Route { query: PAST, ..get(path, what, gives, says) }
}

const fn post(path: &'static str, what: What, gives: Gives, says: &'static str) -> Route {
    Route { method: Method::Post, ..get(path, what, gives, says) }
}

const SINCE: &[Parameter] = &[Parameter {
    name: "since",
    required: false,
    says: "Only what happened after the entry of this number",
}];

const AT: Parameter =
    Parameter { name: "at", required: false, says: "As it was at this moment of the past" };

const PAST: &[Parameter] = &[AT];

const MOMENTS: &[Parameter] = &[Parameter {
    name: "since",
    required: false,
    says: "Only those after the moment of this number",
}];

const BETWEEN: &[Parameter] = &[
    Parameter { name: "from", required: true, says: "The number of the earlier moment" },
    Parameter { name: "to", required: false, says: "The number of the later one; now, without" },
];

const WHY: &[Parameter] = &[
    AT,
    Parameter { name: "resource", required: true, says: "Which resource" },
    Parameter { name: "node", required: false, says: "Only this node" },
];

/// All there are.
pub(crate) const ROUTES: &[Route] = &[
    view("/v1/status", What::Status, Gives::Status, "How the cluster is"),
    view(
        "/v1/verdict",
        What::Verdict,
        Gives::Verdict,
        "How the cluster is, in a sentence, and what to do",
    ),
    view(
        "/v1/summary",
        What::Summary,
        Gives::Summary,
        "How the cluster is, in a few numbers: what one cluster asks another for",
    ),
    get(
        "/v1/clusters",
        What::Clusters,
        Gives::Clusters,
        "How other clusters are, which the node that answers asks",
    ),
    Route {
        role: None,
        ..get(
            "/v1/certificate",
            What::Authority,
            Gives::Pem,
            "Whom one must trust to trust the certificate that the network is shown",
        )
    },
    get(
        "/v1/certificate/shown",
        What::Certificate,
        Gives::Certificate,
        "What the certificate says that the network is shown",
    ),
    view("/v1/grid", What::Grid, Gives::Grid, "Resources by nodes"),
    view("/v1/topology", What::Topology, Gives::Topology, "Nodes, links and quorum"),
    view("/v1/fencing", What::Fencing, Gives::Fencing, "Who can be cut off by what, and who was"),
    get(
        "/metrics",
        What::Metrics,
        Gives::Metrics,
        "All as numbers, for a monitoring system, in OpenMetrics",
    ),
    get(
        "/status",
        What::StatusPage,
        Gives::Page,
        "How the cluster is, as a page that needs no script",
    ),
    Route {
        query: WHY,
        ..get("/v1/why", What::Why, Gives::Why, "Why a resource is where it is, or is nowhere")
    },
    view("/v1/document", What::Document, Gives::Xml, "The document, as XML"),
    get(
        "/v1/earlier",
        What::Earlier,
        Gives::Xml,
        "The configuration before the last change of it, as XML",
    ),
    Route { query: SINCE, ..get("/v1/history", What::History, Gives::Entries, "What happened") },
    Route {
        query: MOMENTS,
        ..get("/v1/moments", What::Moments, Gives::Moments, "When something happened, and was kept")
    },
    get(
        "/v1/moments/{id}",
        What::Moment,
        Gives::Moment,
        "One moment, and what had happened since the one before",
    ),
    Route {
        query: BETWEEN,
        ..get("/v1/compare", What::Compare, Gives::Compared, "What differs between two moments")
    },
    Route {
        query: SINCE,
        ..get(
            "/v1/events",
            What::Events,
            Gives::Events,
            "What happens, as it happens (server-sent events)",
        )
    },
    get(
        "/v1/agents",
        What::Agents,
        Gives::Agents,
        "Which agents there are on the node that answers",
    ),
    get("/v1/agents/{name}", What::Agent, Gives::Agent, "What an agent takes, and does"),
    Route {
        at: At::Socket,
        ..post("/v1/request", What::Ask, Gives::Reply, "One request of the machine's own tools")
    },
    Route {
        at: At::Web,
        role: None,
        takes: Some(Takes::Credentials),
        ..post("/v1/login", What::Login, Gives::Session, "Begin a session with a user's password")
    },
    Route { at: At::Web, ..post("/v1/logout", What::Logout, Gives::Nothing, "End the session") },
    get("/v1/session", What::Session, Gives::Session, "Who asks, and what they may"),
    Route {
        role: Some(Role::Operate),
        takes: Some(Takes::Wish),
        ..post(
            "/v1/plans",
            What::Plan,
            Gives::Planned,
            "What a change would do; nothing is changed",
        )
    },
    Route {
        role: Some(Role::Operate),
        ..post("/v1/plans/{id}/apply", What::Apply, Gives::Done, "Make the change that was planned")
    },
    Route {
        role: Some(Role::Operate),
        takes: Some(Takes::When),
        ..post(
            "/v1/plans/{id}/schedule",
            What::Schedule,
            Gives::Scheduled,
            "Let the change that was planned be made at a time; refused then if the document is another",
        )
    },
    Route {
        role: Some(Role::Operate),
        ..get(
            "/v1/scheduled",
            What::Scheduled,
            Gives::AllScheduled,
            "Plans that wait for their time on this node, and what became of others",
        )
    },
    Route {
        method: Method::Delete,
        role: Some(Role::Operate),
        ..get(
            "/v1/scheduled/{id}",
            What::Unschedule,
            Gives::Nothing,
            "Let a plan wait no more, or forget one that has ended",
        )
    },
    Route {
        role: Some(Role::Operate),
        ..post(
            "/v1/undo",
            What::Undo,
            Gives::Planned,
            "What going back would do; nothing is changed",
        )
    },
    Route {
        role: Some(Role::Operate),
        ..get("/v1/audit", What::Audit, Gives::Deeds, "Who did what, when and from where")
    },
    get("/v1/openapi.json", What::Describe, Gives::Description, "This description"),
    get("/v1/tokens", What::Tokens, Gives::Tokens, "The tokens of who asks, or all"),
    Route {
        takes: Some(Takes::Token),
        ..post("/v1/tokens", What::MakeToken, Gives::Token, "Make a token; it is told once")
    },
    Route {
        method: Method::Delete,
        ..get("/v1/tokens/{name}", What::RemoveToken, Gives::Nothing, "Take a token away")
    },
];

/// What a method and path lead to.
#[derive(Debug)]
pub(crate) enum Found<'p> {
    /// With the text that stands for the path's `{name}`.
    Route(&'static Route, Option<&'p str>),
    /// There is the path, with these methods.
    Only(String),
    Nothing,
}

/// Looks `path` up among what is served at the socket, or on the web.
pub(crate) fn find<'p>(method: &hyper::Method, path: &'p str, on_web: bool) -> Found<'p> {
    let is_here = |route: &&Route| match route.at {
        At::Everywhere => true,
        At::Web => on_web,
        At::Socket => !on_web,
    };
    let mut allowed: Vec<&str> = Vec::new();
    for route in ROUTES.iter().filter(is_here) {
        let Some(name) = matches(route.path, path) else { continue };
        if route.method.word() == method.as_str() {
            return Found::Route(route, name);
        }
        allowed.push(route.method.word());
    }
    if allowed.is_empty() { Found::Nothing } else { Found::Only(allowed.join(", ")) }
}

/// Whether `path` is one of `pattern`'s, and what stands for the name in it.
fn matches<'p>(pattern: &str, path: &'p str) -> Option<Option<&'p str>> {
    let Some((before, after)) = pattern.split_once('{') else {
        return (pattern == path).then_some(None);
    };
    let (_, end) = after.split_once('}')?;
    let name = path.strip_prefix(before)?.strip_suffix(end)?;
    (!name.is_empty() && !name.contains('/')).then_some(Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::Method as Asked;

    #[test]
    fn paths_lead_to_their_routes() {
        let what = |method: Asked, path: &str, on_web| match find(&method, path, on_web) {
            Found::Route(route, name) => format!("{:?} {}", route.what, name.unwrap_or("-")),
            Found::Only(methods) => methods,
            Found::Nothing => "nothing".to_owned(),
        };
        assert_eq!(what(Asked::GET, "/v1/status", true), "Status -");
        assert_eq!(what(Asked::GET, "/v1/agents/ocf:x:y", true), "Agent ocf:x:y");
        assert_eq!(what(Asked::GET, "/v1/agents/", true), "nothing");
        assert_eq!(what(Asked::GET, "/v1/agents/a/../b", true), "nothing");
        assert_eq!(what(Asked::DELETE, "/v1/status", true), "GET");
        assert_eq!(what(Asked::POST, "/v1/request", false), "Ask -");
        assert_eq!(what(Asked::POST, "/v1/request", true), "nothing");
        assert_eq!(what(Asked::POST, "/v1/login", false), "nothing");
    }

    #[test]
    fn no_two_routes_are_the_same() {
        for (at, route) in ROUTES.iter().enumerate() {
            let same = |other: &&Route| (other.method, other.path) == (route.method, route.path);
            assert_eq!(ROUTES.iter().position(|other| same(&other)), Some(at), "{}", route.path);
        }
    }
}
