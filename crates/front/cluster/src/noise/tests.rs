use std::net::TcpListener;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

/// A door that answers one caller with what it says, twice over.
fn door(key: DoorKey) -> (std::net::SocketAddr, std::thread::JoinHandle<io::Result<Caller>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (stream, _) = listener.accept()?;
        let (mut channel, caller) = Channel::answer(stream, &key, PATIENCE)?;
        let said: String = channel.receive()?;
        channel.send(&format!("{said}{said}"))?;
        Ok(caller)
    });
    (address, thread)
}

fn connect(address: std::net::SocketAddr) -> TcpStream {
    TcpStream::connect(address).unwrap()
}

#[test]
fn strangers_and_members_are_told_apart() {
    let key = DoorKey::generate().unwrap();
    assert_eq!(DoorKey::parse(&key.text()).as_ref(), Some(&key));
    for caller in [Caller::Stranger, Caller::Member] {
        let (address, thread) = door(key.clone());
        let channel = match caller {
            Caller::Stranger => Channel::as_stranger(connect(address), &key.public, PATIENCE),
            Caller::Member => Channel::as_member(connect(address), &key, PATIENCE),
        };
        let mut channel = channel.unwrap();
        let long = "x".repeat(200_000);
        channel.send(&long).unwrap();
        assert_eq!(channel.receive::<String>().unwrap(), format!("{long}{long}"));
        assert_eq!(thread.join().unwrap().unwrap(), caller);
    }
}

#[test]
fn a_door_with_another_key_is_not_talked_to() {
    let (address, thread) = door(DoorKey::generate().unwrap());
    let other = DoorKey::generate().unwrap();
    assert!(Channel::as_stranger(connect(address), &other.public, PATIENCE).is_err());
    assert!(thread.join().unwrap().is_err());
}

#[test]
fn who_lacks_the_members_secret_is_no_member() {
    let key = DoorKey::generate().unwrap();
    let (address, thread) = door(key.clone());
    let forged = DoorKey { shared: [0; KEY_BYTES], ..key };
    assert!(Channel::as_member(connect(address), &forged, PATIENCE).is_err());
    assert!(thread.join().unwrap().is_err());
}

#[test]
fn garbage_and_silence_end_the_conversation() {
    for garbage in [&b"GET / HTTP/1.1\r\n\r\n"[..], b"J\xff\xff", b"M\x00\x02xx", b""] {
        let (address, thread) = door(DoorKey::generate().unwrap());
        let mut stream = connect(address);
        stream.write_all(garbage).unwrap();
        drop(stream);
        assert!(thread.join().unwrap().is_err());
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = connect(listener.local_addr().unwrap());
    let (stream, _) = listener.accept().unwrap();
    let key = DoorKey::generate().unwrap();
    let result = Channel::answer(stream, &key, Duration::from_millis(50));
    assert_eq!(result.err().map(|error| error.kind()), Some(io::ErrorKind::TimedOut));
    drop(silent);
}
