use super::*;
use crate::noise::KEY_BYTES;
use crate::own::Start;
use crate::token::Token;

struct Street {
    places: Places,
    root: std::path::PathBuf,
}

impl Drop for Street {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.root);
    }
}

/// A door in a directory of its own, with no cluster behind it.
fn street(name: &str) -> (Street, Own, Token) {
    let root = std::env::temp_dir().join(format!("quorate-door-{name}-{}", std::process::id()));
    let places = Places::below(&root);
    let key = DoorKey::generate().unwrap();
    steps::put(&places.door_key(), key.text().as_bytes(), 0o600).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let own = Own { port, start: Start::default() };
    let services = Services::new(&own, &places, Some(&root.join("no.sock")));
    let house = House::new(places.clone(), own.clone(), services);
    std::thread::spawn(move || serve(&listener, &Arc::new(house)));
    let here = vec!["127.0.0.1".to_owned()];
    let token = invite::make(&places, &own, here, Duration::from_secs(600)).unwrap();
    (Street { places, root }, own, token)
}

fn join(token: &Token) -> Ask {
    Ask::Join(Join {
        invitation: hex(&token.id),
        secret: hex(&token.secret),
        name: "n2".to_owned(),
        addresses: vec!["10.0.0.2".to_owned()],
        clock: local::clock(),
        version: "0".to_owned(),
    })
}

fn refusal(token: &Token, ask: &Ask) -> String {
    crate::ask::by_token(token, ask).unwrap_err().into_words().0
}

#[test]
fn a_token_is_good_once_and_until_it_expires() {
    let (street, own, token) = street("once");
    let id = hex(&token.id);
    let secret = hex(&token.secret);
    let now = local::clock();
    let find = |secret: &str, now| invite::find(&street.places, &id, secret, now).map(drop);
    assert_eq!(find(&secret, now), Ok(()));
    assert_eq!(
        find(&secret, now + 700).map_err(|why| matches!(why, NoEntry::Expired { .. })),
        Err(true)
    );
    assert_eq!(find(&hex(&[0; 16]), now), Err(NoEntry::Unknown));
    assert_eq!(find("", now), Err(NoEntry::Unknown));
    assert_eq!(
        invite::find(&street.places, "../../../etc/shad", &secret, now).map(drop),
        Err(NoEntry::Unknown)
    );
    let invitation = invite::find(&street.places, &id, &secret, now).unwrap();
    assert_eq!(invitation.take(), Ok(()));
    assert_eq!(invitation.take(), Err(NoEntry::Used), "of two at once one succeeds");
    assert_eq!(find(&secret, now), Err(NoEntry::Used));
    assert_eq!(refusal(&token, &join(&token)), "the token was used");
    invitation.give_back();
    assert_eq!(find(&secret, now), Ok(()));
    assert_eq!(own.port, token.port);
}

#[test]
fn wrong_tokens_wait_and_learn_nothing() {
    let (_street, _own, token) = street("wrong");
    let mut wrong = token.clone();
    wrong.secret = [9; 16];
    let asked = Instant::now();
    assert_eq!(refusal(&token, &join(&wrong)), "the token is not known here");
    assert!(asked.elapsed() >= WRONG_TOKEN);
    for ask in [Ask::File, Ask::Running, Ask::Stop, Ask::Remove { node: "n1".to_owned() }] {
        assert_eq!(refusal(&token, &ask), "only members may ask that");
    }
    let other_door = Token { door: [7; KEY_BYTES], ..token };
    let said = refusal(&other_door, &join(&other_door));
    assert!(said.contains("is not the door that was expected"), "{said}");
}

#[test]
fn a_clock_that_is_off_is_said_and_spends_no_token() {
    let (street, _own, token) = street("clock");
    let Ask::Join(mut off) = join(&token) else { unreachable!() };
    off.clock += 3_600;
    let said = refusal(&token, &Ask::Join(off));
    assert!(said.ends_with("s ahead of the cluster's"), "{said}");
    let now = local::clock();
    assert!(invite::find(&street.places, &hex(&token.id), &hex(&token.secret), now).is_ok());
}

#[test]
fn members_are_answered_and_garbage_harms_nobody() {
    let (street, own, _token) = street("garbage");
    for garbage in [&b"\x16\x03\x01\x02\x00\x01"[..], b"GET / HTTP/1.0\r\n\r\n", b"J\x00\x01x", b""]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", own.port)).unwrap();
        std::io::Write::write_all(&mut stream, garbage).unwrap();
    }
    let here = ["127.0.0.1".to_owned()];
    let said = crate::ask::member(&street.places, &own, &here, &Ask::File).unwrap_err();
    assert!(said.into_words().0.starts_with("there is no "));
    let conf = "totem {\nversion: 2\nconfig_version: 7\n}\n";
    steps::put(&street.places.nodes_file(), conf.as_bytes(), 0o644).unwrap();
    let file = crate::ask::member(&street.places, &own, &here, &Ask::File).unwrap();
    assert_eq!(file, Answer::File { text: conf.to_owned() });
}
