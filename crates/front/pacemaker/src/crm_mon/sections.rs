//! Which sections are shown: defaults, and what `--include`, `--exclude` and the options that stand
//! for them make of these.

use crate::options::Given;
use crate::output::Format;
use crate::status::Sections;
use crate::tool::Trouble;

const NAMES: [(&str, Sections); 19] = [
    ("attributes", Sections::ATTRIBUTES),
    ("bans", Sections::BANS),
    ("counts", Sections::COUNTS),
    ("dc", Sections::COORDINATOR),
    ("failcounts", Sections::FAIL_COUNTS),
    ("failures", Sections::FAILURES),
    ("fencing", Sections::FENCING),
    ("fencing-failed", Sections::FENCING_FAILED),
    ("fencing-pending", Sections::FENCING_PENDING),
    ("fencing-succeeded", Sections::FENCING_DONE),
    ("maint-mode", Sections::MAINTENANCE),
    ("nodes", Sections::NODES),
    ("operations", Sections::OPERATIONS),
    ("options", Sections::OPTIONS),
    ("resources", Sections::RESOURCES),
    ("stack", Sections::STACK),
    ("summary", Sections::SUMMARY),
    ("tickets", Sections::TICKETS),
    ("times", Sections::TIMES),
];

/// What is wanted of a status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) sections: Sections,
    /// Bans whose ids begin so.
    pub(super) bans: String,
    /// Every fencing, not only the last of each kind.
    pub(super) all_fencing: bool,
}

/// Reads the options in their order.
pub(super) fn choose(given: &[Given], format: Format) -> Result<Chosen, Trouble> {
    // Fencing that failed or is under way is told of, if nobody minds.
    let sections = match format {
        Format::Text | Format::Html => default(format) | FENCING_BY_DEFAULT,
        Format::Xml | Format::Nothing => default(format),
    };
    let mut chosen = Chosen { sections, bans: String::new(), all_fencing: false };
    if given.iter().any(|option| option.name == "watch-fencing") {
        chosen.sections = chosen.sections.without(Sections::FENCING);
    }
    if given.iter().any(|option| option.name == "quiet") {
        chosen.sections = chosen.sections.without(Sections::TIMES);
    }
    for Given { name, value, .. } in given {
        match *name {
            "include" => chosen.include(value, format)?,
            "exclude" => chosen.exclude(value, format)?,
            "hide-headers" => chosen.sections = chosen.sections.without(Sections::SUMMARY),
            "show-node-attributes" => chosen.add(Sections::ATTRIBUTES),
            "failcounts" => chosen.add(Sections::FAIL_COUNTS),
            "operations" => chosen.add(Sections::FAIL_COUNTS | Sections::OPERATIONS),
            "timing-details" => chosen.add(Sections::OPERATIONS),
            "tickets" => chosen.add(Sections::TICKETS),
            "neg-locations" => {
                chosen.add(Sections::BANS);
                chosen.bans.clone_from(value);
            }
            "fence-history" => chosen.fencing(value)?,
            _ => {}
        }
    }
    Ok(chosen)
}

const FENCING_BY_DEFAULT: Sections = Sections::FENCING_FAILED.with(Sections::FENCING_PENDING);

fn all(format: Format) -> Sections {
    match format {
        Format::Text => Sections::ALL.without(Sections::OPTIONS),
        Format::Xml | Format::Html | Format::Nothing => Sections::ALL,
    }
}

fn default(format: Format) -> Sections {
    match format {
        Format::Text | Format::Html => {
            Sections::SUMMARY | Sections::NODES | Sections::RESOURCES | Sections::FAILURES
        }
        Format::Xml => all(format),
        Format::Nothing => Sections::NONE,
    }
}

impl Chosen {
    fn add(&mut self, sections: Sections) {
        self.sections = self.sections | sections;
    }

    fn include(&mut self, list: &str, format: Format) -> Result<(), Trouble> {
        for name in list.split(',') {
            match (name, name.strip_prefix("bans")) {
                ("all", _) => self.sections = all(format),
                ("none", _) => self.sections = Sections::NONE,
                ("default" | "defaults", _) => self.add(default(format)),
                (_, Some(prefix)) => {
                    self.add(Sections::BANS);
                    self.bans = prefix.strip_prefix(':').unwrap_or_default().to_owned();
                }
                (name, None) => self.add(section(name).ok_or_else(|| unknown("--include"))?),
            }
        }
        Ok(())
    }

    fn exclude(&mut self, list: &str, format: Format) -> Result<(), Trouble> {
        for name in list.split(',') {
            self.sections = match name {
                "all" => Sections::NONE,
                "none" => all(format),
                name => {
                    let section = section(name).ok_or_else(|| unknown("--exclude"))?;
                    self.sections.without(section)
                }
            };
        }
        Ok(())
    }

    fn fencing(&mut self, level: &str) -> Result<(), Trouble> {
        let level = match level {
            "" => 2,
            level => level
                .parse()
                .ok()
                .filter(|level| *level < 4)
                .ok_or_else(|| Trouble::usage("Fence history must be 0-3"))?,
        };
        self.set_fencing(level);
        Ok(())
    }

    /// How much of fencing is told, from 0 to 3.
    pub(super) fn set_fencing(&mut self, level: u8) {
        self.sections = self.sections.without(Sections::FENCING);
        self.all_fencing = level > 2;
        match level {
            0 => {}
            1 => self.add(FENCING_BY_DEFAULT),
            _ => self.add(Sections::FENCING),
        }
    }

    /// The same, as it is.
    pub(super) fn fencing_level(&self) -> u8 {
        if self.all_fencing {
            3
        } else if self.sections.has(Sections::FENCING_DONE) {
            2
        } else {
            u8::from(self.sections.has(Sections::FENCING))
        }
    }
}

fn section(name: &str) -> Option<Sections> {
    NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, section)| *section)
}

fn unknown(option: &str) -> Trouble {
    let is_include = option == "--include";
    let mut names: Vec<&str> = NAMES.iter().map(|(name, _)| *name).collect();
    names.extend(if is_include { ["all", "default"].as_slice() } else { &["all"] });
    names.push("none");
    names.sort_unstable();
    let names = names.join(", ");
    let names = if is_include { names.replacen("bans", "bans[:PREFIX]", 1) } else { names };
    Trouble::usage(format!("{option} options: {names}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(format: Format, options: &[(&'static str, &str)]) -> Result<Chosen, Trouble> {
        let given: Vec<Given> = options
            .iter()
            .map(|(name, value)| Given {
                name,
                value: (*value).to_owned(),
                written: String::new(),
                attached: false,
            })
            .collect();
        choose(&given, format)
    }

    #[test]
    fn sections_are_chosen_from_left_to_right() {
        let only = chosen(Format::Text, &[("include", "none,nodes")]).unwrap();
        assert_eq!(only.sections, Sections::NODES);
        let none = chosen(Format::Text, &[("include", "nodes"), ("exclude", "all")]).unwrap();
        assert_eq!(none.sections, Sections::NONE);
        let bans = chosen(Format::Text, &[("exclude", "all"), ("include", "bans:cli-")]).unwrap();
        assert_eq!((bans.sections, bans.bans.as_str()), (Sections::BANS, "cli-"));
        let all = chosen(Format::Xml, &[]).unwrap();
        assert!(all.sections.has(Sections::OPTIONS) && all.sections.has(Sections::TICKETS));
    }

    #[test]
    fn what_is_no_section_is_refused_with_those_that_are() {
        let refused = chosen(Format::Text, &[("include", "list")]).unwrap_err();
        let words = "--include options: all, attributes, bans[:PREFIX], counts, dc, default, \
                     failcounts, failures, fencing, fencing-failed, fencing-pending, \
                     fencing-succeeded, maint-mode, nodes, none, operations, options, resources, \
                     stack, summary, tickets, times";
        assert_eq!(refused, Trouble::usage(words));
    }
}
