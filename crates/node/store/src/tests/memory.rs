//! A directory in memory that can lose power, fill up and fail, as real ones do.
//!
//! What is not synced may be lost at a cut, in part: of each file a prefix of the writes since its
//! last sync survives, the last of them torn (cut short or filled with other bytes); of the
//! directory a prefix of the creations, renames and removals. A sync that fails drops what it
//! should have written although reads still see it, which is what Linux does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::disk::{Disk, DiskFile};

/// Numbers that look random and are the same in every run (xorshift64*).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// At least 0 and at most `most`.
    pub(super) fn up_to(&mut self, most: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % (most + 1)
    }
}

/// When the disk stops doing what it is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Operation number `at` and all later ones do nothing: the power is gone.
    Cut {
        at: u64,
    },
    /// `count` operations from number `at` on fail with `kind`; then all is well again.
    Failing {
        at: u64,
        count: u64,
        kind: io::ErrorKind,
    },
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Truncate(usize),
}

#[derive(Clone, Default)]
struct Inode {
    /// What readers see.
    cache: Vec<u8>,
    /// What survives.
    durable: Vec<u8>,
    /// What would become durable with the next sync.
    pending: Vec<Change>,
}

#[derive(Clone)]
enum Naming {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
}

struct State {
    inodes: Vec<Inode>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    pending: Vec<Naming>,
    operations: u64,
    fault: Fault,
}

/// Clones share one directory.
#[derive(Clone)]
pub(super) struct MemoryDisk(Arc<Mutex<State>>);

impl MemoryDisk {
    pub(super) fn new() -> Self {
        Self::holding(BTreeMap::new())
    }

    fn holding(files: BTreeMap<String, Vec<u8>>) -> Self {
        let mut inodes = Vec::new();
        let mut names = BTreeMap::new();
        for (name, bytes) in files {
            names.insert(name, inodes.len());
            let (cache, durable) = (bytes.clone(), bytes);
            inodes.push(Inode { cache, durable, pending: Vec::new() });
        }
        let durable_names = names.clone();
        let (pending, operations, fault) = (Vec::new(), 0, Fault::None);
        Self(Arc::new(Mutex::new(State {
            inodes,
            names,
            durable_names,
            pending,
            operations,
            fault,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(super) fn set_fault(&self, fault: Fault) {
        let mut state = self.state();
        state.operations = 0;
        state.fault = fault;
    }

    /// Writing operations since the fault was set.
    pub(super) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// What is found after the power comes back.
    pub(super) fn after_power_cut(&self, dice: &mut Dice) -> Self {
        let state = self.state();
        let mut names = state.durable_names.clone();
        let survive = dice.up_to(state.pending.len());
        for naming in &state.pending[..survive] {
            apply_naming(&mut names, naming);
        }
        let files = names
            .into_iter()
            .map(|(name, inode)| (name, survivor(&state.inodes[inode], dice)))
            .collect();
        Self::holding(files)
    }

    /// What is found after the process alone ended: the kernel still has everything.
    pub(super) fn after_kill(&self) -> Self {
        let state = self.state();
        let file =
            |(name, inode): (&String, &usize)| (name.clone(), state.inodes[*inode].cache.clone());
        Self::holding(state.names.iter().map(file).collect())
    }

    pub(super) fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    /// Changes a file behind the store's back.
    pub(super) fn damage(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut state = self.state();
        let inode = state.names[name];
        let inode = &mut state.inodes[inode];
        change(&mut inode.cache);
        inode.durable = inode.cache.clone();
        inode.pending.clear();
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { at, bytes: new } => {
            // Where an earlier write was lost, the file system shows zeros.
            bytes.resize((*at).max(bytes.len()), 0);
            bytes.truncate(*at);
            bytes.extend_from_slice(new);
        }
        Change::Truncate(length) => bytes.resize(*length, 0),
    }
}

fn apply_naming(names: &mut BTreeMap<String, usize>, naming: &Naming) {
    match naming {
        Naming::Create(name, inode) => {
            names.insert(name.clone(), *inode);
        }
        Naming::Rename(from, to) => {
            if let Some(inode) = names.remove(from) {
                names.insert(to.clone(), inode);
            }
        }
        Naming::Remove(name) => {
            names.remove(name);
        }
    }
}

fn survivor(inode: &Inode, dice: &mut Dice) -> Vec<u8> {
    let mut bytes = inode.durable.clone();
    let survive = dice.up_to(inode.pending.len());
    for change in &inode.pending[..survive] {
        apply(&mut bytes, change);
    }
    if let Some(Change::Write { at, bytes: torn }) = inode.pending.get(survive) {
        let mut part = torn[..dice.up_to(torn.len())].to_vec();
        if dice.up_to(2) == 0 {
            // The length reached the disk and the contents did not.
            part.resize(torn.len(), 0);
        }
        apply(&mut bytes, &Change::Write { at: *at, bytes: part });
    }
    bytes
}

impl State {
    /// Counts one writing operation and says whether it may happen.
    fn operation(&mut self) -> io::Result<()> {
        let number = self.operations;
        self.operations += 1;
        match self.fault {
            Fault::None => Ok(()),
            Fault::Cut { at } if number >= at => Err(io::Error::other("the power is gone")),
            Fault::Failing { at, count, kind } if (at..at + count).contains(&number) => {
                Err(kind.into())
            }
            Fault::Cut { .. } | Fault::Failing { .. } => Ok(()),
        }
    }

    fn naming(&mut self, naming: Naming) {
        apply_naming(&mut self.names, &naming);
        self.pending.push(naming);
    }

    fn find(&self, name: &str) -> io::Result<usize> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn change(&mut self, inode: usize, change: Change) {
        apply(&mut self.inodes[inode].cache, &change);
        self.inodes[inode].pending.push(change);
    }
}

impl Disk for MemoryDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.names())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let state = self.state();
        let inode = state.find(name)?;
        Ok(state.inodes[inode].cache.clone())
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state();
        state.operation()?;
        let inode = state.inodes.len();
        state.inodes.push(Inode::default());
        state.naming(Naming::Create(name.to_owned(), inode));
        drop(state);
        Ok(Box::new(MemoryFile { disk: self.clone(), inode }))
    }

    fn append_to(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let inode = self.state().find(name)?;
        Ok(Box::new(MemoryFile { disk: self.clone(), inode }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        state.find(from)?;
        state.naming(Naming::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        state.find(name)?;
        state.naming(Naming::Remove(name.to_owned()));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.state();
        state.operation()?;
        state.durable_names = state.names.clone();
        state.pending.clear();
        Ok(())
    }
}

struct MemoryFile {
    disk: MemoryDisk,
    inode: usize,
}

impl DiskFile for MemoryFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let at = state.inodes[self.inode].cache.len();
        let allowed = state.operation();
        let cut = matches!(state.fault, Fault::Cut { .. }) && allowed.is_err();
        // A full disk takes what fits; a write that the power cut may have reached in part.
        let taken = if allowed.is_ok() || cut { bytes.len() } else { bytes.len() / 2 };
        let first_after_cut =
            cut && matches!(state.fault, Fault::Cut { at } if at + 1 == state.operations);
        if !cut || first_after_cut {
            state.change(self.inode, Change::Write { at, bytes: bytes[..taken].to_vec() });
        }
        allowed
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.state();
        state.operation()?;
        state.change(self.inode, Change::Truncate(length as usize));
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        let allowed = state.operation();
        let failing = matches!(state.fault, Fault::Failing { .. }) && allowed.is_err();
        let inode = &mut state.inodes[self.inode];
        if failing {
            inode.pending.clear();
        }
        allowed?;
        for change in std::mem::take(&mut inode.pending) {
            apply(&mut inode.durable, &change);
        }
        Ok(())
    }
}
