//! How values are shown.

use crate::output::Output;

/// A value with what is around it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Value<'v> {
    pub(super) scope: Option<&'v str>,
    /// The id by which it was asked for.
    pub(super) id: Option<&'v str>,
    pub(super) name: &'v str,
    pub(super) value: Option<&'v str>,
    pub(super) host: Option<&'v str>,
}

/// Shows a value; people who want it quiet see the value alone.
pub(super) fn show(shown: &Value<'_>, quiet: bool, said: &mut Output) {
    said.tell(
        |out| {
            if !quiet {
                out.line(&line(shown));
            } else if let Some(value) = shown.value {
                out.line(value);
            }
        },
        |xml| {
            xml.begin("attribute");
            xml.attr("name", shown.name);
            xml.attr("value", shown.value.unwrap_or_default());
            xml.attr_if("scope", shown.scope);
            xml.attr_if("id", shown.id);
            xml.attr_if("host", shown.host);
            xml.end();
        },
    );
}

/// Values of the attribute manager are in quotes, and have a host; those of the document are not.
fn line(Value { scope, id, name, value, host }: &Value<'_>) -> String {
    let value = value.map(escaped);
    match host {
        Some(host) => {
            format!("name=\"{name}\" host=\"{host}\" value=\"{}\"", value.unwrap_or_default())
        }
        None => {
            let scope = scope.map_or(String::new(), |scope| format!("scope={scope} "));
            let id = id.map_or(String::new(), |id| format!("id={id} "));
            let value = value.unwrap_or_else(|| "(null)".to_owned());
            format!("{scope}{id}name={name} value={value}")
        }
    }
}

/// On one line, with quotes that end nothing.
fn escaped(value: &str) -> String {
    let mut out = String::new();
    for letter in value.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            other => out.push(other),
        }
    }
    out
}
