//! One fencing on its way: levels, devices, checks, tries.

use std::time::Duration;

use wire::peer::Evidence;

use crate::device::{Device, HostCheck, UNFENCING, Unfences};

/// How many runs of a device's agent may be under way at once: for who runs it.
const ACTION_LIMIT: &str = "pcmk_action_limit";

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
    /// The devices that did something to the node on this level.
    used: Vec<String>,
    tries_left: u32,
    attempt: u32,
    last_failure: String,
    /// On top of a device's own delay; `None` once the node was touched.
    delay: Option<Duration>,
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
    /// If the agent cannot do it, it is left out: a check is made in the next best way.
    optional: bool,
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

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer<'a> {
    /// It succeeded, and the agent wrote this.
    Done(&'a str),
    /// Not of this agent, or not of it there, for this reason.
    Unsupported(&'a str),
    /// It failed, for this reason.
    Failed(&'a str),
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
        let suits = |device: &Device| device.may_fence(&target.name);
        let levels = levels.into_iter().filter(|level| level.iter().all(suits)).collect();
        Self {
            target,
            action: action.to_owned(),
            timeout,
            levels,
            level: 0,
            todo: Vec::new(),
            used: Vec::new(),
            tries_left: 0,
            attempt: 0,
            last_failure: String::new(),
            delay: Some(Duration::ZERO),
        }
    }

    /// Waits this long more before the node is touched, for the good of a node with more to lose.
    /// Field word: `priority-fencing-delay`.
    #[must_use]
    pub fn delayed(mut self, by: Duration) -> Self {
        self.delay = Some(by);
        self
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
        self.last_failure = format!("no fence device can fence {}", self.target.name);
        self.begin_level()
    }

    fn begin_level(&mut self) -> Next {
        let Some(level) = self.levels.get(self.level) else {
            return Next::Failed(self.last_failure.clone());
        };
        let may_differ = self.action == "on" && self.level == 0;
        self.todo = if may_differ { unfencing(level) } else { todo(level, &self.action) };
        self.used = Vec::new();
        self.next_device()
    }

    /// The answer to an attempt.
    pub fn answered(&mut self, attempt: u32, answer: Answer<'_>) -> Next {
        if attempt != self.attempt {
            return Next::Nothing;
        }
        let Some(current) = self.todo.last() else { return Next::Nothing };
        let device = &current.device;
        match answer {
            Answer::Done(output)
                if current.action == "list" && !lists(output, device.port(&self.target.name)) =>
            {
                let reason = format!("{} does not know {}", device.id, self.target.name);
                self.failed(reason)
            }
            Answer::Done(_) => {
                if let Some(done) = self.todo.pop().filter(|done| is_act(&done.action))
                    && !self.used.contains(&done.device.id)
                {
                    self.used.push(done.device.id);
                }
                self.next_device()
            }
            Answer::Unsupported(reason) => {
                let reason = format!("{}: {reason}", device.id);
                self.unsupported(reason)
            }
            Answer::Failed(reason) => {
                let reason = format!("{}: {reason}", device.id);
                self.failed(reason)
            }
        }
    }

    /// Another try would have the same answer.
    fn unsupported(&mut self, reason: String) -> Next {
        if self.todo.last().is_some_and(|todo| todo.optional) {
            self.last_failure = reason;
            return self.ask_otherwise();
        }
        self.tries_left = 1;
        self.failed(reason)
    }

    /// What the device cannot be asked it need not be asked.
    fn ask_otherwise(&mut self) -> Next {
        if let Some(Todo { device, action, needed, .. }) = self.todo.pop()
            && action == "list"
        {
            self.todo.push(Todo { device, action: "status".to_owned(), needed, optional: true });
        }
        self.next_device()
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
        if self.action == "on" && self.level == 0 {
            // What a device keeps away, no other one lets back.
            self.levels.truncate(1);
        }
        self.level += 1;
        self.begin_level()
    }

    fn next_device(&mut self) -> Next {
        match self.todo.last() {
            Some(todo) => {
                self.tries_left = todo.device.tries(&todo.action);
                self.attempt()
            }
            None if self.used.is_empty() => {
                self.level += 1;
                self.begin_level()
            }
            None => Next::Done(Devices(std::mem::take(&mut self.used))),
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
            parameters.push(("nodename".to_owned(), self.target.name.clone()));
            parameters.extend(device.port_parameter(&self.target.name));
        }
        if todo.optional && todo.action == "on" {
            parameters.push((UNFENCING.to_owned(), todo.needed.to_string()));
        }
        if let Some(limit) = device.parameters.get(ACTION_LIMIT) {
            parameters.push((ACTION_LIMIT.to_owned(), limit.clone()));
        }
        let delay = self.delay(todo);
        let attempt = Attempt {
            number: self.attempt,
            device: device.id.clone(),
            agent: device.agent.clone(),
            action: todo.action.clone(),
            parameters,
            delay,
            timeout: device.timeout(&todo.action).unwrap_or(self.timeout),
        };
        if touches(&todo.action) {
            self.delay = None;
        }
        Next::Use(attempt)
    }

    /// Only the first act against a node is delayed: the delay exists so that of two nodes that
    /// fence each other one is faster. The part that is to be random comes from the names, so
    /// that the same fencing waits the same time in every replay.
    fn delay(&self, todo: &Todo) -> Duration {
        let Some(more) = self.delay.filter(|_| touches(&todo.action)) else {
            return Duration::ZERO;
        };
        let (base, max) = todo.device.delay(&self.target.name);
        let spread = u64::try_from((max - base).as_millis()).unwrap_or(u64::MAX);
        let seed = self.target.name.bytes().chain(todo.device.id.bytes());
        let hash = seed.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        more + base + Duration::from_millis(hash.checked_rem(spread).unwrap_or(0))
    }
}

fn touches(action: &str) -> bool {
    matches!(action, "off" | "reboot")
}

/// Whether this changes something, and does not only ask.
fn is_act(action: &str) -> bool {
    matches!(action, "on" | "off" | "reboot")
}

/// The work to let a node back to shared storage: by what must do so, and by what says that it must.
fn unfencing(level: &[Device]) -> Vec<Todo> {
    let (sure, unsure): (Vec<Device>, Vec<Device>) =
        level.iter().cloned().partition(|device| device.unfences == Unfences::Yes);
    let asked = unsure.into_iter().map(|device| Todo {
        device,
        action: "on".to_owned(),
        needed: true,
        optional: true,
    });
    // Last what comes first.
    asked.rev().chain(todo(&sure, "on")).collect()
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
            HostCheck::DynamicList => Some(("list", false)),
            HostCheck::Automatic => Some(("list", true)),
            HostCheck::Status => Some(("status", false)),
            HostCheck::StaticList | HostCheck::None => None,
        };
        if let Some((check, optional)) = check {
            let (device, action) = (device.clone(), check.to_owned());
            todo.push(Todo { device, action, needed: true, optional });
        }
    }
    for (action, needed) in phases {
        // What lets a node back to shared storage does so when the node has come back.
        let is_turned = |device: &&Device| *needed || device.unfences != Unfences::Yes;
        todo.extend(level.iter().filter(is_turned).map(|device| Todo {
            device: device.clone(),
            action: (*action).to_owned(),
            needed: *needed,
            optional: !*needed,
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
        Device {
            id: id.to_owned(),
            agent: "fence_x".to_owned(),
            parameters: all,
            priority: 0,
            unfences: Unfences::IfAgentSays,
        }
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
                        Some(Ok(output)) => {
                            next = fencing.answered(attempt.number, Answer::Done(output));
                        }
                        Some(Err("unsupported")) => {
                            next =
                                fencing.answered(attempt.number, Answer::Unsupported("it cannot"));
                        }
                        Some(Err(reason)) => {
                            next = fencing.answered(attempt.number, Answer::Failed(reason));
                        }
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
    fn a_device_that_cannot_be_asked_is_used() {
        let mut open = device("a", &[]);
        open.parameters.clear();
        let levels = vec![vec![open.clone()]];
        let not = Err("unsupported");
        assert_eq!(
            play(fencing("off", levels.clone()), &[not, not, Ok("")]),
            ["a:list", "a:status", "a:off", "done a"]
        );
        assert_eq!(
            play(fencing("off", levels), &[not, Ok(""), Ok("")]),
            ["a:list", "a:status", "a:off", "done a"]
        );
        open.parameters.insert("pcmk_host_check".to_owned(), "dynamic-list".to_owned());
        let refused = play(fencing("off", vec![vec![open]]), &[not, not]);
        assert_eq!(refused, ["a:list", "failed a: it cannot"]);
    }

    #[test]
    fn the_first_act_against_the_node_is_delayed_and_no_other() {
        let slow = [("pcmk_host_check", "dynamic-list"), ("pcmk_delay_base", "3s")];
        let levels = vec![vec![device("a", &slow)], vec![device("b", &slow[1..])]];
        let mut fencing = fencing("off", levels).delayed(Duration::from_secs(4));
        let mut seen = Vec::new();
        let mut next = fencing.begin();
        for answer in [Answer::Done("n1"), Answer::Failed("x"), Answer::Failed("x")] {
            let Next::Use(attempt) = next else { panic!("{next:?}") };
            seen.push((attempt.action, attempt.delay.as_secs()));
            next = fencing.answered(attempt.number, answer);
        }
        let Next::Use(attempt) = next else { panic!("{next:?}") };
        assert_eq!((attempt.device.as_str(), attempt.delay.as_secs()), ("b", 0));
        assert_eq!(seen, [("list".to_owned(), 0), ("off".to_owned(), 7), ("off".to_owned(), 0)]);
    }

    #[test]
    fn storage_is_given_back_when_the_node_is_back() {
        let disk = Device { unfences: Unfences::Yes, ..device("disk", &[]) };
        let levels = vec![vec![device("a", &[]), disk]];
        let ok: Result<&str, &str> = Ok("");
        assert_eq!(
            play(fencing("reboot", levels), &[ok, ok, ok]),
            ["a:off", "disk:off", "a:on", "done a+disk"]
        );
    }

    #[test]
    fn a_node_is_let_back_by_what_says_that_it_kept_it_away() {
        let disk = Device { unfences: Unfences::Yes, ..device("disk", &[]) };
        let (not, ok): (Result<&str, &str>, Result<&str, &str>) = (Err("unsupported"), Ok(""));
        let (a, b) = (device("a", &[]), device("b", &[]));
        let sure = vec![vec![a.clone(), disk]];
        assert_eq!(play(fencing("on", sure), &[ok, not]), ["disk:on", "a:on", "done disk"]);
        let unsure = vec![vec![a.clone(), b.clone()], vec![a], vec![b]];
        let seen = play(fencing("on", unsure.clone()), &[not, ok]);
        assert_eq!(seen, ["a:on", "b:on", "done b"]);
        let seen = play(fencing("on", unsure.clone()), &[not, Err("x"), Err("x")]);
        assert_eq!(seen, ["a:on", "b:on", "b:on", "failed b: x"]);
        // Nothing kept it away: turning it on is all that can be done.
        let seen = play(fencing("on", unsure), &[not, not, ok]);
        assert_eq!(seen, ["a:on", "b:on", "a:on", "done a"]);
    }

    #[test]
    fn without_a_device_it_fails_and_late_answers_do_nothing() {
        let mut fencing = fencing("off", vec![vec![device("a", &[("pcmk_host_list", "n9")])]]);
        assert_eq!(fencing.begin(), Next::Failed("no fence device can fence n1".to_owned()));
        assert_eq!(fencing.answered(7, Answer::Done("")), Next::Nothing);
    }
}
