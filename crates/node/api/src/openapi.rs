//! The API's description (OpenAPI 3.1), made from the table of routes and the types that go in and out.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::agents::Described;
use crate::answer::Problem;
use crate::audit;
use crate::certificate;
use crate::gate::{Credentials, token_routes, tokens};
use crate::moments;
use crate::others;
use crate::plans::{Planned, Wish};
use crate::reading;
use crate::routes::{At, Gives, Parameter, ROUTES, Route, Takes, What};
use crate::scheduled;
use crate::summary::Summary;
use crate::who::Session;

/// How agents are called: names that a path can have, with colons between.
const AGENT: &str = "^[A-Za-z0-9_@-][A-Za-z0-9_.@-]*(:[A-Za-z0-9_@-][A-Za-z0-9_.@-]*){1,2}$";

/// What programs can generate clients from, and check us against.
pub(crate) fn description() -> Value {
    let settings = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut schemas = settings.into_generator();
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in ROUTES.iter().filter(|route| route.at != At::Socket) {
        let method = route.method.word().to_lowercase();
        paths.entry(route.path).or_default().insert(method, operation(route, &mut schemas));
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Quorate",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "GPL-2.0-or-later", "identifier": "GPL-2.0-or-later" },
        },
        "paths": paths,
        "components": {
            "schemas": schemas.take_definitions(true),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "session": { "type": "apiKey", "in": "cookie", "name": crate::gate::COOKIE },
            },
        },
    })
}

fn operation(route: &Route, schemas: &mut SchemaGenerator) -> Value {
    let no = json!({
        "description": "No, and why",
        "content": { "application/json": { "schema": { "anyOf": [
            schemas.subschema_for::<Problem>(), schemas.subschema_for::<wire::api::Reply>(),
        ] } } },
    });
    let yes = json!({ "description": route.says, "content": content(route.gives, schemas) });
    let responses = json!({ success(route.what): yes, "4XX": no, "5XX": no });
    let mut operation = json!({
        "operationId": format!("{:?}", route.what),
        "summary": route.says,
        "parameters": parameters(route),
        "responses": responses,
    });
    let mut add = |name: &str, value: Value| {
        operation.as_object_mut().and_then(|all| all.insert(name.to_owned(), value));
    };
    if let Some(takes) = route.takes {
        let content = json!({ "application/json": { "schema": body(takes, schemas) } });
        add("requestBody", json!({ "required": true, "content": content }));
    }
    if let Some(role) = route.role {
        add("security", json!([{ "token": [] }, { "session": [] }]));
        add("description", json!(format!("Takes the role `{}`.", role.word())));
    }
    operation
}

fn success(what: What) -> &'static str {
    match what {
        What::Plan | What::Undo | What::MakeToken | What::Schedule => "201",
        What::Status
        | What::Verdict
        | What::Summary
        | What::Clusters
        | What::Authority
        | What::Certificate
        | What::Grid
        | What::Topology
        | What::Fencing
        | What::StatusPage
        | What::Metrics
        | What::Why
        | What::Document
        | What::Earlier
        | What::History
        | What::Moments
        | What::Moment
        | What::Compare
        | What::Events
        | What::Agents
        | What::Agent
        | What::Ask
        | What::Login
        | What::Logout
        | What::Session
        | What::Apply
        | What::Scheduled
        | What::Unschedule
        | What::Audit
        | What::Tokens
        | What::RemoveToken
        | What::Describe => "200",
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let query = |parameter: &Parameter| {
        json!({
            "name": parameter.name,
            "in": "query",
            "required": parameter.required,
            "description": parameter.says,
            "schema": parameter.schema(),
        })
    };
    let named = route.path.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
    let place = named.map(|(name, _)| {
        let is_agent = route.what == What::Agent;
        let rule = if is_agent { ("pattern", json!(AGENT)) } else { ("minLength", json!(1)) };
        let schema = json!({ "type": "string", rule.0: rule.1 });
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    });
    place.into_iter().chain(route.query.iter().map(query)).collect()
}

fn body(takes: Takes, schemas: &mut SchemaGenerator) -> Schema {
    match takes {
        Takes::Wish => schemas.subschema_for::<Wish>(),
        Takes::When => schemas.subschema_for::<scheduled::When>(),
        Takes::Token => schemas.subschema_for::<token_routes::Wanted>(),
        Takes::Credentials => schemas.subschema_for::<Credentials>(),
    }
}

fn content(gives: Gives, schemas: &mut SchemaGenerator) -> Value {
    let schema = match gives {
        Gives::Xml => return text("application/xml"),
        Gives::Pem => return text(certificate::PEM),
        Gives::Page => return text("text/html"),
        Gives::Metrics => {
            let text = json!({ "schema": { "type": "string" } });
            return json!({ "application/openmetrics-text": text, "text/plain": text });
        }
        Gives::Events => return text("text/event-stream"),
        Gives::Status => schemas.subschema_for::<view::Status>(),
        Gives::Verdict => schemas.subschema_for::<view::Headline>(),
        Gives::Summary => schemas.subschema_for::<Summary>(),
        Gives::Certificate => schemas.subschema_for::<certificate::Certificate>(),
        Gives::Clusters => schemas.subschema_for::<Vec<others::Told>>(),
        Gives::Grid => schemas.subschema_for::<view::grid::Grid>(),
        Gives::Topology => schemas.subschema_for::<view::topology::Topology>(),
        Gives::Fencing => schemas.subschema_for::<reading::Fencing>(),
        Gives::Why => schemas.subschema_for::<view::Why>(),
        Gives::Entries => schemas.subschema_for::<Vec<wire::api::Entry>>(),
        Gives::Moments => schemas.subschema_for::<Vec<moments::Moment>>(),
        Gives::Moment => schemas.subschema_for::<moments::Told>(),
        Gives::Compared => schemas.subschema_for::<view::compare::Compared>(),
        Gives::Agents => schemas.subschema_for::<Vec<wire::api::Agent>>(),
        Gives::Agent => schemas.subschema_for::<Described>(),
        Gives::Session => schemas.subschema_for::<Session>(),
        Gives::Planned => schemas.subschema_for::<Planned>(),
        Gives::Done | Gives::Reply => schemas.subschema_for::<wire::api::Reply>(),
        Gives::Deeds => schemas.subschema_for::<Vec<audit::Entry>>(),
        Gives::Scheduled => schemas.subschema_for::<scheduled::Scheduled>(),
        Gives::AllScheduled => schemas.subschema_for::<Vec<scheduled::Scheduled>>(),
        Gives::Token => schemas.subschema_for::<tokens::Told>(),
        Gives::Tokens => schemas.subschema_for::<Vec<tokens::Told>>(),
        Gives::Nothing | Gives::Description => schemars::json_schema!({ "type": "object" }),
    };
    json!({ "application/json": { "schema": schema } })
}

fn text(kind: &str) -> Value {
    json!({ kind: { "schema": { "type": "string" } } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_referred_to_is_described() {
        let description = description();
        let text = description.to_string();
        let schemas = description["components"]["schemas"].as_object().unwrap();
        for piece in text.split("\"$ref\":\"").skip(1) {
            let path = piece.split('"').next().unwrap();
            let name = path.strip_prefix("#/components/schemas/").unwrap();
            assert!(schemas.contains_key(name), "{name}");
        }
        assert!(description["paths"]["/v1/plans"]["post"]["requestBody"].is_object());
        assert!(description["paths"]["/v1/request"].is_null(), "the socket's own");
    }
}
