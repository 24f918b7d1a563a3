//! A configuration as lines, one for each element: what a command changed are the lines that came and went.

use cib::{Document, Element};

/// Options that Pacemaker's daemons write themselves; the cluster here says the same without them.
const WRITTEN_BY_DAEMONS: [&str; 5] =
    ["have-watchdog", "dc-version", "cluster-infrastructure", "cluster-name", "last-lrm-refresh"];

/// Elements that only hold others.
const HOLDERS: [&str; 4] =
    ["cluster_property_set", "meta_attributes", "instance_attributes", "utilization"];

/// The lines of a `configuration`.
pub(super) fn outline(xml: &str) -> Result<Vec<String>, String> {
    let document = Document::parse(xml).map_err(|error| format!("{error}"))?;
    let mut lines = Vec::new();
    walk(document.root(), "", &mut lines);
    lines.sort();
    Ok(lines)
}

fn walk(element: Element<'_>, above: &str, lines: &mut Vec<String>) {
    if element.attr("name").is_some_and(|name| WRITTEN_BY_DAEMONS.contains(&name)) {
        return;
    }
    let id = element.attr("id").map(|id| format!("#{id}")).unwrap_or_default();
    let path = format!("{above}/{}{id}", element.name());
    let others = element.attrs().filter(|(name, _)| *name != "id");
    let mut others: Vec<String> = others.map(|(name, value)| format!("{name}={value}")).collect();
    others.sort();
    // A section, or what only holds others, is there when they are.
    if !others.is_empty() || !HOLDERS.contains(&element.name()) && !id.is_empty() {
        lines.push(format!("{path} {}", others.join(" ")).trim_end().to_owned());
    }
    element.children().for_each(|child| walk(child, &path, lines));
}

/// What the first has and the second has not, each line as often as it is there more often.
pub(super) fn without(these: &[String], those: &[String]) -> Vec<String> {
    let mut left = those.to_vec();
    let mut more = Vec::new();
    for line in these {
        match left.iter().position(|other| other == line) {
            Some(at) => drop(left.swap_remove(at)),
            None => more.push(line.clone()),
        }
    }
    more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_lines() {
        let before = outline("<configuration><resources/></configuration>").unwrap();
        let after = outline(
            "<configuration><resources><primitive id='a' type='T' class='ocf'/></resources></configuration>",
        )
        .unwrap();
        assert_eq!(
            without(&after, &before),
            ["/configuration/resources/primitive#a class=ocf type=T"]
        );
        assert_eq!(without(&before, &after), Vec::<String>::new());
    }

    #[test]
    fn what_is_there_twice_goes_once() {
        let lines = |text: &[&str]| text.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
        assert_eq!(without(&lines(&["a", "a"]), &lines(&["a"])), ["a"]);
    }
}
