use super::*;

const VOTE: Duration = Duration::from_secs(8);

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let name = format!("quorate-watchdog-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn device(&self) -> PathBuf {
        let path = self.0.join("device");
        fs::write(&path, "").unwrap();
        path
    }

    fn arm(&self, device: &Path, boot: &str) -> Watchdog {
        let promise = Promise::of_boot(&self.0, boot).unwrap();
        Watchdog::arm(device, Some(Duration::from_secs(4)), promise, true).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn it_is_fed_and_disarmed_by_what_is_written() {
    let scratch = Scratch::new("fed");
    let missing = Promise::find(&scratch.0).unwrap();
    assert!(Watchdog::arm(&scratch.0.join("none"), None, missing, true).is_err());
    let device = scratch.device();
    let mut watchdog = scratch.arm(&device, "b1");
    assert_eq!(watchdog.feeding(), Duration::from_millis(500));
    watchdog.feed(true);
    watchdog.feed(false);
    watchdog.feed(true);
    watchdog.disarm();
    assert_eq!(fs::read(&device).unwrap(), b"\0\0V");
}

#[test]
fn after_a_promise_the_next_daemon_does_not_even_open_it() {
    let scratch = Scratch::new("promise");
    let device = scratch.device();
    let mut first = scratch.arm(&device, "b1");
    first.promise(VOTE).unwrap();
    drop(first);
    let mut next = scratch.arm(&device, "b1");
    assert!(next.promised() == Some(VOTE) && next.device.is_none());
    next.feed(false);
    assert!(next.device.is_none());
    next.feed(true);
    assert_eq!(fs::read(&device).unwrap(), b"\0");
    next.disarm();
    assert_eq!(scratch.arm(&device, "b1").promised(), None, "it left in peace");
}

#[test]
fn nothing_is_promised_that_is_not_armed() {
    let scratch = Scratch::new("anew");
    let device = scratch.device();
    scratch.arm(&device, "b1").promise(VOTE).unwrap();
    let mut next = scratch.arm(&device, "b1");
    next.withdraw();
    fs::remove_file(&device).unwrap();
    assert!(next.promise(VOTE).is_err());
    assert!(!scratch.0.join("reset-promised").exists());
    scratch.device();
    next.promise(VOTE).unwrap();
    assert!(next.device.is_some() && next.promised().is_some());
}

#[test]
fn a_promise_ends_with_the_machine() {
    let scratch = Scratch::new("boot");
    let device = scratch.device();
    scratch.arm(&device, "b1").promise(VOTE).unwrap();
    assert_eq!(scratch.arm(&device, "b1").promised(), Some(VOTE));
    assert_eq!(scratch.arm(&device, "b2").promised(), None);
}

#[test]
fn what_a_vote_outlasts_is_remembered_when_it_grows() {
    let scratch = Scratch::new("grows");
    let device = scratch.device();
    let mut first = scratch.arm(&device, "b1");
    first.promise(Duration::ZERO).unwrap();
    first.promise(VOTE).unwrap();
    drop(first);
    assert_eq!(scratch.arm(&device, "b1").promised(), Some(VOTE));
    let of_older_build = "b1 2000\n";
    fs::write(scratch.0.join("reset-promised"), of_older_build).unwrap();
    assert_eq!(scratch.arm(&device, "b1").promised(), Some(Duration::ZERO));
}
