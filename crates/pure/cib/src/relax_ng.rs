//! Grammars as RELAX NG writes them, for programs that hold documents against schema files.
//!
//! **Not here:** what the grammars say: the document's is made in [`schema`](crate::schema), that of
//! the tools' output beside the tools.

use crate::print::escape_attribute;

/// What may stand at one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// An element of this name.
    Element(String, Vec<Pattern>),
    /// An attribute, with what its value may be.
    Attribute(String, Box<Pattern>),
    /// Any element but these, with anything in it.
    AnyElementBut(Vec<String>),
    /// What a definition of this name says.
    Ref(String),
    /// One of them.
    Choice(Vec<Pattern>),
    /// All of them, in this order.
    Group(Vec<Pattern>),
    /// All of them, in any order.
    Interleave(Vec<Pattern>),
    /// It, or nothing.
    Optional(Box<Pattern>),
    /// It, any number of times.
    ZeroOrMore(Box<Pattern>),
    /// It, at least once.
    OneOrMore(Box<Pattern>),
    /// Any text.
    Text,
    /// This word, white space around it aside.
    Value(String),
    /// A value of an XML Schema type, with what narrows it.
    Data {
        /// The type's name.
        kind: &'static str,
        /// Facets, such as `pattern`.
        parameters: Vec<(&'static str, String)>,
        /// Values that it must not be.
        except: Vec<String>,
    },
    /// Nothing can stand here.
    NotAllowed,
}

impl Pattern {
    /// An attribute that must be there.
    pub fn attribute(name: &str, value: Self) -> Self {
        Self::Attribute(name.to_owned(), Box::new(value))
    }

    /// A value of a type that nothing narrows.
    pub fn data(kind: &'static str) -> Self {
        Self::Data { kind, parameters: Vec::new(), except: Vec::new() }
    }

    /// It, or nothing.
    pub fn optional(self) -> Self {
        Self::Optional(Box::new(self))
    }

    /// It, any number of times.
    pub fn any_number(self) -> Self {
        Self::ZeroOrMore(Box::new(self))
    }

    /// It, at least once.
    pub fn at_least_one(self) -> Self {
        Self::OneOrMore(Box::new(self))
    }

    /// One of them; a single one needs no choice.
    pub fn one_of(mut all: Vec<Self>) -> Self {
        match all.len() {
            0 => Self::NotAllowed,
            1 => all.pop().unwrap_or(Self::NotAllowed),
            _ => Self::Choice(all),
        }
    }
}

/// A grammar: where documents begin, and what its definitions stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grammar {
    /// What a whole document is.
    pub start: Pattern,
    /// Definitions by name.
    pub definitions: Vec<(String, Pattern)>,
}

const OPENING: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <grammar xmlns=\"http://relaxng.org/ns/structure/1.0\" \
    datatypeLibrary=\"http://www.w3.org/2001/XMLSchema-datatypes\">\n";

/// A name that no definition of ours has.
const ANYTHING: &str = "anything";

impl Grammar {
    /// The schema file.
    pub fn to_xml(&self) -> String {
        let mut writer = Writer { out: OPENING.to_owned(), depth: 1 };
        writer.around("start", "", std::slice::from_ref(&self.start));
        for (name, pattern) in &self.definitions {
            let attribute = format!(" name=\"{}\"", escape_attribute(name));
            writer.around("define", &attribute, std::slice::from_ref(pattern));
        }
        if writer.out.contains(&format!("<ref name=\"{ANYTHING}\"/>")) {
            writer.anything();
        }
        writer.out.push_str("</grammar>\n");
        writer.out
    }
}

/// A file that accepts what one of other files accepts.
pub fn one_of_files(files: &[String]) -> String {
    let mut writer = Writer { out: OPENING.to_owned(), depth: 1 };
    writer.open("start", "");
    writer.open("choice", "");
    for file in files {
        writer.empty("externalRef", &format!(" href=\"{}\"", escape_attribute(file)));
    }
    writer.close("choice");
    writer.close("start");
    writer.out.push_str("</grammar>\n");
    writer.out
}

struct Writer {
    out: String,
    depth: usize,
}

impl Writer {
    fn pattern(&mut self, pattern: &Pattern) {
        match pattern {
            Pattern::Element(name, inside) => self.around("element", &named(name), inside),
            Pattern::Attribute(name, value) => {
                // Any text is what an attribute has that says nothing else.
                if **value == Pattern::Text {
                    self.empty("attribute", &named(name));
                } else {
                    self.around("attribute", &named(name), std::slice::from_ref(value));
                }
            }
            Pattern::AnyElementBut(names) => self.any_element_but(names),
            Pattern::Ref(name) => self.empty("ref", &named(name)),
            Pattern::Choice(all) => self.around("choice", "", all),
            Pattern::Group(all) => self.around("group", "", all),
            Pattern::Interleave(all) => self.around("interleave", "", all),
            Pattern::Optional(one) => self.around("optional", "", std::slice::from_ref(one)),
            Pattern::ZeroOrMore(one) => self.around("zeroOrMore", "", std::slice::from_ref(one)),
            Pattern::OneOrMore(one) => self.around("oneOrMore", "", std::slice::from_ref(one)),
            Pattern::Text => self.empty("text", ""),
            Pattern::Value(word) => self.text("value", "", word),
            Pattern::Data { kind, parameters, except } => self.data(kind, parameters, except),
            Pattern::NotAllowed => self.empty("notAllowed", ""),
        }
    }

    fn data(&mut self, kind: &str, parameters: &[(&str, String)], except: &[String]) {
        let attribute = format!(" type=\"{kind}\"");
        if parameters.is_empty() && except.is_empty() {
            return self.empty("data", &attribute);
        }
        self.open("data", &attribute);
        for (name, value) in parameters {
            self.text("param", &named(name), value);
        }
        if !except.is_empty() {
            self.open("except", "");
            self.open("choice", "");
            for value in except {
                self.text("value", &attribute, value);
            }
            self.close("choice");
            self.close("except");
        }
        self.close("data");
    }

    fn any_element_but(&mut self, names: &[String]) {
        self.open("element", "");
        if names.is_empty() {
            self.empty("anyName", "");
        } else {
            self.open("anyName", "");
            self.open("except", "");
            names.iter().for_each(|name| self.text("name", "", name));
            self.close("except");
            self.close("anyName");
        }
        self.empty("ref", &named(ANYTHING));
        self.close("element");
    }

    fn anything(&mut self) {
        self.open("define", &named(ANYTHING));
        self.open("zeroOrMore", "");
        self.open("choice", "");
        self.open("attribute", "");
        self.empty("anyName", "");
        self.close("attribute");
        self.empty("text", "");
        self.open("element", "");
        self.empty("anyName", "");
        self.empty("ref", &named(ANYTHING));
        for name in ["element", "choice", "zeroOrMore", "define"] {
            self.close(name);
        }
    }

    fn around(&mut self, name: &str, attributes: &str, inside: &[Pattern]) {
        self.open(name, attributes);
        if inside.is_empty() {
            self.empty("empty", "");
        }
        inside.iter().for_each(|pattern| self.pattern(pattern));
        self.close(name);
    }

    fn open(&mut self, name: &str, attributes: &str) {
        self.line(&format!("<{name}{attributes}>"));
        self.depth += 1;
    }

    fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        self.line(&format!("</{name}>"));
    }

    fn empty(&mut self, name: &str, attributes: &str) {
        self.line(&format!("<{name}{attributes}/>"));
    }

    fn text(&mut self, name: &str, attributes: &str, text: &str) {
        self.line(&format!("<{name}{attributes}>{}</{name}>", escape_attribute(text)));
    }

    fn line(&mut self, text: &str) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        self.out.push_str(text);
        self.out.push('\n');
    }
}

fn named(name: &str) -> String {
    format!(" name=\"{}\"", escape_attribute(name))
}

#[cfg(test)]
mod tests {
    use super::{Grammar, Pattern};

    #[test]
    fn a_grammar_is_written_and_is_xml() {
        let value = Pattern::Data {
            kind: "string",
            parameters: vec![("pattern", "a<b".to_owned())],
            except: vec!["no".to_owned()],
        };
        let grammar = Grammar {
            start: Pattern::Ref("root".to_owned()),
            definitions: vec![(
                "root".to_owned(),
                Pattern::Element(
                    "r".to_owned(),
                    vec![
                        Pattern::attribute("x", value).optional(),
                        Pattern::AnyElementBut(vec!["r".to_owned()]).any_number(),
                    ],
                ),
            )],
        };
        let document = crate::Document::parse(&grammar.to_xml()).unwrap();
        let definitions: Vec<_> = document.root().children_named("define").collect();
        let names: Vec<_> = definitions.iter().map(|definition| definition.attr("name")).collect();
        assert_eq!(names, [Some("root"), Some("anything")]);
        let data = definitions.first().unwrap().path(&["element", "optional", "attribute", "data"]);
        assert_eq!(data.and_then(|data| data.attr("type")), Some("string"));
    }
}
