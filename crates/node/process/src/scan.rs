//! Reading `/proc`.

use std::fs;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use crate::identity::Identity;

/// Longer than becoming another program takes, unless its file cannot be read.
const BECOMING_MAX: Duration = Duration::from_secs(1);

/// Bytes; more than environments usually have.
const AT_ONE_GO: usize = 64 * 1024;

/// One line of `/proc/PID/stat`, as far as anyone here needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    pub pid: u32,
    pub state: char,
    pub parent: u32,
    pub group: u32,
    pub session: u32,
    /// Clock ticks since the boot.
    pub started: u64,
}

impl Stat {
    /// The process with the number `pid`.
    pub fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    /// Who this is.
    pub fn identity(&self) -> Identity {
        Identity { pid: self.pid, started: self.started }
    }

    /// Dead, and only waiting for its parent to ask how it ended.
    pub fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }

    /// The program's name stands in parentheses and may contain anything, parentheses included.
    fn parse(line: &str) -> Option<Self> {
        let (pid, rest) = line.split_once(" (")?;
        let (_, rest) = rest.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        let state = fields.next()?.chars().next()?;
        let mut number = || fields.next()?.parse::<i64>().ok();
        let mut small = || u32::try_from(number()?.max(0)).ok();
        let (parent, group, session) = (small()?, small()?, small()?);
        // Field 22 of the file; 7 to 21 are terminals, faults and times.
        let started = fields.nth(15)?.parse().ok()?;
        Some(Self { pid: pid.parse().ok()?, state, parent, group, session, started })
    }
}

/// Every process that is there, zombies left out.
pub fn all() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(Stat::of)
        .filter(|stat| !stat.is_zombie())
        .collect()
}

/// Children of the process `ancestor`, theirs, and so on. Who is its descendants' subreaper finds
/// here, too, what took its mark off, as `su -` does.
pub fn descendants(ancestor: u32) -> Vec<Stat> {
    let mut others = all();
    let mut family = vec![ancestor];
    let mut found = Vec::new();
    while let Some(parent) = family.pop() {
        for child in others.extract_if(.., |stat| stat.parent == parent) {
            family.push(child.pid);
            found.push(child);
        }
    }
    found
}

/// Members of the session that the process `leader` founded.
pub fn in_session(leader: u32) -> Vec<Stat> {
    all().into_iter().filter(|stat| stat.session == leader).collect()
}

/// Processes whose environment at their start had all of these variables with these values. What
/// we may not look into, as other users' processes, is left out.
pub fn marked(marks: &[(&str, &str)]) -> Vec<Stat> {
    let wanted: Vec<Vec<u8>> =
        marks.iter().map(|(name, value)| format!("{name}={value}").into_bytes()).collect();
    let has_marks = |stat: &Stat| {
        let Some(text) = environment(stat.pid) else { return false };
        let variables: Vec<&[u8]> = text.split(|byte| *byte == 0).collect();
        wanted.iter().all(|mark| variables.contains(&mark.as_slice()))
    };
    all().into_iter().filter(has_marks).collect()
}

/// The variable `name` in the environment that `pid` was started with.
pub fn environment_value(pid: u32, name: &str) -> Option<String> {
    environment(pid)?
        .split(|byte| *byte == 0)
        .filter_map(|variable| std::str::from_utf8(variable).ok()?.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value.to_owned())
}

/// What the process was started with. For the moment in which it becomes another program the kernel
/// shows nothing: who looked just then would count it out, so we look again.
fn environment(pid: u32) -> Option<Vec<u8>> {
    let until = Instant::now() + BECOMING_MAX;
    loop {
        let text = read_environment(pid).ok()?;
        if !text.is_empty() || has_no_environment(pid) || Instant::now() > until {
            return Some(text);
        }
        std::thread::yield_now();
    }
}

/// Reads at one go what there is: the file is the memory of when it was opened, and its next part
/// is empty once the process has another.
fn read_environment(pid: u32) -> io::Result<Vec<u8>> {
    let mut file = fs::File::open(format!("/proc/{pid}/environ"))?;
    let mut text = vec![0; AT_ONE_GO];
    let length = file.read(&mut text)?;
    text.truncate(length);
    if length == AT_ONE_GO {
        file.read_to_end(&mut text)?;
    }
    Ok(text)
}

/// Whether the process is gone, has no memory (as kernel threads and those who are ending), or was
/// started with no variable at all.
fn has_no_environment(pid: u32) -> bool {
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return true };
    let Some((_, rest)) = line.rsplit_once(") ") else { return true };
    // Counted as in the file, whose field 3 is the first of these: 23 is the memory, 27 where the
    // code ends (0 until the program is laid out), 50 and 51 where the environment begins and ends.
    let field = |number: usize| rest.trim_end().split(' ').nth(number - 3);
    field(23) == Some("0") || (field(27) != Some("0") && field(50) == field(51))
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    use super::*;

    #[test]
    fn odd_names_do_not_shift_the_fields() {
        let line = "42 (a) (b 1 2) S 1 40 39 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 777 9 9";
        let stat = Stat::parse(line).unwrap();
        assert_eq!((stat.pid, stat.parent, stat.group, stat.session), (42, 1, 40, 39));
        assert_eq!(stat.started, 777);
        assert_eq!(Stat::parse("42 (cut"), None);
    }

    #[test]
    fn children_and_theirs_are_descendants() {
        let script = "sleep 1000 & echo $!; wait";
        let mut command = std::process::Command::new("sh");
        let mut child = command.args(["-c", script]).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let grandchild: u32 = line.trim().parse().unwrap();
        let pids: Vec<u32> = descendants(std::process::id()).iter().map(|stat| stat.pid).collect();
        let found = [child.id(), grandchild].map(|pid| pids.contains(&pid));
        for stat in descendants(child.id()) {
            assert_eq!(stat.pid, grandchild);
            crate::send(stat.identity(), crate::Signal::Kill).unwrap();
        }
        child.wait().unwrap();
        assert_eq!(found, [true, true]);
        assert!(!pids.contains(&std::process::id()));
    }

    #[test]
    fn own_process_is_found() {
        let own = std::process::id();
        assert!(all().iter().any(|stat| stat.pid == own));
        let session = Stat::of(own).unwrap().session;
        assert!(in_session(session).iter().any(|stat| stat.pid == own));
    }

    #[test]
    fn who_becomes_another_program_keeps_its_mark() {
        let again = "exec sh -c \"$0\" \"$0\"";
        let mut command = std::process::Command::new("sh");
        command.args(["-c", again, again]).env("PROCESS_TEST_AGAIN", "yes");
        let mut child = command.spawn().unwrap();
        let blind = (0..20_000)
            .filter(|_| environment_value(child.id(), "PROCESS_TEST_AGAIN").is_none())
            .count();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(blind, 0);
    }
}
