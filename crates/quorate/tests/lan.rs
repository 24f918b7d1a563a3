//! `ocf:quorate:lan` with real cards: a cable is pulled, and nobody notices.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Set inside the namespaces of the test, and in the server that it talks to.
const INSIDE: &str = "QUORATE_TEST_INSIDE";

/// A node with two cards on one switch, whose own end takes every announcement. The switch's ends of the
/// cables are `p0` and `p1`. The end of the process takes all of it away.
const NETWORK: &str = "set -e
mount -t tmpfs tmpfs /run
ip netns add node
ip link add br0 address 02:00:00:00:00:01 type bridge
ip link set br0 up
ip addr add 192.0.2.1/24 dev br0
ip -6 addr add 2001:db8::1/64 dev br0 nodad
for n in 0 1; do
    ip link add p$n type veth peer name eth$n netns node
    ip link set p$n master br0 up
done
ip -n node link set lo up
ip -n node link set eth0 up
ip -n node addr add 192.0.2.2/24 dev eth0
ip -n node addr add 192.0.2.9/24 dev eth0 label eth0:web
ip -n node addr add 2001:db8::2/64 dev eth0 nodad
ip -n node route add default via 192.0.2.1
ip -n node route add 198.51.100.0/24 via 192.0.2.1 src 192.0.2.9 metric 7
ip -n node -6 route add default via 2001:db8::1
mount -t proc proc /proc
echo 1 > /proc/sys/net/ipv4/conf/br0/arp_accept
# What is not on the switch answers for nobody on it.
echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore
exec \"$@\"";

/// Ends its process with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The agent on the node, by one word, or what an operator asks it, by two.
fn lan(action: &[&str]) -> (Option<i32>, String) {
    let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/../../agents/ocf/quorate/lan");
    let mut command = Command::new("ip");
    command.args(["netns", "exec", "node"]);
    match action {
        [action] => command.args([agent, action]),
        words => {
            command.arg(env!("CARGO_BIN_EXE_quorate")).args(["agent-helper", "lan"]).args(words)
        }
    };
    let output = command
        .env("OCF_RESOURCE_INSTANCE", "lan")
        .env("OCF_RESKEY_interfaces", "eth0 eth1")
        .env("OCF_RESKEY_subnets", "192.0.2.0 2001:db8::/64")
        .env("OCF_RESKEY_polling_interval", "1s")
        .env("QUORATE_BINARY", env!("CARGO_BIN_EXE_quorate"))
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

fn ip(words: &[&str]) -> String {
    let output = Command::new("ip").args(words).output().unwrap();
    assert!(output.status.success(), "{words:?} {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn wait(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        let now = [ip(&["-n", "node", "addr"]), ip(&["neigh"]), lan(&["status", "lan"]).1];
        assert!(begun.elapsed() < PATIENCE, "{what}: {now:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn has(card: &str, address: &str) -> bool {
    ip(&["-n", "node", "addr", "show", "dev", card]).contains(&format!(" {address}/"))
}

/// All three addresses are on one card and none on the other.
fn all_are_on(card: &str, other: &str) -> bool {
    ["192.0.2.2", "192.0.2.9", "2001:db8::2"].iter().all(|ip| has(card, ip) && !has(other, ip))
}

fn hardware(card: &str) -> String {
    let link = ip(&["-n", "node", "link", "show", "dev", card]);
    let (_, rest) = link.split_once("link/ether ").unwrap();
    rest.split(' ').next().unwrap().to_owned()
}

/// Who the switch's own end believes an address to be at.
fn neighbour(address: &str, hardware: &str) -> bool {
    ip(&["neigh", "show", address, "dev", "br0"]).contains(hardware)
}

/// A server on the node: it says back what it is told. Runs as a test of its own, in the node's namespace.
#[test]
fn says_back() {
    if std::env::var(INSIDE).as_deref() != Ok("server") {
        return;
    }
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 7)).unwrap();
    std::fs::write("/run/server", "listens").unwrap();
    let (mut stream, _) = listener.accept().unwrap();
    let mut byte = [0];
    while stream.read_exact(&mut byte).is_ok() {
        stream.write_all(&byte).unwrap();
    }
}

fn server() -> Running {
    let child = Command::new("ip")
        .args(["netns", "exec", "node"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "says_back"])
        .env(INSIDE, "server")
        .stdout(Stdio::null())
        .spawn();
    Running(child.unwrap())
}

fn is_said_back(stream: &mut TcpStream) -> bool {
    let mut byte = [0];
    stream.write_all(b"x").is_ok() && stream.read_exact(&mut byte).is_ok()
}

#[test]
fn a_pulled_cable_moves_everything_and_nothing_is_lost() {
    if std::env::var_os(INSIDE).is_none() {
        in_a_network_of_its_own("a_pulled_cable_moves_everything_and_nothing_is_lost", &[]);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    let _server = server();
    wait("the server", || std::path::Path::new("/run/server").exists());
    assert_eq!(lan(&["monitor"]).0, Some(7));
    assert_eq!(lan(&["start"]).0, Some(0));
    assert_eq!(lan(&["monitor"]).0, Some(0));
    wait("both cards", || lan(&["status", "lan"]).1.contains("card: eth1 works"));
    let mut stream = TcpStream::connect("192.0.2.2:7").unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    assert!(is_said_back(&mut stream));
    ip(&[
        "neigh",
        "replace",
        "2001:db8::2",
        "lladdr",
        &hardware("eth0"),
        "nud",
        "stale",
        "dev",
        "br0",
    ]);

    ip(&["link", "set", "p0", "down"]);
    wait("the move", || all_are_on("eth1", "eth0"));
    // Nobody asked for these two: only the announcements can have told this side.
    wait("gratuitous ARP", || neighbour("192.0.2.9", &hardware("eth1")));
    wait("a neighbour advertisement", || neighbour("2001:db8::2", &hardware("eth1")));
    assert!(is_said_back(&mut stream), "the connection is gone");
    let all = ip(&["-n", "node", "addr", "show", "dev", "eth1"]);
    assert!(all.contains("secondary eth1:web"), "{all}");
    let routes = ip(&["-n", "node", "route"]) + &ip(&["-n", "node", "-6", "route"]);
    for route in [
        "default via 192.0.2.1 dev eth1",
        "198.51.100.0/24 via 192.0.2.1 dev eth1 src 192.0.2.9 metric 7",
        "default via 2001:db8::1 dev eth1",
    ] {
        assert!(routes.contains(route), "{route}: {routes}");
    }
    assert!(lan(&["status", "lan"]).1.starts_with("said: up\naddresses: eth1\n"));

    ip(&["link", "set", "p0", "up"]);
    wait("the way back", || all_are_on("eth0", "eth1"));
    wait("gratuitous ARP", || neighbour("192.0.2.9", &hardware("eth0")));
    assert!(is_said_back(&mut stream), "the connection is gone");
    assert!(ip(&["-n", "node", "route"]).contains("default via 192.0.2.1 dev eth0"));

    ip(&["link", "set", "p0", "down"]);
    ip(&["link", "set", "p1", "down"]);
    wait("down", || lan(&["status", "lan"]).1.starts_with("said: down\n"));
    assert_eq!(lan(&["monitor"]).0, Some(0), "the watch itself is well");
    ip(&["link", "set", "p1", "up"]);
    wait("up", || lan(&["status", "lan"]).1.starts_with("said: up\naddresses: eth1\n"));

    // Its card is switched off, which takes IPv6 addresses and routes away at once.
    ip(&["link", "set", "p0", "up"]);
    wait("the way back", || all_are_on("eth0", "eth1"));
    ip(&["-n", "node", "link", "set", "eth0", "down"]);
    wait("the move", || all_are_on("eth1", "eth0"));
    wait("routes", || ip(&["-n", "node", "route"]).contains("default via 192.0.2.1 dev eth1"));
    ip(&["-n", "node", "link", "set", "eth0", "up"]);
    wait("a link", || lan(&["status", "lan"]).1.contains("card: eth0 works"));
    assert_eq!(lan(&["stop"]).0, Some(0));
    assert!(all_are_on("eth0", "eth1"), "{}", ip(&["-n", "node", "addr"]));
    assert_eq!(lan(&["monitor"]).0, Some(7));
}

#[test]
fn a_disabled_card_is_left_and_enabling_it_is_the_way_back() {
    let name = "a_disabled_card_is_left_and_enabling_it_is_the_way_back";
    if std::env::var_os(INSIDE).is_none() {
        in_a_network_of_its_own(name, &[("OCF_RESKEY_auto_failback", "no")]);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    assert_eq!(lan(&["start"]).0, Some(0));
    wait("both cards", || lan(&["status", "lan"]).1.contains("card: eth1 works"));
    let said = lan(&["disable", "lan", "eth0"]).1;
    assert!(said.contains("card: eth0 is disabled by an operator"), "{said}");
    wait("the move", || all_are_on("eth1", "eth0"));
    assert!(ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    // A cable that is pulled and put in again enables nothing, nor does a look.
    ip(&["link", "set", "p0", "down"]);
    ip(&["link", "set", "p0", "up"]);
    assert_eq!(lan(&["monitor"]).0, Some(0));
    assert!(all_are_on("eth1", "eth0"));
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    lan(&["enable", "lan", "eth0"]);
    wait("the way back", || all_are_on("eth0", "eth1"));
    assert_eq!(lan(&["stop"]).0, Some(0));
}

/// The card has its carrier still, and the switch passes nothing on.
fn mute(port: &str) {
    ip(&["link", "set", port, "nomaster"]);
    assert!(ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
}

fn unmute(port: &str) {
    ip(&["link", "set", port, "master", "br0"]);
}

#[test]
fn a_card_that_hears_nothing_while_another_hears_is_left() {
    if std::env::var_os(INSIDE).is_none() {
        let counts = [("OCF_RESKEY_failure_detection", "inonly_or_inout")];
        in_a_network_of_its_own("a_card_that_hears_nothing_while_another_hears_is_left", &counts);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    assert_eq!(lan(&["start"]).0, Some(0));
    wait("both cards", || lan(&["status", "lan"]).1.contains("card: eth1 works"));
    // There is always somebody who talks to all.
    let voice = UdpSocket::bind("192.0.2.1:0").unwrap();
    voice.set_broadcast(true).unwrap();
    let talk = || drop(voice.send_to(b"x", "192.0.2.255:9"));

    mute("p0");
    wait("the move", || {
        talk();
        all_are_on("eth1", "eth0")
    });
    let said = lan(&["status", "lan"]).1;
    assert!(said.starts_with("said: up\naddresses: eth1\n"), "{said}");
    unmute("p0");
    wait("the way back", || {
        talk();
        all_are_on("eth0", "eth1")
    });
    assert_eq!(lan(&["stop"]).0, Some(0));
}

#[test]
fn where_a_target_does_not_answer_another_card_is_tried() {
    if std::env::var_os(INSIDE).is_none() {
        let asks = [("OCF_RESKEY_targets", "192.0.2.1"), ("OCF_RESKEY_ip_polling_interval", "1s")];
        in_a_network_of_its_own("where_a_target_does_not_answer_another_card_is_tried", &asks);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    assert_eq!(lan(&["start"]).0, Some(0));
    wait("both cards", || lan(&["status", "lan"]).1.contains("card: eth1 works"));

    mute("p0");
    wait("the move", || all_are_on("eth1", "eth0"));
    // The card works for all that it shows. Its cable is put in anew: somebody has been there.
    unmute("p0");
    ip(&["link", "set", "p0", "down"]);
    wait("no link", || !lan(&["status", "lan"]).1.contains("card: eth0 works"));
    ip(&["link", "set", "p0", "up"]);
    wait("the way back", || all_are_on("eth0", "eth1"));

    // Where nobody answers at all, the addresses stay, and that is said.
    ip(&["link", "set", "br0", "down"]);
    wait("down", || lan(&["status", "lan"]).1.starts_with("said: down\n"));
    ip(&["link", "set", "br0", "up"]);
    wait("up", || lan(&["status", "lan"]).1.starts_with("said: up\n"));
    assert_eq!(lan(&["stop"]).0, Some(0));
}

/// An action of the agent of an address on the node.
fn address(action: &str) -> Option<i32> {
    let agent = concat!(env!("CARGO_MANIFEST_DIR"), "/../../agents/ocf/quorate/package-address");
    Command::new("ip")
        .args(["netns", "exec", "node", agent, action])
        .env("OCF_ROOT", "/usr/lib/ocf")
        .env("OCF_RESOURCE_INSTANCE", "web-ip")
        .env("OCF_RESKEY_ip", "192.0.2.50")
        .env("QUORATE_BINARY", env!("CARGO_BIN_EXE_quorate"))
        .output()
        .unwrap()
        .status
        .code()
}

/// Pulls the cable of one card, and then of the other, and does something each time.
fn there_and_back(meanwhile: impl Fn()) {
    for [port, from, to] in [["p0", "eth0", "eth1"], ["p1", "eth1", "eth0"]] {
        ip(&["link", "set", port, "down"]);
        meanwhile();
        wait("the move", || all_are_on(to, from));
        ip(&["link", "set", port, "up"]);
        wait("a link", || lan(&["status", "lan"]).1.contains(&format!("card: {from} works")));
    }
}

#[test]
fn an_address_that_is_handed_on_runs_all_the_while_and_goes_when_it_is_stopped() {
    let name = "an_address_that_is_handed_on_runs_all_the_while_and_goes_when_it_is_stopped";
    if !testkit::has(&["/usr/lib/ocf/resource.d/heartbeat/IPaddr2"]) {
        return;
    }
    if std::env::var_os(INSIDE).is_none() {
        in_a_network_of_its_own(name, &[("OCF_RESKEY_auto_failback", "no")]);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    assert_eq!(lan(&["start"]).0, Some(0));
    wait("both cards", || lan(&["status", "lan"]).1.contains("card: eth1 works"));
    assert_eq!(address("monitor"), Some(7));
    assert_eq!([address("start"), address("start")], [Some(0); 2]);
    assert!(has("eth0", "192.0.2.50"));

    let is_over = AtomicBool::new(false);
    let answers = std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut answers = BTreeSet::new();
            while !is_over.load(Ordering::Relaxed) {
                answers.insert(address("monitor"));
            }
            answers
        });
        (0..3).for_each(|_time| there_and_back(|| {}));
        is_over.store(true, Ordering::Relaxed);
        looks.join().unwrap()
    });
    assert_eq!(answers, [Some(0)].into());

    let is_off = || !has("eth0", "192.0.2.50") && !has("eth1", "192.0.2.50");
    for time in 0..3 {
        // Sooner and later in what the watch does.
        let stop = || {
            std::thread::sleep(Duration::from_millis(2 * time));
            assert_eq!(address("stop"), Some(0));
            assert!(is_off());
        };
        there_and_back(stop);
        assert!(is_off() && address("monitor") == Some(7));
        assert_eq!(address("start"), Some(0));
    }
    assert_eq!([address("stop"), address("stop"), address("monitor")], [Some(0), Some(0), Some(7)]);
    assert_eq!(lan(&["stop"]).0, Some(0));
}

#[test]
fn the_same_address_on_the_loopback_is_not_the_packages() {
    let name = "the_same_address_on_the_loopback_is_not_the_packages";
    if !testkit::has(&["/usr/lib/ocf/resource.d/heartbeat/IPaddr2"]) {
        return;
    }
    if std::env::var_os(INSIDE).is_none() {
        in_a_network_of_its_own(name, &[]);
        return;
    }
    wait("a link", || ip(&["-n", "node", "link", "show", "eth0"]).contains("state UP"));
    ip(&["-n", "node", "address", "add", "192.0.2.50/32", "dev", "lo"]);
    assert_eq!(address("monitor"), Some(7));
    assert_eq!([address("start"), address("monitor")], [Some(0); 2]);
    assert!(has("eth0", "192.0.2.50"));
    assert_eq!([address("stop"), address("monitor")], [Some(0), Some(7)]);
    assert!(!has("eth0", "192.0.2.50") && has("lo", "192.0.2.50"));
}

fn in_a_network_of_its_own(test: &str, parameters: &[(&str, &str)]) {
    if !testkit::is_root() || !testkit::has(&["/usr/sbin/ip", "/usr/bin/unshare"]) {
        return;
    }
    // The watch ends with the namespace of processes, whatever way the test ends.
    let output = Command::new("unshare")
        .args(["--mount", "--net", "--pid", "--fork", "--kill-child", "sh", "-c", NETWORK, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .envs(parameters.iter().copied())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
