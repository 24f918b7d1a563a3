//! `/status`: the cluster as it is, as one page without script, for any browser.

use std::fmt::{self, Display, Write as _};

use view::Status;
use view::moment;
use view::status::{Failure, NodeLine, ResourceLine};

/// The page. `now` is in seconds since 1970.
pub fn status_page(status: &Status, now: i64) -> String {
    let mut page = String::with_capacity(16 << 10);
    // Writing to a string does not fail.
    let _infallible = write_page(&mut page, status, now);
    page
}

fn write_page(out: &mut String, status: &Status, now: i64) -> fmt::Result {
    let name = status.cluster_name.as_deref().unwrap_or("cluster");
    write!(
        out,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"referrer\" content=\"no-referrer\"><title>{0}: {1}</title>\
         <link rel=\"stylesheet\" href=\"/status.css\"><link rel=\"icon\" href=\"/icon.svg\"></head><body><main>\
         <h1>{0}</h1><p class=\"verdict {1}\">{2}</p>",
        Safe(name),
        Safe(health(status)),
        Safe(&status.verdict.sentence),
    )?;
    list(out, "What to do", &status.verdict.advice)?;
    nodes(out, &status.nodes)?;
    resources(out, &status.resources)?;
    failures(out, &status.failures, now)?;
    let running: Vec<String> = status.running.clone();
    list(out, "Under way", &running)?;
    let findings: Vec<String> = status.findings.iter().map(|found| found.message.clone()).collect();
    list(out, "Odd in the configuration", &findings)?;
    writeln!(
        out,
        "<footer>As {} saw it at {}; configuration {}. <a href=\"/status\">Look again</a> · \
         <a href=\"/\">The console</a> · <a href=\"/status/logout\">Log out</a></footer></main></body></html>",
        Safe(status.seen_by.as_deref().unwrap_or("a file")),
        Safe(moment::calendar(now)),
        Safe(&status.version),
    )
}

fn health(status: &Status) -> &'static str {
    use view::status::Health;
    match status.verdict.health {
        Health::Healthy => "healthy",
        Health::Weakened => "weakened",
        Health::Working => "working",
        Health::Impaired => "impaired",
        Health::Down => "down",
    }
}

fn list(out: &mut String, title: &str, lines: &[String]) -> fmt::Result {
    if lines.is_empty() {
        return Ok(());
    }
    write!(out, "<h2>{}</h2><ul>", Safe(title))?;
    for line in lines {
        write!(out, "<li>{}</li>", Safe(line))?;
    }
    out.write_str("</ul>")
}

fn nodes(out: &mut String, nodes: &[NodeLine]) -> fmt::Result {
    out.write_str(
        "<h2>Nodes</h2><table><thead><tr><th scope=\"col\">Node</th><th scope=\"col\">State</th>\
         <th scope=\"col\">Active there</th></tr></thead><tbody>",
    )?;
    for node in nodes {
        let remarks = [
            (node.coordinator, "coordinator"),
            (node.standby, "standby"),
            (node.maintenance, "maintenance"),
            (node.leaving, "leaving"),
        ];
        write!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}",
            Safe(&node.name),
            Safe(node.state.words())
        )?;
        for (_, word) in remarks.iter().filter(|(holds, _)| *holds) {
            write!(out, ", {word}")?;
        }
        write!(out, "</td><td>{}</td></tr>", node.active)?;
    }
    out.write_str("</tbody></table>")
}

fn resources(out: &mut String, lines: &[ResourceLine]) -> fmt::Result {
    out.write_str(
        "<h2>Resources</h2><table><thead><tr><th scope=\"col\">Resource</th><th scope=\"col\">Kind</th>\
         <th scope=\"col\">Where</th><th scope=\"col\">Remarks</th></tr></thead><tbody>",
    )?;
    for line in lines {
        resource(out, line, 0)?;
    }
    out.write_str("</tbody></table>")
}

/// Deeper than bundles nest, a tree is not shown.
const DEPTH_MAX: usize = 4;

fn resource(out: &mut String, line: &ResourceLine, depth: usize) -> fmt::Result {
    write!(
        out,
        "<tr><th scope=\"row\" class=\"depth{depth}\">{}</th><td>{}</td><td>",
        Safe(&line.id),
        Safe(line.agent.as_deref().unwrap_or(line.shape.words())),
    )?;
    if line.places.is_empty() {
        out.write_str(if line.missing { "<strong>nowhere</strong>" } else { "nowhere" })?;
    }
    for (number, place) in line.places.iter().enumerate() {
        let comma = if number == 0 { "" } else { ", " };
        write!(out, "{comma}{} ({}", Safe(&place.node), Safe(place.role))?;
        out.write_str(if place.partly { ", partly" } else { "" })?;
        out.write_str(if place.unclean { ", not sure: the node is lost)" } else { ")" })?;
    }
    out.write_str("</td><td>")?;
    if line.failed {
        out.write_str("<strong>failed</strong> ")?;
    }
    write!(out, "{}</td></tr>", Safe(line.remarks.join(", ")))?;
    for child in line.children.iter().filter(|_| depth < DEPTH_MAX) {
        resource(out, child, depth + 1)?;
    }
    Ok(())
}

fn failures(out: &mut String, failures: &[Failure], now: i64) -> fmt::Result {
    if failures.is_empty() {
        return Ok(());
    }
    out.write_str("<h2>Failed actions</h2><ul>")?;
    for failure in failures {
        write!(
            out,
            "<li>{}<br>When the cause is mended: <code>{}</code></li>",
            Safe(failure.words(now)),
            Safe(&failure.command)
        )?;
    }
    out.write_str("</ul>")
}

/// Text that says what it says, whatever it holds.
pub(crate) struct Safe<T>(pub(crate) T);

impl<T: Display> Display for Safe<T> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for letter in self.0.to_string().chars() {
            match letter {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                other => out.write_char(other)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = r#"<cib validate-with="pacemaker-4.0" admin_epoch="0" epoch="7" num_updates="0">
      <configuration><crm_config><cluster_property_set id="o">
        <nvpair id="o-n" name="cluster-name" value="&lt;script&gt;alert(1)&lt;/script&gt;"/>
      </cluster_property_set></crm_config>
      <nodes><node id="1" uname="n1"/></nodes>
      <resources><primitive id="db" class="ocf" provider="pacemaker" type="Dummy"/></resources><constraints/>
      </configuration>
      <status><node_state id="1" uname="n1" in_ccm="true" crmd="online" join="member" expected="member">
        <lrm id="1"><lrm_resources><lrm_resource id="db" type="Dummy" class="ocf" provider="pacemaker">
          <lrm_rsc_op id="db_last_failure_0" operation="monitor" operation_key="db_monitor_10000" interval="10000"
            call-id="2" rc-code="7" op-status="0" exit-reason="&lt;b&gt;gone&lt;/b&gt;" last-rc-change="90" on_node="n1"
            transition-key="3:1:0:x" transition-magic="0:7;3:1:0:x"/>
        </lrm_resource></lrm_resources></lrm></node_state></status></cib>"#;

    #[test]
    fn it_shows_everything_and_no_text_becomes_markup() {
        let document = cib::Document::parse(DOCUMENT).unwrap();
        let status = view::status(view::Seen { document: &document, cluster: None, now: 100 });
        let page = status_page(&status, 100);
        for wanted in [
            "n1",
            "db",
            "&lt;script&gt;alert(1)",
            "&lt;b&gt;gone&lt;/b&gt;",
            "quorate resource cleanup db n1",
        ] {
            assert!(page.contains(wanted), "no {wanted} in {page}");
        }
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
}
