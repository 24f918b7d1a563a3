//! Steps that run at the same time, each a process of its own: most of them wait (for a token's timeout, for
//! a machine to boot), and the processors may build meanwhile.
//!
//! **Always:** what a step says stands together, below its name, when it has ended; nothing begins after a
//! failure, and what is under way then ends as it would have. The end of what failed stands last once more:
//! hours later an output's end is all that is left of it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Instant;

/// Lines of a step that failed that are told last.
const TOLD_LAST: usize = 60;

/// What a step does with the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Load {
    /// It has all processors busy; of these one runs at a time.
    Computes,
    /// It waits more than it computes.
    Waits,
}

/// One step.
pub(crate) struct Step {
    pub(crate) name: String,
    pub(crate) load: Load,
    /// Begins when the one of this name has ended well.
    pub(crate) after: Option<&'static str>,
    pub(crate) command: Command,
}

impl Step {
    /// A step that has this program do something else.
    pub(crate) fn own(name: &str, load: Load, after: &'static str, words: &[&str]) -> Self {
        // The program's file may be another by then: what is built here may be built anew.
        let mut command = Command::new("/proc/self/exe");
        command.args(words);
        Self { name: name.to_owned(), load, after: Some(after), command }
    }
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Begun(Instant),
    Done,
    Failed,
}

/// Runs all steps; those that stand first begin first. What they say is in this folder until they end.
///
/// # Errors
/// Names those that failed.
pub(super) fn run(steps: Vec<Step>, folder: &Path) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    println!(
        "-- from here on several at a time; what they say until they end: {}",
        folder.display()
    );
    let (say, ended) = mpsc::channel();
    let mut all =
        All { phases: vec![Phase::Waiting; steps.len()], steps, folder: folder.to_owned() };
    loop {
        while let Some(next) = all.next() {
            all.begin(next, &say)?;
        }
        if !all.phases.iter().any(|phase| matches!(phase, Phase::Begun(_))) {
            break;
        }
        let (at, status) = ended.recv().map_err(|error| error.to_string())?;
        all.end(at, status)?;
    }
    all.tell_failures()?;
    all.verdict()
}

/// How it ended; how its end could not be waited for.
type Ended = std::io::Result<ExitStatus>;

struct All {
    steps: Vec<Step>,
    phases: Vec<Phase>,
    folder: PathBuf,
}

impl All {
    fn each(&self) -> impl Iterator<Item = (&Step, Phase)> {
        self.steps.iter().zip(self.phases.iter().copied())
    }

    /// The first that may begin now.
    fn next(&self) -> Option<usize> {
        let running = |load: Load| {
            let begun = |(step, phase): &(&Step, Phase)| {
                step.load == load && matches!(phase, Phase::Begun(_))
            };
            self.each().filter(begun).count()
        };
        let most_waiting = super::processors() + 1;
        let may = |(step, phase): (&Step, Phase)| {
            let has_room = match step.load {
                Load::Computes => running(Load::Computes) == 0,
                Load::Waits => running(Load::Waits) < most_waiting,
            };
            phase == Phase::Waiting && has_room && self.is_ready(step)
        };
        if self.phases.contains(&Phase::Failed) {
            return None;
        }
        self.each().position(may)
    }

    fn is_ready(&self, step: &Step) -> bool {
        let done =
            |name: &str| self.each().any(|(of, phase)| of.name == name && phase == Phase::Done);
        step.after.is_none_or(done)
    }

    fn output(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.log", name.replace(' ', "-")))
    }

    fn begin(&mut self, at: usize, say: &mpsc::Sender<(usize, Ended)>) -> Result<(), String> {
        let Some(name) = self.steps.get(at).map(|step| step.name.clone()) else { return Ok(()) };
        let path = self.output(&name);
        let failed = |error| format!("{}: {error}", path.display());
        let output = File::create(&path).map_err(failed)?;
        let errors = output.try_clone().map_err(failed)?;
        let (Some(step), Some(phase)) = (self.steps.get_mut(at), self.phases.get_mut(at)) else {
            return Ok(());
        };
        let command = step.command.stdin(Stdio::null()).stdout(output).stderr(errors);
        let mut child = command.spawn().map_err(|error| format!("{name} does not run: {error}"))?;
        println!("-- {name} begins");
        *phase = Phase::Begun(Instant::now());
        let say = say.clone();
        // Nobody listens when something failed that stops all.
        std::thread::spawn(move || drop(say.send((at, child.wait()))));
        Ok(())
    }

    fn end(&mut self, at: usize, status: Ended) -> Result<(), String> {
        let (Some(step), Some(phase)) = (self.steps.get(at), self.phases.get(at)) else {
            return Ok(());
        };
        let output = self.said(&step.name)?;
        let took = match phase {
            Phase::Begun(start) => start.elapsed().as_secs_f64(),
            Phase::Waiting | Phase::Done | Phase::Failed => 0.0,
        };
        println!("-- {}", step.name);
        for line in output.lines() {
            println!("{line}");
        }
        let now = match status {
            Ok(status) if status.success() => {
                println!("   {}: {took:.1} s", step.name);
                Phase::Done
            }
            Ok(status) => {
                println!("   {} failed after {took:.1} s: {status}", step.name);
                Phase::Failed
            }
            Err(error) => return Err(format!("{}: {error}", step.name)),
        };
        if let Some(phase) = self.phases.get_mut(at) {
            *phase = now;
        }
        Ok(())
    }

    /// What one has said so far.
    fn said(&self, name: &str) -> Result<String, String> {
        let path = self.output(name);
        let output = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(String::from_utf8_lossy(&output).into_owned())
    }

    /// Once more, since others have said much since.
    fn tell_failures(&self) -> Result<(), String> {
        for (step, _) in self.each().filter(|(_, phase)| *phase == Phase::Failed) {
            println!("-- {} failed; the end of what it said:", step.name);
            for line in last(&self.said(&step.name)?, TOLD_LAST) {
                println!("{line}");
            }
        }
        Ok(())
    }

    fn verdict(&self) -> Result<(), String> {
        let named = |wanted: Phase| {
            let of = self.each().filter(|(_, phase)| *phase == wanted);
            of.map(|(step, _)| step.name.clone()).collect::<Vec<_>>().join(", ")
        };
        let (failed, not_begun) = (named(Phase::Failed), named(Phase::Waiting));
        match (failed.as_str(), not_begun.as_str()) {
            ("", "") => Ok(()),
            ("", left) => Err(format!("nothing lets these begin: {left}")),
            (failed, "") => Err(format!("failed: {failed}")),
            (failed, left) => Err(format!("failed: {failed}; not begun after that: {left}")),
        }
    }
}

/// So many lines of a text at most, those at its end.
fn last(text: &str, most: usize) -> impl Iterator<Item = &str> {
    text.lines().skip(text.lines().count().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(name: &str, load: Load, after: Option<&'static str>, shell: &str) -> Step {
        let mut command = Command::new("sh");
        command.args(["-c", shell]);
        Step { name: name.to_owned(), load, after, command }
    }

    #[test]
    fn steps_wait_for_what_they_need_and_run_beside_others() {
        let folder = std::env::temp_dir().join(format!("quorate-steps-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let at = folder.display();
        // The second can end only while the third runs, and the third only when the first has ended.
        let steps = vec![
            step("first", Load::Computes, None, &format!("echo 1 >{at}/first")),
            step(
                "second",
                Load::Waits,
                None,
                &format!("until [ -e {at}/third ]; do sleep 0.01; done"),
            ),
            step("third", Load::Computes, Some("first"), &format!("cp {at}/first {at}/third")),
        ];
        assert_eq!(run(steps, &folder), Ok(()));
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn after_a_failure_nothing_begins() {
        let steps = vec![
            step("bad", Load::Waits, None, "exit 3"),
            step("next", Load::Waits, Some("bad"), "exit 0"),
        ];
        let folder = std::env::temp_dir().join(format!("quorate-failing-{}", std::process::id()));
        let said = run(steps, &folder).unwrap_err();
        assert_eq!(said, "failed: bad; not begun after that: next");
        let lost = vec![step("lost", Load::Waits, Some("nothing"), "exit 0")];
        assert_eq!(run(lost, &folder).unwrap_err(), "nothing lets these begin: lost");
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn an_end_is_told() {
        assert_eq!(last("a\nb\nc\n", 2).collect::<Vec<_>>(), ["b", "c"]);
        assert_eq!(last("a\n", 2).collect::<Vec<_>>(), ["a"]);
        assert_eq!(last("", 2).count(), 0);
    }
}
