//! `ha_propagate` with a real ssh server, on a node of its own: the files, the start-up, and what is said of nodes
//! that cannot be served.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine; what hangs, hangs for two minutes.
const PATIENCE: Duration = Duration::from_secs(100);

/// Set inside the namespaces of the test.
const INSIDE: &str = "QUORATE_TEST_INSIDE";

/// This node and `n2`, where sshd listens; `n3` takes packets and never answers. Root's home, the
/// names of hosts, services and all files that are copied are in directories of the test: those of `n2` are
/// seen here below `/run/n2`.
const NODES: &str = r#"set -e
mount -t tmpfs tmpfs /run
mkdir -p -m 700 /run/home/.ssh /run/sshd
mkdir -p /run/ha.d /run/services /run/n2/ha.d /run/n2/services
hostname n1
sed 's|^root:.*|root:x:0:0:root:/run/home:/bin/sh|' /etc/passwd >/run/passwd
grep -q '^sshd:' /run/passwd || echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >>/run/passwd
echo 'root:*:19000:0:99999:7:::' >/run/shadow
printf '127.0.0.1 localhost n1\n192.0.2.2 n2\n192.0.2.3 n3\n' >/run/hosts
for file in passwd shadow hosts; do mount --bind /run/$file /etc/$file; done
printf '[Service]\nExecStart=true\n[Install]\nWantedBy=multi-user.target\n' >/run/services/quorate.service
cp /run/services/quorate.service /run/n2/services
mount --bind /run/services /etc/systemd/system
ssh-keygen -q -t ed25519 -N '' -f /run/home/.ssh/id_ed25519
ssh-keygen -q -t ed25519 -N '' -f /run/n2/host
cp /run/home/.ssh/id_ed25519.pub /run/home/.ssh/authorized_keys
ip netns add n2
ip link add eth0 type veth peer name eth0 netns n2
ip addr add 192.0.2.1/24 dev eth0
ip link set eth0 up
ip link set lo up
ip -n n2 addr add 192.0.2.2/24 dev eth0
ip -n n2 link set eth0 up
ip neigh add 192.0.2.3 lladdr 02:00:00:00:00:03 nud permanent dev eth0
mount -t proc proc /proc
ip netns exec n2 sh -c '
    mount --bind /run/n2/ha.d /run/ha.d
    mount --bind /run/n2/services /etc/systemd/system
    exec /usr/sbin/sshd -f /dev/null -E /run/n2/log -o ListenAddress=192.0.2.2 -o HostKey=/run/n2/host \
        -o PidFile=none -o UsePAM=no -o Subsystem="sftp internal-sftp" -o PermitRootLogin=yes'
exec "$@""#;

/// Says `ha.cf` of these nodes and runs the command; its code, and all that it and its programs said.
fn propagates(nodes: &[&str]) -> (Option<i32>, String) {
    let lines: String = nodes.iter().map(|node| format!("node {node}\n")).collect();
    fs::write("/run/ha.d/ha.cf", lines + "bcast eth0\n").unwrap();
    let begun = Instant::now();
    let shown = Command::new("sh")
        .args(["-c", "exec /run/ha_propagate </dev/null 2>&1"])
        .env("HA_DIR", "/run/ha.d")
        .output()
        .unwrap();
    assert!(begun.elapsed() < PATIENCE, "{shown:?}");
    (shown.status.code(), String::from_utf8_lossy(&shown.stdout).into_owned())
}

fn is_started_with(services: &str) -> bool {
    Path::new(services).join("multi-user.target.wants/quorate.service").is_symlink()
}

fn systemctl(verb: &str) {
    assert!(Command::new("systemctl").args([verb, "quorate"]).status().unwrap().success());
}

#[test]
fn files_and_start_up_reach_each_node_that_can_be_reached() {
    if std::env::var_os(INSIDE).is_none() {
        return in_a_network_of_its_own();
    }
    symlink(env!("CARGO_BIN_EXE_quorate"), "/run/ha_propagate").unwrap();
    fs::write("/run/ha.d/authkeys", "auth 1\n1 sha1 hush\n").unwrap();
    fs::set_permissions("/run/ha.d/authkeys", fs::Permissions::from_mode(0o600)).unwrap();
    systemctl("enable");

    let (code, said) = propagates(&["n1", "n2"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("Host key verification failed."), "{said}");
    let refused = "ha_propagate: node n2: ha.cf and authkeys are not copied: scp: exit status: ";
    assert!(said.contains(refused), "{said}");
    assert!(said.ends_with("ha_propagate: not done on n2\n"), "{said}");
    assert!(!Path::new("/run/n2/ha.d/ha.cf").exists(), "{said}");

    let key = fs::read_to_string("/run/n2/host.pub").unwrap();
    fs::write("/run/home/.ssh/known_hosts", format!("n2 {key}")).unwrap();
    let (code, said) = propagates(&["n3", "n1", "n2"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("ha_propagate: node n3: ha.cf and authkeys are not copied"), "{said}");
    assert!(said.ends_with("ha_propagate: not done on n3\n"), "{said}");
    assert!(!said.contains("startup configuration on node n3"), "{said}");
    for name in ["ha.cf", "authkeys"] {
        let [here, there] = ["/run", "/run/n2"].map(|node| fs::read(format!("{node}/ha.d/{name}")));
        assert_eq!(here.unwrap(), there.unwrap(), "{name}: {said}");
    }
    let keys = fs::metadata("/run/n2/ha.d/authkeys").unwrap().permissions();
    assert_eq!(keys.mode() & 0o777, 0o600, "as Heartbeat wants it");
    assert!(is_started_with("/run/n2/services"), "{said}");

    systemctl("disable");
    let (code, said) = propagates(&["N1", "n2"]);
    assert_eq!(code, Some(0), "{said}");
    let files = "Propagating HA configuration files to node n2.\n";
    let start = "Setting HA startup configuration on node n2.\n";
    assert!(said.starts_with(files) && said.contains(start) && !said.contains("N1"), "{said}");
    assert!(!is_started_with("/run/n2/services"), "{said}");

    fs::remove_file("/run/ha.d/authkeys").unwrap();
    let (code, said) = propagates(&["n1", "n2"]);
    let none = "HA Linux not configured on this node.  Can not propagate.\n";
    assert_eq!((code, said.as_str()), (Some(1), none));
}

fn in_a_network_of_its_own() {
    let needed = ["/usr/sbin/ip", "/usr/bin/unshare", "/usr/sbin/sshd", "/usr/bin/systemctl"];
    if !testkit::is_root() || !testkit::has(&needed) {
        return;
    }
    // The server ends with the namespace of processes, whatever way the test ends.
    let output = Command::new("unshare")
        .args(["--mount", "--net", "--uts", "--pid", "--fork", "--kill-child", "sh", "-c", NODES])
        .arg("sh")
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "files_and_start_up_reach_each_node_that_can_be_reached", "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
