//! One fencing on its way: levels, devices, checks, tries.

use std::time::Duration;

use wire::peer::Evidence;

use crate::device::{Device, HostCheck};

/// One fencing on its way.
///
/// A level's devices are used one after the other; a `reboot` with several devices turns all off
/// and then all on, so that no power supply keeps the node alive. When a device fails its last
/// try, the next level's turn comes; after the last level the fencing has failed.
#[derive(Clone, Debug)]
pub struct Fencing {
    target: Target,
    action: String,
    timeout: Duration,
    levels: Vec<Vec<Device>>,
    level: usize,
    /// What is left to do on this level, the next at the end.
    todo: Vec<Todo>,
    tries_left: u32,
    attempt: u32,
    last_failure: String,
}

/// The node to fence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    pub name: String,
    /// Its id in the document.
    pub id: String,
}

#[derive(Clone, Debug)]
struct Todo {
    device: Device,
    /// `list`, `status`, `off`, `on` or `reboot`.
    action: String,
    /// Whether failing it fails the fencing. Turning on again what is proven off does not.
    needed: bool,
}

/// One run of a fence agent to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counts up within the fencing; answers to an older one are ignored.
    pub number: u32,
    pub device: String,
    pub agent: String,
    pub action: String,
    /// What the agent gets on its standard input, action and port included.
    pub parameters: Vec<(String, String)>,
    pub delay: Duration,
    pub timeout: Duration,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    Use(Attempt),
    Done(Devices),
    Failed(String),
    /// The answer was to an older attempt.
    Nothing,
}

/// The devices that reported success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Devices(Vec<String>);

impl Devices {
    /// As evidence, gathered by the node called `by`.
    pub fn evidence(self, by: &str) -> Evidence {
        Evidence::Devices { devices: self.0, by: by.to_owned() }
    }
}

impl Fencing {
    /// A fencing of `target` by `levels` (see [`crate::levels_for`]); devices that by
    /// configuration cannot fence it are left out. `timeout` is for one run, unless the device
    /// has its own.
    pub fn new(target: Target, action: &str, timeout: Duration, levels: Vec<Vec<Device>>) -> Self {
        let suits = |device: &Device| match device.host_check() {
            HostCheck::StaticList => device.lists(&target.name),
            HostCheck::DynamicList | HostCheck::Status | HostCheck::None => true,
        };
        let levels = levels.into_iter().filter(|level| level.iter().all(suits)).collect();
        Self {
            target,
            action: action.to_owned(),
            timeout,
            levels,
            level: 0,
            todo: Vec::new(),
            tries_left: 0,
            attempt: 0,
            last_failure: String::new(),
        }
    }

    /// The node.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// `off`, `reboot` or `on`.
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The first thing to do.
    pub fn begin(&mut self) -> Next {
        match self.levels.first() {
            Some(level) => {
                self.todo = todo(level, &self.action);
                self.next_device()
            }
            None => Next::Failed(format!("no fence device can fence {}", self.target.name)),
        }
    }

    /// The answer to an attempt: whether the agent succeeded, and what it wrote.
    pub fn answered(&mut self, attempt: u32, result: Result<&str, &str>) -> Next {
        if attempt != self.attempt {
            return Next::Nothing;
        }
        let Some(current) = self.todo.last() else { return Next::Nothing };
        let outcome = match (current.action.as_str(), result) {
            ("list", Ok(output)) if !lists(output, current.device.port(&self.target.name)) => {
                Err(format!("{} does not know {}", current.device.id, self.target.name))
            }
            (_, Ok(_)) => Ok(()),
            (_, Err(reason)) => Err(format!("{}: {reason}", current.device.id)),
        };
        match outcome {
            Ok(()) => {
                self.todo.pop();
                self.next_device()
            }
            Err(reason) => self.failed(reason),
        }
    }

    fn failed(&mut self, reason: String) -> Next {
        self.last_failure = reason;
        self.tries_left = self.tries_left.saturating_sub(1);
        if self.tries_left > 0 {
            return self.attempt();
        }
        if self.todo.last().is_some_and(|todo| !todo.needed) {
            self.todo.pop();
            return self.next_device();
        }
        self.level += 1;
        match self.levels.get(self.level) {
            Some(level) => {
                self.todo = todo(level, &self.action);
                self.next_device()
            }
            None => Next::Failed(self.last_failure.clone()),
        }
    }

    fn next_device(&mut self) -> Next {
        match self.todo.last() {
            Some(todo) => {
                self.tries_left = todo.device.tries(&todo.action);
                self.attempt()
            }
            None => {
                let level = self.levels.get(self.level).map_or(&[][..], Vec::as_slice);
                Next::Done(Devices(level.iter().map(|device| device.id.clone()).collect()))
            }
        }
    }

    fn attempt(&mut self) -> Next {
        self.attempt += 1;
        let Some(todo) = self.todo.last() else { return Next::Nothing };
        let device = &todo.device;
        let agent_action = device.agent_action(&todo.action);
        let mut parameters = vec![("action".to_owned(), agent_action.to_owned())];
        let own = device.agent_parameters();
        parameters.extend(own.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if todo.action != "list" {
            let port = device.port(&self.target.name).to_owned();
            parameters.push(("nodename".to_owned(), self.target.name.clone()));
            if let Some(name) = device.port_parameter()
                && !device.parameters.contains_key(name)
            {
                parameters.push((name.to_owned(), port));
            }
        }
        Next::Use(Attempt {
            number: self.attempt,
            device: device.id.clone(),
            agent: device.agent.clone(),
            action: todo.action.clone(),
            parameters,
            delay: self.delay(todo),
            timeout: device.timeout(&todo.action).unwrap_or(self.timeout),
        })
    }

    /// Only the first act against a node is delayed: the delay exists so that of two nodes that
    /// fence each other one is faster. The part that is to be random comes from the names, so
    /// that the same fencing waits the same time in every replay.
    fn delay(&self, todo: &Todo) -> Duration {
        if self.attempt > 1 || !matches!(todo.action.as_str(), "off" | "reboot") {
            return Duration::ZERO;
        }
        let (base, max) = todo.device.delay(&self.target.name);
        let spread = u64::try_from((max - base).as_millis()).unwrap_or(u64::MAX);
        let seed = self.target.name.bytes().chain(todo.device.id.bytes());
        let hash = seed.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        base + Duration::from_millis(hash.checked_rem(spread).unwrap_or(0))
    }
}

/// A level's work, the first at the end.
fn todo(level: &[Device], action: &str) -> Vec<Todo> {
    let phases: &[(&str, bool)] = match (action, level.len()) {
        ("reboot", 2..) => &[("off", true), ("on", false)],
        ("reboot", _) => &[("reboot", true)],
        ("on", _) => &[("on", true)],
        _ => &[("off", true)],
    };
    let mut todo: Vec<Todo> = Vec::new();
    for device in level {
        let check = match device.host_check() {
            HostCheck::DynamicList => Some("list"),
            HostCheck::Status => Some("status"),
            HostCheck::StaticList | HostCheck::None => None,
        };
        if let Some(check) = check {
            todo.push(Todo { device: device.clone(), action: check.to_owned(), needed: true });
        }
    }
    for (action, needed) in phases {
        todo.extend(level.iter().map(|device| Todo {
            device: device.clone(),
            action: (*action).to_owned(),
            needed: *needed,
        }));
    }
    todo.reverse();
    todo
}

/// Whether the output of a fence agent's `list` (`port[,alias...]` a line) names `port`.
fn lists(output: &str, port: &str) -> bool {
    output
        .lines()
        .flat_map(|line| line.split([',', ' ', '\t']))
        .any(|name| name.eq_ignore_ascii_case(port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn device(id: &str, parameters: &[(&str, &str)]) -> Device {
        let mut all = BTreeMap::from([("pcmk_host_list".to_owned(), "n1".to_owned())]);
        for (name, value) in parameters {
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        Device { id: id.to_owned(), agent: "fence_x".to_owned(), parameters: all, priority: 0 }
    }

    fn fencing(action: &str, levels: Vec<Vec<Device>>) -> Fencing {
        let target = Target { name: "n1".to_owned(), id: "1".to_owned() };
        Fencing::new(target, action, Duration::from_secs(60), levels)
    }

    /// Plays a script of results; answers `device:action` for each attempt, then the end.
    fn play(mut fencing: Fencing, results: &[Result<&str, &str>]) -> Vec<String> {
        let mut seen = Vec::new();
        let mut next = fencing.begin();
        let mut results = results.iter();
        loop {
            match next {
                Next::Use(attempt) => {
                    seen.push(format!("{}:{}", attempt.device, attempt.action));
                    match results.next() {
                        Some(result) => next = fencing.answered(attempt.number, *result),
                        None => return seen,
                    }
                }
                Next::Done(devices) => {
                    seen.push(format!("done {}", devices.0.join("+")));
                    return seen;
                }
                Next::Failed(reason) => {
                    seen.push(format!("failed {reason}"));
                    return seen;
                }
                Next::Nothing => return seen,
            }
        }
    }

    #[test]
    fn the_second_try_counts_and_the_next_level_follows() {
        let levels = vec![vec![device("a", &[])], vec![device("b", &[])]];
        let ok: Result<&str, &str> = Ok("");
        assert_eq!(
            play(fencing("off", levels.clone()), &[Err("x"), ok]),
            ["a:off", "a:off", "done a"]
        );
        assert_eq!(
            play(fencing("off", levels.clone()), &[Err("x"), Err("x"), ok]),
            ["a:off", "a:off", "b:off", "done b"]
        );
        assert_eq!(
            play(fencing("off", levels), &[Err("x"), Err("x"), Err("y"), Err("y")]).last().unwrap(),
            "failed b: y"
        );
    }

    #[test]
    fn two_power_supplies_are_both_off_before_one_is_on() {
        let levels = vec![vec![device("a", &[]), device("b", &[])]];
        let ok: Result<&str, &str> = Ok("");
        assert_eq!(
            play(fencing("reboot", levels), &[ok, ok, ok, Err("x"), Err("x")]),
            ["a:off", "b:off", "a:on", "b:on", "b:on", "done a+b"]
        );
    }

    #[test]
    fn a_dynamic_list_is_asked_first() {
        let asked = device("a", &[("pcmk_host_check", "dynamic-list")]);
        let yes = play(fencing("off", vec![vec![asked.clone()]]), &[Ok("n0,\nn1,\n"), Ok("")]);
        assert_eq!(yes, ["a:list", "a:off", "done a"]);
        let no = play(fencing("off", vec![vec![asked]]), &[Ok("n0\n"), Ok("n0\n")]);
        assert_eq!(no, ["a:list", "a:list", "failed a does not know n1"]);
    }

    #[test]
    fn without_a_device_it_fails_and_late_answers_do_nothing() {
        let mut fencing = fencing("off", vec![vec![device("a", &[("pcmk_host_list", "n9")])]]);
        assert_eq!(fencing.begin(), Next::Failed("no fence device can fence n1".to_owned()));
        assert_eq!(fencing.answered(7, Ok("")), Next::Nothing);
    }
}
