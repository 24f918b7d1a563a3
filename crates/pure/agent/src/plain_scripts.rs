//! What is said of scripts of Heartbeat, which say nothing of themselves.

/// As long as Heartbeat gave them.
const TIMEOUT: &str = "15s";
/// Most scripts take no more arguments; who gives more is not hindered.
const ARGUMENTS: u32 = 5;

/// Metadata for the script `name`: arguments by number, and the actions that it knows.
pub fn heartbeat_metadata(name: &str) -> String {
    let name = name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    let parameters: String = (1..=ARGUMENTS)
        .map(|number| {
            format!(
                "    <parameter name=\"{number}\" unique=\"0\" required=\"0\">\n      \
                 <longdesc lang=\"en\">Argument {number} of the script; any user of the machine can read \
                 it</longdesc>\n      <shortdesc lang=\"en\">argument {number}</shortdesc>\n      \
                 <content type=\"string\"/>\n    </parameter>\n"
            )
        })
        .collect();
    let actions: String = ["start", "stop", "status", "monitor"]
        .map(|action| format!("    <action name=\"{action}\" timeout=\"{TIMEOUT}\"/>\n"))
        .concat();
    format!(
        "<?xml version=\"1.0\"?>\n<resource-agent name=\"{name}\" version=\"1.0\">\n  \
         <version>1.0</version>\n  <longdesc lang=\"en\">\n    Heartbeat script {name}\n  </longdesc>\n  \
         <shortdesc lang=\"en\">Heartbeat script {name}</shortdesc>\n  \
         <parameters>\n{parameters}  </parameters>\n  <actions>\n{actions}    \
         <action name=\"meta-data\" timeout=\"5s\"/>\n  </actions>\n  <special tag=\"heartbeat\"/>\n\
         </resource-agent>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Metadata, Standard, misfits};

    #[test]
    fn it_is_metadata_and_takes_arguments_by_number_alone() {
        let metadata = Metadata::parse(&heartbeat_metadata("a&b")).unwrap();
        assert_eq!(metadata.parameters.len(), 5);
        let given = |name: &str| vec![(name.to_owned(), "x".to_owned())];
        assert_eq!(misfits(Standard::Heartbeat, &metadata, &given("1")), []);
        assert_eq!(misfits(Standard::Heartbeat, &metadata, &given("12")), []);
        assert_eq!(misfits(Standard::Heartbeat, &metadata, &given("ip")).len(), 1);
    }
}
