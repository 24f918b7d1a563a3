//! What happened, as spans.
//!
//! **Always:** what is kept is bounded, however long a failover lasts.

use std::collections::BTreeMap;
use std::time::Duration;

use model::ActionName;
use view::metrics::Noted;
use wire::api::Event;

/// Of one failover; more are counted.
const SPANS_MAX: usize = 2000;

/// Actions and fencings that are under way at a time; of more, only the results are known.
const BEGUN_MAX: usize = 10_000;

/// Runs are measured in these, and one that took less still took some time.
const SHORTEST: Duration = Duration::from_millis(1);

/// A length of time in which one thing was done. Times count from the meter's beginning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) name: String,
    /// Where it was done.
    pub(super) node: String,
    pub(super) start: Duration,
    pub(super) end: Duration,
    pub(super) attributes: Vec<(&'static str, Value)>,
    /// Why it did not end as it should.
    pub(super) failed: Option<String>,
}

/// Of an attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// From the loss to nothing left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failover {
    pub(super) root: Span,
    pub(super) children: Vec<Span>,
    /// Trouble is known since then, and no plan was made yet.
    known: Option<Duration>,
    /// When the last plan was made.
    decided: Option<Duration>,
    left_out: i64,
}

impl Failover {
    fn push(&mut self, span: Span) {
        if self.children.len() < SPANS_MAX {
            self.children.push(span);
        } else {
            self.left_out += 1;
        }
    }
}

/// A device that is being used against a node.
#[derive(Debug)]
struct Attempt {
    began: Duration,
    action: String,
    device: String,
    by: String,
}

impl Attempt {
    fn span(self, target: &str, now: Duration) -> Span {
        let Self { began, action, device, by } = self;
        let mut attributes =
            vec![("quorate.target", target.into()), ("quorate.task", Value::Text(action))];
        if !device.is_empty() {
            attributes.push(("quorate.device", Value::Text(device)));
        }
        let name = format!("fence {target}");
        Span { name, node: by, start: began, end: now, attributes, failed: None }
    }
}

/// Hears all that happens, and keeps what belongs to the failover that is under way.
#[derive(Debug)]
pub(super) struct Recorder {
    /// This node.
    node: String,
    coordinator: Option<String>,
    /// Nodes that will be said to be lost, and when they were last heard of.
    heard: BTreeMap<String, Duration>,
    /// Actions under way, by name and node, and since when.
    begun: BTreeMap<(String, String), Duration>,
    /// By target.
    fencings: BTreeMap<String, Attempt>,
    /// When something happened before what is happening now.
    last: Duration,
    open: Option<Failover>,
}

impl Recorder {
    pub(super) fn new(node: String) -> Self {
        Self {
            node,
            coordinator: None,
            heard: BTreeMap::new(),
            begun: BTreeMap::new(),
            fencings: BTreeMap::new(),
            last: Duration::ZERO,
            open: None,
        }
    }

    pub(super) fn lost_after(&mut self, now: Duration, node: &str, silence: Duration) {
        self.heard.insert(node.to_owned(), now.saturating_sub(silence));
    }

    /// Answers with the failover that is over now, on the node that is to tell of it.
    pub(super) fn note(&mut self, now: Duration, event: &Event, noted: Noted) -> Option<Failover> {
        match event {
            Event::Membership { lost, .. } => self.lost(now, lost),
            Event::Coordinator { node } => self.coordinator = Some(node.clone()),
            Event::Planned { transition, actions, .. } => {
                self.planned(now, *transition, actions.len());
            }
            Event::Started { action, node } if self.begun.len() < BEGUN_MAX => {
                self.begun.insert((action.clone(), node.clone()), now);
            }
            Event::Finished { .. } => self.finished(now, event, noted),
            Event::Fencing { target, action, device, by } if self.fencings.len() < BEGUN_MAX => {
                let (action, device, by) = (action.clone(), device.clone(), by.clone());
                let attempt = Attempt { began: now, action, device, by };
                // The device before it, which was not enough.
                let former = self.fencings.insert(target.clone(), attempt);
                if let Some((former, open)) = former.zip(self.open.as_mut()) {
                    open.push(former.span(target, now));
                }
            }
            Event::Fenced { .. } => self.fenced(now, event),
            Event::Idle => {
                self.begun.clear();
                self.fencings.clear();
            }
            Event::Started { .. }
            | Event::Fencing { .. }
            | Event::Changed { .. }
            | Event::Refused { .. }
            | Event::QuorumIsOthers { .. }
            | Event::MayBeOlder { .. }
            | Event::SetAside { .. } => {}
        }
        self.last = now;
        if noted.over { self.close(now) } else { None }
    }

    /// Begins a failover at `start`, or has the one that is under way begin no later.
    fn trouble(&mut self, start: Duration, now: Duration, cause: &str) -> &mut Failover {
        let node = &self.node;
        let open = self.open.get_or_insert_with(|| Failover {
            root: Span {
                name: "failover".to_owned(),
                node: node.clone(),
                start,
                end: now,
                attributes: vec![("quorate.cause", cause.into())],
                failed: None,
            },
            children: Vec::new(),
            known: None,
            decided: None,
            left_out: 0,
        });
        open.root.start = open.root.start.min(start);
        open.known.get_or_insert(now);
        open
    }

    fn lost(&mut self, now: Duration, lost: &[String]) {
        let observer = self.node.clone();
        for name in lost {
            let heard = self.heard.get(name).copied();
            let open = self.trouble(heard.unwrap_or(now), now, &format!("{name} was lost"));
            if let Some(start) = heard {
                let attributes =
                    vec![("quorate.of", "node".into()), ("quorate.lost", name.as_str().into())];
                open.push(detection(&observer, start, now, attributes));
            }
            self.cut_short(name, now);
        }
        self.heard.clear();
    }

    /// What ran on a node that was lost: nobody will tell how it ended.
    fn cut_short(&mut self, lost: &str, now: Duration) {
        let mut spans = Vec::new();
        self.begun.retain(|(action, node), began| {
            if node == lost {
                spans.push(of_action(action, node, *began, now));
            }
            node != lost
        });
        for mut span in spans {
            span.failed = Some("its node was lost".to_owned());
            self.add(span);
        }
    }

    fn planned(&mut self, now: Duration, transition: u64, actions: usize) {
        let (last, node) = (self.last, self.coordinator.as_ref().unwrap_or(&self.node).clone());
        let Some(open) = &mut self.open else { return };
        let start = open.known.take().unwrap_or(last);
        let number = |number: Option<i64>| Value::Number(number.unwrap_or(i64::MAX));
        let attributes = vec![
            ("quorate.plan", number(transition.try_into().ok())),
            ("quorate.actions", number(actions.try_into().ok())),
        ];
        let name = "decision".to_owned();
        open.push(Span { name, node, start, end: now, attributes, failed: None });
        open.decided = Some(now);
    }

    fn finished(&mut self, now: Duration, event: &Event, noted: Noted) {
        let Event::Finished { action, node, code, status, reason, ms, expected } = event else {
            return;
        };
        let took = Duration::from_millis(*ms).max(SHORTEST);
        let began = self.begun.remove(&(action.clone(), node.clone()));
        let start = began.unwrap_or(now.saturating_sub(took));
        if noted.trouble {
            let unseen =
                noted.unseen_for.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            // Whether its process ended before is known where it ran; others know the run that noticed.
            let since = unseen.map_or(start, |unseen| now.saturating_sub(unseen));
            let cause = format!("{action} on {node} failed");
            let resource = ActionName::parse(action).map_or(action.as_str(), |name| name.resource);
            let attributes =
                vec![("quorate.of", "resource".into()), ("quorate.resource", resource.into())];
            let open = self.trouble(since.min(start), now, &cause);
            open.push(detection(node, since, now, attributes));
        }
        let mut span = of_action(action, node, start, now);
        span.attributes.extend([
            ("quorate.exit_code", Value::Number(i64::from(*code))),
            ("quorate.status", status.as_str().into()),
        ]);
        if !reason.is_empty() {
            span.attributes.push(("quorate.reason", reason.as_str().into()));
        }
        if !expected {
            let without = || format!("{status}, with exit code {code}");
            span.failed = Some(
                Some(reason).filter(|reason| !reason.is_empty()).cloned().unwrap_or_else(without),
            );
        }
        self.add(span);
    }

    fn fenced(&mut self, now: Duration, event: &Event) {
        let Event::Fenced { target, action, succeeded, by, reason } = event else { return };
        let attempt = self.fencings.remove(target);
        let Some(open) = &self.open else { return };
        // Where no device was used (a watchdog, somebody's word) it was waited for since the decision.
        let waited = || Attempt {
            began: open.decided.unwrap_or(open.root.start),
            action: action.clone(),
            device: String::new(),
            by: self.node.clone(),
        };
        let mut span = attempt.unwrap_or_else(waited).span(target, now);
        span.attributes.push(("quorate.by", by.as_str().into()));
        if !reason.is_empty() {
            span.attributes.push(("quorate.reason", reason.as_str().into()));
        }
        span.failed = (!succeeded).then(|| reason.clone());
        self.add(span);
    }

    /// To the failover that is under way, if there is one; what began before it is shown since it began.
    fn add(&mut self, mut span: Span) {
        if let Some(open) = &mut self.open {
            span.start = span.start.max(open.root.start);
            open.push(span);
        }
    }

    fn close(&mut self, now: Duration) -> Option<Failover> {
        let mut failover = self.open.take()?;
        failover.root.end = now;
        if failover.left_out > 0 {
            let left_out = Value::Number(failover.left_out);
            failover.root.attributes.push(("quorate.spans_left_out", left_out));
        }
        // All hear the same; one tells it.
        (self.coordinator.as_deref() == Some(self.node.as_str())).then_some(failover)
    }
}

fn detection(
    node: &str,
    start: Duration,
    end: Duration,
    attributes: Vec<(&'static str, Value)>,
) -> Span {
    let (name, node) = ("detection".to_owned(), node.to_owned());
    Span { name, node, start, end, attributes, failed: None }
}

fn of_action(action: &str, node: &str, start: Duration, end: Duration) -> Span {
    let (name, resource, task) = match ActionName::parse(action) {
        Some(ActionName { resource, task, .. }) => (format!("{task} {resource}"), resource, task),
        None => (action.to_owned(), "", action),
    };
    let attributes = vec![
        ("quorate.action", action.into()),
        ("quorate.resource", resource.into()),
        ("quorate.task", task.into()),
    ];
    Span { name, node: node.to_owned(), start, end, attributes, failed: None }
}
