//! The same on a real file system, through the thread.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use crate::engine::Done;
use crate::error::{OpenError, StoreError};
use crate::thread::{Ack, Opened, Store};

/// A directory that goes away with its test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path =
            std::env::temp_dir().join(format!("quorate-store-{name}-{}", std::process::id()));
        let _not_there = fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

fn open(scratch: &Scratch) -> (Opened, mpsc::Receiver<Ack>) {
    let (tell, told) = mpsc::channel();
    let opened = Store::open(&scratch.0, move |ack| tell.send(ack).unwrap()).unwrap();
    (opened, told)
}

fn wait(told: &mpsc::Receiver<Ack>) -> Ack {
    told.recv_timeout(Duration::from_secs(120)).unwrap()
}

#[test]
fn what_is_written_is_found_after_reopening() {
    let scratch = Scratch::new("reopen");
    let (Opened { mut store, snapshot, records, damage }, told) = open(&scratch);
    assert_eq!((snapshot, records.len(), damage.len()), (None, 0, 0));
    store.compact(b"<cib/>".to_vec()).unwrap();
    let tickets: Vec<_> =
        (0..500).map(|n| store.append(format!("edit {n}").into_bytes()).unwrap()).collect();
    assert!(matches!(wait(&told).result, Ok(Done::Compacted)));
    for ticket in tickets {
        let ack = wait(&told);
        assert_eq!(ack.ticket, ticket);
        assert!(matches!(ack.result, Ok(Done::Appended { .. })), "{ack:?}");
    }
    drop(store);
    let (opened, _told) = open(&scratch);
    assert_eq!(opened.snapshot.as_deref(), Some(b"<cib/>".as_slice()));
    assert_eq!(opened.records.len(), 500);
    assert_eq!(opened.records[499], b"edit 499");
    assert_eq!(opened.damage, []);
}

#[test]
fn what_is_set_aside_is_a_file_for_people() {
    let scratch = Scratch::new("aside");
    let (mut opened, told) = open(&scratch);
    for number in 1..=102 {
        opened.store.set_aside(format!("<cib epoch='{number}'/>").into_bytes()).unwrap();
        let file = format!("set-aside-{number:06}.xml");
        assert_eq!(wait(&told).result.unwrap(), Done::SetAside { file: file.clone() });
        let text = fs::read_to_string(scratch.0.join(file)).unwrap();
        assert_eq!(text, format!("<cib epoch='{number}'/>"));
    }
    let kept = fs::read_dir(&scratch.0).unwrap().flatten();
    let kept = kept.filter(|file| file.file_name().to_string_lossy().starts_with("set-aside"));
    assert_eq!(kept.count(), 100);
}

#[test]
fn a_second_daemon_is_refused_until_the_first_is_gone() {
    let scratch = Scratch::new("second");
    let (opened, _told) = open(&scratch);
    let refused = Store::open(&scratch.0, |_| {}).unwrap_err();
    assert!(
        matches!(&refused, OpenError::InUse { pid: Some(pid), .. } if *pid == std::process::id())
    );
    assert!(refused.to_string().contains("in use by another daemon (process "), "{refused}");
    drop(opened);
    open(&scratch);
}

#[test]
fn too_large_a_record_is_refused_at_once() {
    let scratch = Scratch::new("large");
    let (mut opened, _told) = open(&scratch);
    let refused = opened.store.append(vec![0; (256 << 20) + 1]).unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{refused}");
}

#[test]
fn a_directory_that_cannot_be_made_is_an_error() {
    let scratch = Scratch::new("file");
    fs::write(&scratch.0, b"a file").unwrap();
    let refused = Store::open(&scratch.0.join("state"), |_| {}).unwrap_err();
    assert!(matches!(refused, OpenError::Create { .. }), "{refused}");
    fs::remove_file(&scratch.0).unwrap();
}
