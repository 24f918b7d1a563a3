//! A legacy package and its control script as a modular file.
//!
//! Of a script only the assignments are read that its template has; what else it does is said, since only its author
//! knows what it is for. Field word: Serviceguard `cmmigratepkg`.

use std::collections::BTreeMap;

use crate::outline::{Entry, Outline, Place};
use crate::table::Of;
use crate::text::Text;

/// A file, and what is left to do by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    pub text: String,
    pub by_hand: Vec<String>,
}

/// Parameters that only legacy packages have, or whose values are in the script.
const LEFT_OUT: [&str; 8] = [
    "run_script",
    "halt_script",
    "storage_group",
    "path",
    "module_name",
    "module_version",
    "operation_sequence",
    "package_name",
];

/// Makes a modular file of a package's file and, if it is legacy, its control script.
pub fn migrated(text: &Text, script: &str) -> Migrated {
    let outline = Outline::of(Of::Package, text);
    let script = Script::read(script);
    let name = outline.one("package_name").map_or_else(String::new, |name| name.value);
    let mut file = format!("package_name {name}\nmodule_name sg/all\n");
    for (at, entry) in outline.entries.iter().enumerate() {
        let is_top = entry.place == Place::File;
        if !is_top || LEFT_OUT.contains(&entry.parameter.name) {
            continue;
        }
        say(&mut file, name_of(entry), &entry.value);
        for below in outline.entries.iter().filter(|below| below.place == Place::Below(at)) {
            say(&mut file, name_of(below), &below.value);
        }
        if entry.parameter.name == "service_name" {
            script.service(&mut file, &entry.value);
        }
    }
    script.rest(&mut file, &outline);
    Migrated { text: file, by_hand: script.by_hand() }
}

/// Variables keep their own names.
fn name_of(entry: &Entry) -> String {
    match entry.parameter.name {
        "pev_*" => entry.name.to_lowercase(),
        name => name.to_owned(),
    }
}

fn say(file: &mut String, name: impl AsRef<str>, value: &str) {
    let value = value.trim();
    if value.is_empty() {
        return;
    }
    let is_quoted = value.contains(['#', '"']) || name.as_ref() == "service_cmd";
    let value =
        if is_quoted { format!("\"{}\"", value.replace('"', "\\\"")) } else { value.into() };
    file.push_str(&format!("{} {value}\n", name.as_ref()));
}

/// What a control script of the template says.
struct Script {
    arrays: BTreeMap<String, BTreeMap<u32, String>>,
    single: BTreeMap<String, String>,
    /// Functions of its author that do something.
    functions: Vec<&'static str>,
}

const FUNCTIONS: [&str; 2] = ["customer_defined_run_cmds", "customer_defined_halt_cmds"];

impl Script {
    fn read(text: &str) -> Self {
        let mut script =
            Self { arrays: BTreeMap::new(), single: BTreeMap::new(), functions: Vec::new() };
        let mut inside = None;
        for line in text.lines().map(str::trim) {
            if let Some(function) = FUNCTIONS.iter().find(|name| begins(line, name)) {
                inside = Some(*function);
                continue;
            }
            if let Some(function) = inside {
                if line == "}" {
                    inside = None;
                } else if does_something(line) && !script.functions.contains(&function) {
                    script.functions.push(function);
                }
                continue;
            }
            words(line).iter().for_each(|word| script.take(word));
        }
        script
    }

    /// `NAME=value` or `NAME[0]=value`.
    fn take(&mut self, word: &str) {
        let Some((name, value)) = word.split_once('=') else { return };
        let value = value.to_owned();
        match name.split_once('[').and_then(|(name, rest)| Some((name, rest.strip_suffix(']')?))) {
            Some((name, number)) => {
                let Ok(number) = number.parse() else { return };
                self.arrays.entry(name.to_owned()).or_default().insert(number, value);
            }
            None => drop(self.single.insert(name.to_owned(), value)),
        }
    }

    fn array(&self, name: &str) -> impl Iterator<Item = (u32, &str)> {
        let all = self.arrays.get(name).into_iter().flatten();
        all.map(|(number, value)| (*number, value.as_str())).filter(|(_, value)| !value.is_empty())
    }

    fn at(&self, name: &str, number: u32) -> &str {
        self.arrays.get(name).and_then(|all| all.get(&number)).map_or("", String::as_str)
    }

    /// The command of a service and how often it is run again, which the package's file does not say.
    fn service(&self, file: &mut String, name: &str) {
        let Some((number, _)) = self.array("SERVICE_NAME").find(|(_, known)| *known == name) else {
            return;
        };
        say(file, "service_cmd", self.at("SERVICE_CMD", number));
        let restart = self.at("SERVICE_RESTART", number);
        let restart = match restart.strip_prefix("-r").map(str::trim) {
            Some(count) => count,
            None if restart.trim() == "-R" => "unlimited",
            None => "none",
        };
        say(file, "service_restart", restart);
    }

    /// What is in the script alone.
    fn rest(&self, file: &mut String, outline: &Outline) {
        let known = outline.all("service_name");
        for (_, name) in self.array("SERVICE_NAME") {
            if !known.iter().any(|said| said.value == name) {
                say(file, "service_name", name);
                self.service(file, name);
            }
        }
        say(file, "vgchange_cmd", self.single.get("VGCHANGE").map_or("", String::as_str));
        for (name, parameter) in [("VG", "vg"), ("CVM_DG", "cvm_dg"), ("VXVM_DG", "vxvm_dg")] {
            self.array(name).for_each(|(_, value)| say(file, parameter, value));
        }
        for (name, parameter) in [
            ("FS_UMOUNT_COUNT", "fs_umount_retry_count"),
            ("FS_MOUNT_RETRY_COUNT", "fs_mount_retry_count"),
        ] {
            say(file, parameter, self.single.get(name).map_or("", String::as_str));
        }
        for (number, device) in self.array("LV") {
            say(file, "fs_name", device);
            for (name, parameter) in [
                ("FS", "fs_directory"),
                ("FS_TYPE", "fs_type"),
                ("FS_MOUNT_OPT", "fs_mount_opt"),
                ("FS_UMOUNT_OPT", "fs_umount_opt"),
                ("FS_FSCK_OPT", "fs_fsck_opt"),
            ] {
                say(file, parameter, self.at(name, number));
            }
        }
        for (number, address) in self.array("IP") {
            say(file, "ip_subnet", self.at("SUBNET", number));
            say(file, "ip_address", address);
        }
    }

    fn by_hand(&self) -> Vec<String> {
        let mut left = Vec::new();
        if !self.functions.is_empty() {
            let list = self.functions.join(" and ");
            left.push(format!("{list}: write an external_script with start, stop and validate"));
        }
        for (name, what) in [
            ("DEFERRED_RESOURCE_NAME", "resources say themselves when they count (resource_start)"),
            ("DTC_NAME", "nothing has its place"),
        ] {
            if self.array(name).next().is_some() {
                left.push(format!("{name}: {what}"));
            }
        }
        let all = self
            .arrays
            .iter()
            .flat_map(|(name, values)| values.values().map(move |value| (name, value)));
        let mut varied: Vec<&str> =
            all.filter(|(_, value)| value.contains('$')).map(|(name, _)| name.as_str()).collect();
        varied.dedup();
        for name in varied {
            left.push(format!("{name}: no shell reads the value, write what $ stands for"));
        }
        if self.arrays.is_empty() {
            left.push(
                "the script has nothing of the template: what it starts must be said".to_owned(),
            );
        }
        left
    }
}

fn begins(line: &str, function: &str) -> bool {
    let line = line.strip_prefix("function ").map_or(line, str::trim_start);
    line.strip_prefix(function)
        .is_some_and(|rest| matches!(rest.trim_start().chars().next(), None | Some('(' | '{')))
}

/// A line of a function that is not only there so that it has one, as in the template.
fn does_something(line: &str) -> bool {
    let nothing = ["", "{", ":", "return", "return 0"];
    !line.starts_with('#')
        && !nothing.contains(&line)
        && !line.starts_with("test_return ")
        && !line.starts_with(": #")
}

/// Words of a line, parted by blanks and semicolons outside of quotes, without quotes and without a comment.
fn words(line: &str) -> Vec<String> {
    let (mut found, mut word, mut quote) = (Vec::new(), String::new(), None);
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None | Some('"'), '\\') => word.extend(letters.next()),
            (None, '#') if word.is_empty() => break,
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, letter) if letter == ';' || letter.is_whitespace() => {
                found.push(std::mem::take(&mut word));
            }
            _ => word.push(letter),
        }
    }
    found.push(word);
    found.retain(|word| !word.is_empty());
    found
}
