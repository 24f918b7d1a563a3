//! Who holds a bed: pulls plugs and boots machines, on the word of the fence agent or of whoever
//! owns the bed, and can be in a bad mood.
//!
//! **Not here:** the pipe through which fence agents ask, and the agent ([`crate::serve_power`]
//! serves it for beds that need no more than that).
//!
//! **Always:** *off* is answered when nothing of the node runs any more, and not before. A node that
//! is switched off before it boots does not come up.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::power::{hold, pipe, tell};
use crate::{Bed, Result};

/// How it treats fence agents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// Does what it is asked.
    Good,
    /// Says no.
    Refuses,
    /// Takes its time.
    Slow(Duration),
    /// Says that it is done and does nothing.
    Lies,
}

/// Its threads hold the nodes' lives: they end when the process does.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    root: PathBuf,
    boot_time: Duration,
    plugs: Vec<Plug>,
    mood: Mutex<Mood>,
    /// Whether somebody asked for the end of the bed.
    ended: Mutex<bool>,
    end: Condvar,
    /// What it did, with the moment: for audits and measurements.
    record: Mutex<Vec<(SystemTime, String)>>,
}

/// One node's.
#[derive(Debug)]
struct Plug {
    node: u32,
    wish: Mutex<Wish>,
    changed: Condvar,
}

/// What a node's thread is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Rest,
    BootAt(Instant),
    End,
}

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Keeper {
    /// Starts a thread for each node of the bed, and serves its fence agents. All nodes are off.
    ///
    /// # Errors
    /// When another serves them.
    pub fn hold(bed: &Bed) -> Result<Self> {
        let root = bed.root().to_owned();
        let failed = |error| format!("{}: {error}", pipe(&root).display());
        // Open for writing, too, or it would end with the first agent.
        let requests = fs::File::options().read(true).write(true).open(pipe(&root));
        let requests = requests.map_err(failed)?;
        let held = hold(&root)?;
        let plug = |node| Plug { node, wish: Mutex::new(Wish::Rest), changed: Condvar::new() };
        let shared = Arc::new(Shared {
            root,
            boot_time: Duration::from_millis(bed.plan().boot_ms.into()),
            plugs: bed.plan().numbers().map(plug).collect(),
            mood: Mutex::new(Mood::Good),
            ended: Mutex::new(false),
            end: Condvar::new(),
            record: Mutex::new(Vec::new()),
        });
        for at in 0..shared.plugs.len() {
            let shared = Arc::clone(&shared);
            thread::spawn(move || shared.keep(at));
        }
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            let _held = held;
            for line in BufReader::new(requests).lines().map_while(std::result::Result::ok) {
                let serving = Arc::clone(&serving);
                thread::spawn(move || serving.answer(&line));
            }
        });
        Ok(Self { shared })
    }

    /// Boots a node, at once.
    pub fn on(&self, node: u32) {
        self.shared.set(node, Wish::BootAt(Instant::now()));
    }

    /// Pulls a node's plug.
    ///
    /// # Errors
    /// When its processes do not die.
    pub fn off(&self, node: u32) -> Result<()> {
        self.shared.off(node, "the owner")
    }

    /// How it treats fence agents from now on.
    pub fn set_mood(&self, mood: Mood) {
        *lock(&self.shared.mood) = mood;
    }

    /// What was done so far, with the moments.
    pub fn record(&self) -> Vec<(SystemTime, String)> {
        lock(&self.shared.record).clone()
    }

    /// Waits until somebody asks through the pipe for the end of the bed.
    pub fn wait_end(&self) {
        let ended = lock(&self.shared.ended);
        drop(self.shared.end.wait_while(ended, |ended| !*ended));
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.plugs.iter().for_each(|plug| plug.set(Wish::End));
    }
}

impl Plug {
    fn set(&self, wish: Wish) {
        *lock(&self.wish) = wish;
        self.changed.notify_all();
    }
}

impl Shared {
    fn plug(&self, node: u32) -> Option<&Plug> {
        self.plugs.iter().find(|plug| plug.node == node)
    }

    fn set(&self, node: u32, wish: Wish) {
        self.plug(node).into_iter().for_each(|plug| plug.set(wish));
    }

    fn note(&self, what: String) {
        let line = format!("{:?} {what}\n", SystemTime::now());
        let file =
            fs::OpenOptions::new().create(true).append(true).open(self.root.join("power.log"));
        let _full = file.and_then(|mut file| file.write_all(line.as_bytes()));
        lock(&self.record).push((SystemTime::now(), what));
    }

    /// Boots one node whenever that is wished. The node lives as long as this thread.
    fn keep(&self, at: usize) {
        let Some(plug) = self.plugs.get(at) else { return };
        loop {
            let mut wish = lock(&plug.wish);
            match *wish {
                Wish::End => return,
                Wish::Rest => drop(plug.changed.wait(wish)),
                Wish::BootAt(when) => match when.checked_duration_since(Instant::now()) {
                    Some(left) if !left.is_zero() => drop(plug.changed.wait_timeout(wish, left)),
                    _ => {
                        *wish = Wish::Rest;
                        // With the wish in hand: a node is on, or it is not.
                        let done = Bed::open(&self.root).and_then(|bed| bed.power_on(plug.node));
                        drop(wish);
                        let why = done.err().map(|why| format!(": {why}")).unwrap_or_default();
                        self.note(format!("n{} on{why}", plug.node));
                    }
                },
            }
        }
    }

    fn off(&self, node: u32, who: &str) -> Result<()> {
        let Some(plug) = self.plug(node) else { return Err(format!("there is no n{node}")) };
        let mut wish = lock(&plug.wish);
        *wish = Wish::Rest;
        let done = Bed::open(&self.root).and_then(|bed| bed.power_off(node));
        let why = done.as_ref().err().map(|why| format!(": {why}")).unwrap_or_default();
        self.note(format!("n{node} off for {who}{why}"));
        done
    }

    fn answer(&self, line: &str) {
        let [action, plug, reply] = line.split(' ').collect::<Vec<&str>>()[..] else { return };
        let answer = self.obey(action, plug).unwrap_or_else(|why| why);
        // Who asked may be among those that were switched off.
        let _unheard = tell(Path::new(reply), &answer);
    }

    fn obey(&self, action: &str, plug: &str) -> Result<String> {
        let node = plug.strip_prefix('n').and_then(|digits| digits.parse::<u32>().ok());
        let known = || {
            let known = node.filter(|node| self.plug(*node).is_some());
            known.ok_or_else(|| format!("there is no node `{plug}`"))
        };
        match action {
            "status" => {
                let is_on = Bed::open(&self.root)?.first_process(known()?).is_some();
                return Ok(if is_on { "on" } else { "off" }.to_owned());
            }
            "on" => self.set(known()?, Wish::BootAt(Instant::now())),
            "off" => self.cut_off(known()?, false)?,
            "reboot" => self.cut_off(known()?, true)?,
            "reset" => self.reset(known()?)?,
            "unplug" => self.off(known()?, "the owner")?,
            "mood" => *lock(&self.mood) = mood(plug)?,
            "end" => {
                self.plugs.iter().for_each(|plug| plug.set(Wish::End));
                *lock(&self.ended) = true;
                self.end.notify_all();
            }
            _ => return Err(format!("there is no action {action}")),
        }
        Ok("done".to_owned())
    }

    /// What a node's own watchdog does; without power there is none. Who has reset the machine before
    /// it does not bring it back: nothing boots here by itself.
    fn reset(&self, node: u32) -> Result<()> {
        if Bed::open(&self.root)?.has_power(node) {
            self.off(node, "its watchdog")?;
            self.set(node, Wish::BootAt(Instant::now() + self.boot_time));
        }
        Ok(())
    }

    /// What a fence agent asks for.
    fn cut_off(&self, node: u32, boots: bool) -> Result<()> {
        let mood = *lock(&self.mood);
        match mood {
            Mood::Good => {}
            Mood::Refuses => {
                self.note(format!("n{node} not off: refused"));
                return Err("refused".to_owned());
            }
            Mood::Slow(by) => thread::sleep(by),
            Mood::Lies => {
                self.note(format!("n{node} not off: a lie"));
                return Ok(());
            }
        }
        self.off(node, "a fence agent")?;
        if boots {
            self.set(node, Wish::BootAt(Instant::now() + self.boot_time));
        }
        Ok(())
    }
}

fn mood(word: &str) -> Result<Mood> {
    match word {
        "good" => Ok(Mood::Good),
        "refuses" => Ok(Mood::Refuses),
        "lies" => Ok(Mood::Lies),
        seconds => {
            let seconds = seconds.parse().map_err(|_| format!("unknown mood `{seconds}`"))?;
            Ok(Mood::Slow(Duration::from_secs(seconds)))
        }
    }
}
