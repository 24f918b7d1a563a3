//! A failover as OTLP's JSON.
//!
//! Source: OpenTelemetry's `trace_service.proto` and `trace.proto`, and what OTLP/HTTP's specification says of their
//! JSON: identifiers in hexadecimal, 64-bit numbers as text, enumerations as numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};
use serde_json::json;

use super::Sealed;
use super::record::{Span, Value};
use crate::gate::hex;

/// `SPAN_KIND_INTERNAL`.
const INTERNAL: u32 = 1;

/// `STATUS_CODE_ERROR`.
const ERROR: u32 = 2;

/// What a trace or a span is told by, drawn anew for each. `None` where there are no random numbers.
fn identifier<const BYTES: usize>() -> Option<String> {
    let mut bytes = [0; BYTES];
    SystemRandom::new().fill(&mut bytes).ok()?;
    Some(hex(&bytes))
}

/// An `ExportTraceServiceRequest`, spans together with others of their node. `None` where there are no random numbers.
pub(super) fn request(sealed: &Sealed) -> Option<serde_json::Value> {
    let Sealed { failover, epoch } = sealed;
    let trace = identifier::<16>()?;
    let root = identifier::<8>()?;
    let mut by_node: BTreeMap<&str, Vec<serde_json::Value>> = BTreeMap::new();
    let of_root = span(&failover.root, &trace, &root, None, *epoch);
    by_node.entry(&failover.root.node).or_default().push(of_root);
    for child in &failover.children {
        let id = identifier::<8>()?;
        let told = span(child, &trace, &id, Some(&root), *epoch);
        by_node.entry(&child.node).or_default().push(told);
    }
    let resources: Vec<serde_json::Value> =
        by_node.into_iter().map(|(node, spans)| resource(node, &spans)).collect();
    Some(json!({ "resourceSpans": resources }))
}

/// The spans of a node.
fn resource(node: &str, spans: &[serde_json::Value]) -> serde_json::Value {
    let attributes = [
        attribute("service.name", &"quorate".into()),
        attribute("service.version", &env!("CARGO_PKG_VERSION").into()),
        attribute("service.instance.id", &node.into()),
        attribute("host.name", &node.into()),
    ];
    json!({
        "resource": { "attributes": attributes },
        "scopeSpans": [{ "scope": { "name": "quorate" }, "spans": spans }],
    })
}

fn span(
    span: &Span,
    trace: &str,
    id: &str,
    parent: Option<&str>,
    epoch: Duration,
) -> serde_json::Value {
    let Span { name, node, start, end, attributes, failed } = span;
    let nanoseconds = |moment: Duration| epoch.saturating_add(moment).as_nanos().to_string();
    let own = attributes.iter().map(|(key, value)| attribute(key, value));
    let attributes: Vec<serde_json::Value> =
        own.chain([attribute("quorate.node", &node.as_str().into())]).collect();
    let status = match failed {
        Some(message) => json!({ "code": ERROR, "message": message }),
        None => json!({}),
    };
    let mut told = json!({
        "traceId": trace,
        "spanId": id,
        "name": name,
        "kind": INTERNAL,
        "startTimeUnixNano": nanoseconds(*start),
        "endTimeUnixNano": nanoseconds(*end),
        "attributes": attributes,
        "status": status,
    });
    if let (Some(parent), Some(told)) = (parent, told.as_object_mut()) {
        told.insert("parentSpanId".to_owned(), parent.into());
    }
    told
}

fn attribute(key: &str, value: &Value) -> serde_json::Value {
    let value = match value {
        Value::Text(text) => json!({ "stringValue": text }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
    };
    json!({ "key": key, "value": value })
}
