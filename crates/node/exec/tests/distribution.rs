//! Agents of the distribution's packages, unchanged. Debian's names of what is needed:
//! resource-agents, fence-agents, apache2, curl, iproute2, kmod, systemd, dbus.
#![expect(clippy::unwrap_used, reason = "a test may fail loudly")]

#[path = "kit/distribution.rs"]
mod distribution;
mod kit;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use distribution::is_inside;
use exec::{Exit, Report};
use kit::Node;
use model::{ExecStatus, OcfCode, ResourceId};
use process::{Identity, Signal};
use testkit::{has, is_root};

const HEARTBEAT: &str = "/usr/lib/ocf/resource.d/heartbeat";

/// Runs each action and expects its code.
async fn expect_all(
    node: &mut Node,
    agent: &str,
    parameters: &[(&str, &str)],
    steps: &[(&str, OcfCode)],
) {
    for (action, code) in steps {
        let finished = node.act(agent, action, parameters).await;
        assert_eq!(
            (finished.outcome.code, finished.outcome.status),
            (*code, ExecStatus::Done),
            "{agent} {action}: {finished:?}"
        );
    }
}

#[tokio::test]
async fn dummy() {
    if !has(&[&format!("{HEARTBEAT}/Dummy")]) {
        return;
    }
    let mut node = Node::with(|config| config.scratch_dir = Some(config.state_dir.join("run/ra")));
    let steps = [
        ("monitor", OcfCode::NOT_RUNNING),
        ("start", OcfCode::OK),
        ("monitor", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
        ("no-such-action", OcfCode::UNIMPLEMENTED),
    ];
    expect_all(&mut node, "ocf:heartbeat:Dummy", &[], &steps[..3]).await;
    assert!(std::fs::exists(node.path("run/ra/Dummy-web.state")).unwrap());
    let restarted = node.act("ocf:heartbeat:Dummy", "start", &[]).await;
    assert_eq!(restarted.kinds.restart.as_deref(), Some(" state "));
    let reloaded = node.act("ocf:heartbeat:Dummy", "reload-agent", &[]).await;
    assert_eq!(reloaded.outcome.code, OcfCode::OK, "it knows that as `reload`: {reloaded:?}");
    expect_all(&mut node, "ocf:heartbeat:Dummy", &[], &steps[3..]).await;
}

#[tokio::test]
async fn stateful() {
    if !has(&[&format!("{HEARTBEAT}/Stateful")]) {
        return;
    }
    let mut node = Node::new();
    let state = node.path("stateful.state");
    let steps = [
        ("start", OcfCode::OK),
        ("monitor", OcfCode::OK),
        ("promote", OcfCode::OK),
        ("monitor", OcfCode::RUNNING_PROMOTED),
        ("demote", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
    ];
    expect_all(&mut node, "ocf:heartbeat:Stateful", &[("state", &state)], &steps).await;
}

#[tokio::test]
async fn apache_serves_and_its_death_is_an_event() {
    if !has(&[&format!("{HEARTBEAT}/apache"), "/usr/sbin/apache2", "/usr/bin/curl"]) || !is_root() {
        return;
    }
    let mut node = Node::new();
    let (address, port) = testkit::free_port();
    let directory = node.config.state_dir.to_str().unwrap().to_owned();
    let modules = "/usr/lib/apache2/modules";
    let file = node.path("apache.conf");
    let text = format!(
        "ServerRoot {directory}\nServerName localhost\nListen {address}:{port}\n\
         PidFile {directory}/apache.pid\nErrorLog {directory}/apache.log\nDocumentRoot {directory}\n\
         LoadModule mpm_event_module {modules}/mod_mpm_event.so\n\
         LoadModule authz_core_module {modules}/mod_authz_core.so\n\
         LoadModule status_module {modules}/mod_status.so\n\
         <Location /server-status>\nSetHandler server-status\n</Location>\n"
    );
    std::fs::write(&file, text).unwrap();
    let url = format!("http://{address}:{port}/server-status");
    let parameters =
        [("configfile", file.as_str()), ("httpd", "/usr/sbin/apache2"), ("statusurl", &url)];
    let agent = "ocf:heartbeat:apache";
    let steps =
        [("monitor", OcfCode::NOT_RUNNING), ("start", OcfCode::OK), ("monitor", OcfCode::OK)];
    expect_all(&mut node, agent, &parameters, &steps).await;
    node.executor.watch(ResourceId::new("web"));
    node.act(agent, "monitor", &parameters).await;
    let pid = std::fs::read_to_string(node.config.state_dir.join("apache.pid")).unwrap();
    let main = Identity::of(pid.trim().parse().unwrap()).unwrap();
    assert!(process::send(main, Signal::Kill).unwrap());
    assert_eq!(node.report().await, Report::WatchedDied { resource: ResourceId::new("web") });
    let steps = [
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
        ("start", OcfCode::OK),
        ("stop", OcfCode::OK),
        ("monitor", OcfCode::NOT_RUNNING),
    ];
    expect_all(&mut node, agent, &parameters, &steps).await;
}

#[tokio::test]
async fn ipaddr2_in_a_network_of_its_own() {
    if !has(&[&format!("{HEARTBEAT}/IPaddr2"), "/usr/bin/unshare"]) || !is_root() {
        return;
    }
    let prepare = "ip link set lo up; ip link add qa type veth peer name qb; \
                   ip addr add 192.0.2.1/24 dev qa; ip link set qa up; ip link set qb up";
    if !is_inside("ipaddr2_in_a_network_of_its_own", &["--net"], prepare) {
        return;
    }
    let mut node = Node::with(|config| config.scratch_dir = Some(config.state_dir.join("run/ra")));
    let parameters = [("ip", "192.0.2.77"), ("cidr_netmask", "24"), ("nic", "qa")];
    let agent = "ocf:heartbeat:IPaddr2";
    let steps =
        [("monitor", OcfCode::NOT_RUNNING), ("start", OcfCode::OK), ("monitor", OcfCode::OK)];
    expect_all(&mut node, agent, &parameters, &steps).await;
    assert!(addresses().contains("192.0.2.77/24"), "{}", addresses());
    let steps = [("stop", OcfCode::OK), ("monitor", OcfCode::NOT_RUNNING)];
    expect_all(&mut node, agent, &parameters, &steps).await;
    assert!(!addresses().contains("192.0.2.77"));
    let wrong = node.act(agent, "start", &[("ip", "nonsense")]).await;
    assert_ne!(wrong.outcome.code, OcfCode::OK);
    assert!(!wrong.outcome.reason.is_empty(), "{wrong:?}");
}

fn addresses() -> String {
    let output = Command::new("ip").args(["-o", "addr"]).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn filesystem_in_a_mount_namespace_of_its_own() {
    let agent = format!("{HEARTBEAT}/Filesystem");
    if !has(&[&agent, "/sbin/modprobe", "/usr/bin/unshare"]) || !is_root() {
        return;
    }
    if !is_inside("filesystem_in_a_mount_namespace_of_its_own", &[], "") {
        return;
    }
    let mut node = Node::with(|config| config.scratch_dir = Some(config.state_dir.join("run/ra")));
    let mount = node.path("mount");
    std::fs::create_dir(&mount).unwrap();
    let parameters = [("device", "tmpfs"), ("directory", mount.as_str()), ("fstype", "tmpfs")];
    let agent = "ocf:heartbeat:Filesystem";
    let steps =
        [("monitor", OcfCode::NOT_RUNNING), ("start", OcfCode::OK), ("monitor", OcfCode::OK)];
    expect_all(&mut node, agent, &parameters, &steps).await;
    let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
    assert!(mounts.contains(&format!("{mount} tmpfs")), "{mounts}");
    let steps = [("stop", OcfCode::OK), ("monitor", OcfCode::NOT_RUNNING)];
    expect_all(&mut node, agent, &parameters, &steps).await;
}

#[tokio::test]
async fn fence_dummy_takes_its_parameters_from_standard_input() {
    if !has(&["/usr/sbin/fence_dummy"]) {
        return;
    }
    let mut node = Node::new();
    let status_file = node.path("power");
    let device = [("type", "file"), ("status_file", status_file.as_str())];
    let agent = "stonith:fence_dummy";
    let on_node = [device[0], device[1], ("nodename", "n2"), ("port", "n2")];
    assert_eq!(node.act(agent, "start", &device).await.outcome.code, OcfCode::OK);
    for (action, exit) in [("on", 0), ("status", 0), ("off", 0), ("status", 2), ("reboot", 0)] {
        let finished = node.act(agent, action, &on_node).await;
        assert_eq!(finished.exit, Exit::Code(exit), "{action}: {finished:?}");
    }
    assert_eq!(std::fs::read_to_string(&status_file).unwrap().trim(), "on");
}

#[tokio::test]
async fn every_installed_agent_can_be_read() {
    let directories = [HEARTBEAT, "/usr/lib/ocf/resource.d/pacemaker"];
    if !has(&[directories[0], "/usr/sbin/fence_dummy"]) {
        return;
    }
    let mut node = Node::new();
    let mut waiting = std::collections::BTreeMap::new();
    for directory in directories {
        let provider = directory.rsplit('/').next().unwrap();
        for name in names(directory) {
            waiting.insert(format!("ocf:{provider}:{name}"), "meta-data");
        }
    }
    // Fence agents are slow to start: a few of different make.
    for name in ["fence_ipmilan", "fence_apc", "fence_xenapi", "fence_sbd", "fence_virsh"] {
        if names("/usr/sbin").contains(&name.to_owned()) {
            waiting.insert(format!("stonith:{name}"), "meta-data");
        }
    }
    assert!(waiting.len() > 50, "{waiting:?}");
    let mut refused = Vec::new();
    for (agent, action) in waiting {
        let finished = node.act(&agent, action, &[]).await;
        match agent::Metadata::parse(&finished.stdout) {
            Ok(data) if finished.outcome.code == OcfCode::OK => {
                assert!(!data.actions.is_empty(), "{agent} has no actions");
            }
            // Some agents describe themselves only where the program that they run is installed.
            Ok(_) | Err(_) if finished.outcome.code == OcfCode::NOT_INSTALLED => {}
            other => refused.push(format!("{agent}: {other:?} {}", finished.outcome.code)),
        }
    }
    assert_eq!(refused, Vec::<String>::new());
}

fn names(directory: &str) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_file())
        .filter_map(|entry| entry.file_name().into_string().ok())
        // Shell libraries of old times lie there, too.
        .filter(|name| !name.starts_with('.') && !name.contains(".sh"))
        .collect();
    names.sort();
    names
}

/// A node whose only init script is the testkit's, and on which nobody speaks for systemd.
fn with_script() -> Node {
    Node::with(|config| {
        config.init_dir = config.state_dir.join("init.d");
        let nobody = config.state_dir.join("no-bus").to_str().unwrap().to_owned();
        config.system_bus = Some(format!("unix:path={nobody}"));
        std::fs::create_dir(&config.init_dir).unwrap();
        write_script(&config.init_dir);
    })
}

#[tokio::test]
async fn an_init_script_also_through_service() {
    if !has(&["/sbin/start-stop-daemon"]) {
        return;
    }
    let mut node = with_script();
    for agent in ["lsb:sleeper", "service:sleeper"] {
        let steps = [
            ("monitor", OcfCode::NOT_RUNNING),
            ("start", OcfCode::OK),
            ("start", OcfCode::OK),
            ("monitor", OcfCode::OK),
        ];
        expect_all(&mut node, agent, &[], &steps).await;
        node.executor.watch(ResourceId::new("web"));
        node.act(agent, "monitor", &[]).await;
        let pid = std::fs::read_to_string(node.path("init.d/sleeper.pid")).unwrap();
        let service = Identity::of(pid.trim().parse().unwrap()).unwrap();
        assert!(process::send(service, Signal::Kill).unwrap());
        assert_eq!(node.report().await, Report::WatchedDied { resource: ResourceId::new("web") });
        // The file with its number is still there: dead, and not stopped.
        let steps = [
            ("monitor", OcfCode::NOT_RUNNING),
            ("start", OcfCode::OK),
            ("stop", OcfCode::OK),
            ("stop", OcfCode::OK),
            ("monitor", OcfCode::NOT_RUNNING),
            ("promote", OcfCode::UNIMPLEMENTED),
        ];
        expect_all(&mut node, agent, &[], &steps).await;
    }
    let finished = node.act("service:no-such-thing", "start", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::NotInstalled, "{finished:?}");
    let finished = node.act("systemd:sleeper", "start", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::Error);
    assert!(finished.outcome.reason.contains("no D-Bus"), "{finished:?}");
}

/// Puts the testkit's init script here, which keeps its file beside itself.
fn write_script(init_dir: &Path) {
    let script = std::fs::read_to_string(testkit::agents().join("init.d/sleeper")).unwrap();
    testkit::write_program(&init_dir.join("sleeper"), &script);
}

/// A real service manager, the user's kind of it, with a bus of its own, in namespaces of its own.
const SYSTEMD: &str = r#"
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/systemd/user /run/user/config/systemd/user
umount -R /sys/fs/cgroup 2>/dev/null || true
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export XDG_RUNTIME_DIR=/run/user XDG_CONFIG_HOME=/run/user/config HOME=/run/user
export DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/bus
unit() { cat > /run/user/config/systemd/user/$1.service; }
unit good <<'END'
[Unit]
Description=A good unit & more
[Service]
ExecStart=/bin/sleep 1000
END
unit reloads <<'END'
[Service]
ExecStart=/bin/sleep 1000
ExecReload=/bin/touch /run/user/reloaded
END
unit dies <<'END'
[Service]
ExecStart=/bin/sh -c 'sleep 0.2; exit 9'
END
unit sleeper <<'END'
[Service]
ExecStart=/bin/sleep 1000
END
unit stubborn <<'END'
[Service]
ExecStart=/bin/sh -c 'trap "" TERM; while :; do sleep 1; done'
ExecStop=/bin/sleep 1000
Restart=always
RestartSec=0
TimeoutStopSec=1000
END
unit fails <<'END'
[Service]
Type=oneshot
ExecStart=/bin/false
END
unit slow <<'END'
[Service]
Type=oneshot
ExecStart=/bin/sleep 1000
END
dbus-daemon --session --address=$DBUS_SESSION_BUS_ADDRESS --fork --nopidfile
/lib/systemd/systemd --user --unit=basic.target &
n=0
until busctl --address=$DBUS_SESSION_BUS_ADDRESS --no-pager list | grep -q 'org.freedesktop.systemd1 .*systemd'; do
    n=$((n + 1)); [ $n -lt 2400 ] || exit 1; sleep 0.05
done
"#;

#[tokio::test]
async fn units_of_a_real_systemd() {
    let needed =
        ["/lib/systemd/systemd", "/usr/bin/dbus-daemon", "/usr/bin/busctl", "/usr/bin/unshare"];
    if !has(&needed) || !is_root() {
        return;
    }
    if !is_inside("units_of_a_real_systemd", &["--cgroup"], SYSTEMD) {
        return;
    }
    let mut node = Node::with(|config| {
        config.system_bus = Some("unix:path=/run/user/bus".to_owned());
        config.init_dir = config.state_dir.join("no-init.d");
    });
    for agent in ["systemd:good", "service:good"] {
        let steps = [
            ("monitor", OcfCode::NOT_RUNNING),
            ("start", OcfCode::OK),
            ("monitor", OcfCode::OK),
            ("start", OcfCode::OK),
            ("stop", OcfCode::OK),
            ("monitor", OcfCode::NOT_RUNNING),
            ("stop", OcfCode::OK),
        ];
        expect_all(&mut node, agent, &[], &steps).await;
    }
    let described = node.act("systemd:good", "meta-data", &[]).await;
    assert_eq!(agent::Metadata::parse(&described.stdout).unwrap().long, "A good unit & more");

    let finished = node.act("systemd:fails", "start", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::Error);
    assert!(finished.outcome.reason.ends_with("ended with `failed`"), "{finished:?}");
    let finished = node.act("systemd:no-such-unit", "start", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::NotInstalled, "{finished:?}");
    assert_eq!(finished.outcome.code, OcfCode::NOT_INSTALLED);
    let steps = [("monitor", OcfCode::NOT_RUNNING), ("stop", OcfCode::OK)];
    expect_all(&mut node, "systemd:no-such-unit", &[], &steps).await;
    let finished = node.act("systemd:good", "promote", &[]).await;
    assert_eq!(finished.outcome.code, OcfCode::UNIMPLEMENTED);

    ended_in_a_hurry(&mut node).await;
    reloading_and_dying(&mut node).await;
    script_before_unit(&mut node).await;
    too_slow(&mut node).await;
    expect_all(&mut node, "systemd:good", &[], &[("start", OcfCode::OK)]).await;
    node.executor.watch(ResourceId::new("web"));
    node.act("systemd:good", "monitor", &[]).await;
    let sleeping = process::all().into_iter().find(|stat| {
        std::fs::read_to_string(format!("/proc/{}/cgroup", stat.pid))
            .is_ok_and(|text| text.contains("good.service"))
    });
    process::send(sleeping.unwrap().identity(), Signal::Kill).unwrap();
    assert_eq!(node.report().await, Report::WatchedDied { resource: ResourceId::new("web") });
}

/// Whatever this node's agents had systemd start dies, and nothing else.
async fn ended_in_a_hurry(node: &mut Node) {
    let steps = [("start", OcfCode::OK), ("monitor", OcfCode::OK)];
    expect_all(node, "systemd:stubborn", &[], &steps).await;
    expect_all(node, "service:good", &[], &steps).await;
    let stranger = Command::new("systemctl").args(["--user", "start", "sleeper"]).status();
    assert!(stranger.unwrap().success());
    node.executor.end_units(kit::PATIENCE).await.unwrap();
    let not_running = [("monitor", OcfCode::NOT_RUNNING)];
    for agent in ["systemd:stubborn", "service:good"] {
        expect_all(node, agent, &[], &not_running).await;
    }
    expect_all(node, "systemd:sleeper", &[], &[("monitor", OcfCode::OK), ("stop", OcfCode::OK)])
        .await;
    node.executor.end_units(kit::PATIENCE).await.unwrap();
}

async fn reloading_and_dying(node: &mut Node) {
    let steps = [("start", OcfCode::OK), ("reload", OcfCode::OK), ("monitor", OcfCode::OK)];
    expect_all(node, "systemd:reloads", &[], &steps).await;
    assert!(std::fs::exists("/run/user/reloaded").unwrap());
    expect_all(node, "systemd:reloads", &[], &[("stop", OcfCode::OK)]).await;
    let finished = node.act("systemd:good", "reload", &[]).await;
    assert_eq!(finished.outcome.status, ExecStatus::Error, "it cannot: {finished:?}");

    // One that dies after it was started is not running, and the reason is said.
    node.act("systemd:dies", "start", &[]).await;
    let died = loop {
        let finished = node.act("systemd:dies", "monitor", &[]).await;
        if finished.outcome.code != OcfCode::OK {
            break finished;
        }
    };
    assert_eq!(died.outcome.code, OcfCode::NOT_RUNNING);
    assert_eq!(died.outcome.reason, "failed");
}

/// Where there are a script and a unit of one name, `service` is the script.
async fn script_before_unit(node: &mut Node) {
    std::fs::create_dir(&node.config.init_dir).unwrap();
    write_script(&node.config.init_dir);
    expect_all(node, "service:sleeper", &[], &[("start", OcfCode::OK)]).await;
    let unit = [("monitor", OcfCode::NOT_RUNNING)];
    expect_all(node, "systemd:sleeper", &[], &unit).await;
    let steps = [("monitor", OcfCode::OK), ("stop", OcfCode::OK)];
    expect_all(node, "service:sleeper", &[], &steps).await;
}

async fn too_slow(node: &mut Node) {
    let mut slow = node.request("systemd:slow", "start", &[]);
    slow.timeout = Duration::from_millis(300);
    let finished = node.run(slow).await;
    assert_eq!(finished.outcome.status, ExecStatus::TimedOut);
    // It is still on its way up, and a stop ends that, as the cluster will order.
    let steps = [("stop", OcfCode::OK), ("monitor", OcfCode::NOT_RUNNING)];
    expect_all(node, "systemd:slow", &[], &steps).await;
}
