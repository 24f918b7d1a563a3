//! All tools without the daemon, by the name that this program is called with: to build quickly and
//! to compare.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let called = words.next().unwrap_or_default();
    let name = Path::new(&called).file_name().unwrap_or_default().to_owned();
    let tool = pacemaker::TOOLS.iter().find(|(known, _)| name == *known);
    tool.map_or(ExitCode::from(64), |(_, tool)| tool(words.collect()))
}
