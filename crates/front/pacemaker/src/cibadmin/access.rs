//! Showing what a user may do with each part of the document.
//!
//! **Not here:** what roles mean ([`cib::acl`]).

use std::io::IsTerminal;

use cib::acl::{self, Access, User};
use cib::schema::Schema;
use cib::{Content, Document, Element, push_attribute};

use crate::exit::Exit;
use crate::output::Output;
use crate::tool::{Call, Trouble};

/// What is to be shown.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    user: String,
    how: How,
}

#[derive(Clone, Copy, Debug)]
enum How {
    /// Colours of a terminal.
    Colour,
    /// Lines between the elements.
    Text,
    /// Prefixes of the elements' names.
    Namespace,
}

/// What is asked for, if it is. With anything but a query there is nothing to show.
pub(super) fn asked(
    call: &Call,
    command: &str,
    said: &mut Output,
) -> Result<Option<Asked>, Trouble> {
    let Some(how) = call.value("show-access") else { return Ok(None) };
    let how = match how {
        "color" => How::Colour,
        "text" => How::Text,
        "namespace" => How::Namespace,
        "" | "auto" if std::io::stdout().is_terminal() => How::Colour,
        "" | "auto" => How::Text,
        _ => {
            let words = format!("Invalid value '{how}' for option '--show-access'");
            return Err(Trouble::usage(words));
        }
    };
    if command != "query" {
        return Ok(None);
    }
    let Some(user) = call.value("user").map(str::to_owned) else {
        return Err(Trouble::usage("-U/--user is required with -S/--show-access"));
    };
    // Of a file everybody sees all that they can read.
    let is_live = crate::source::file_in_place_of_cluster().is_none();
    if is_live && !rustix::process::geteuid().is_root() {
        said.error(format!(
            "Only root sees all of the document: what is shown for {user} may be incomplete."
        ));
    }
    Ok(Some(Asked { user, how }))
}

/// The earliest format of documents whose roles are understood.
const ROLES_SINCE: &str = "pacemaker-2.0";

/// Shows the document with what the user may.
pub(super) fn show(document: &Document, asked: &Asked, said: &mut Output) -> Result<Exit, Trouble> {
    let refused = |why: &str| {
        let words = format!("Could not evaluate ACLs for {}: {why}", asked.user);
        Trouble::new(Exit::Config, words)
    };
    if asked.user.contains(['<', '>', '&']) {
        return Err(refused("Invalid argument"));
    }
    if acl::is_privileged(&asked.user) {
        return Err(refused("Already in requested state"));
    }
    let schema = |name: &str| name.parse::<Schema>().ok();
    let own = document.root().attr("validate-with").and_then(schema);
    if own.is_some() && own < schema(ROLES_SINCE) {
        return Err(refused("Update does not conform to the configured schema"));
    }
    let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let user = User::listed_in(&groups, &asked.user);
    let mut writer = Writer {
        how: asked.how,
        access: acl::access(document, &user),
        out: format!("<!-- ACLs as evaluated for user {} -->\n", asked.user),
    };
    writer.element(document.root(), None, 0);
    said.quote("output", &writer.out);
    Ok(Exit::Ok)
}

struct Writer<A> {
    how: How,
    access: A,
    out: String,
}

impl<'d, A: Fn(Element<'d>) -> Access> Writer<A> {
    /// Writes an element in another that is `around`.
    fn element(&mut self, element: Element<'d>, around: Option<Access>, depth: usize) {
        let own = (self.access)(element);
        let indent = "  ".repeat(depth);
        let differs = around != Some(own);
        let (before, prefix, after) = match self.how {
            How::Colour => (colour(own).to_owned(), String::new(), "\u{1b}[0m"),
            How::Namespace if differs => {
                (String::new(), format!("pcmk-access-{}:", word(own).to_lowercase()), "")
            }
            How::Text if differs => {
                let gap = if around.is_some() { format!("\n{indent}") } else { String::new() };
                (format!("{gap}vvv---[ {} ]---vvv\n{indent}", banner(own)), String::new(), "")
            }
            How::Namespace | How::Text => (String::new(), String::new(), ""),
        };
        let name = format!("{prefix}{}", element.name());
        self.out += &format!("{indent}{before}<{name}");
        for (key, value) in element.attrs() {
            push_attribute(&mut self.out, key, value);
        }
        if matches!(self.how, How::Namespace) && around.is_none() {
            self.out += &NAMESPACES.concat();
        }
        let mut inside = element.contents().peekable();
        if inside.peek().is_none() {
            self.out += &format!("/>{after}\n");
            return;
        }
        self.out += ">\n";
        for node in inside {
            match node {
                Content::Element(inner) => self.element(inner, Some(own), depth + 1),
                Content::Other(comment) => self.out += &format!("{indent}  {comment}\n"),
            }
        }
        self.out += &format!("{indent}{}</{name}>{after}\n", self.closing(own));
    }

    fn closing(&self, own: Access) -> &'static str {
        match self.how {
            How::Colour => colour(own),
            How::Text | How::Namespace => "",
        }
    }
}

const NAMESPACES: [&str; 3] = [
    " xmlns:pcmk-access-writable=\"http://clusterlabs.org/ns/pacemaker/access/writable\"",
    " xmlns:pcmk-access-readable=\"http://clusterlabs.org/ns/pacemaker/access/readable\"",
    " xmlns:pcmk-access-denied=\"http://clusterlabs.org/ns/pacemaker/access/denied\"",
];

fn colour(access: Access) -> &'static str {
    match access {
        Access::Denied => "\u{1b}[31m",
        Access::Readable => "\u{1b}[34m",
        Access::Writable => "\u{1b}[32m",
    }
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Denied => "DENIED",
        Access::Readable => "READABLE",
        Access::Writable => "WRITABLE",
    }
}

/// All of one width.
fn banner(access: Access) -> &'static str {
    match access {
        Access::Denied => "~DENIED~",
        Access::Readable | Access::Writable => word(access),
    }
}
