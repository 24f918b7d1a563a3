//! Agents of the distribution that ask the cluster and tell it things while they run.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use process::Identity;
use testkit::{has, is_root};
use wire::api::Reply;

use crate::bed::Bed;
use crate::promotion::is_quiet;
use crate::tools::answer;

fn configuration(resources: &str, constraints: &str) -> String {
    format!(
        r#"<configuration>
  <crm_config>
    <cluster_property_set id="options">
      <nvpair id="option-fencing" name="stonith-enabled" value="false"/>
    </cluster_property_set>
  </crm_config>
  <nodes/>
  <resources>{resources}</resources>
  <constraints>{constraints}</constraints>
</configuration>"#
    )
}

/// A set of values, each an id's end, a name and a value.
fn pairs(set: &str, pairs: &[(&str, &str)]) -> String {
    let pair = |(name, value): &(&str, &str)| {
        format!("<nvpair id=\"{set}-{name}\" name=\"{name}\" value=\"{value}\"/>")
    };
    pairs.iter().map(pair).collect()
}

#[test]
fn a_service_runs_only_where_ping_says_that_the_others_are_reached() {
    if !has(&["/usr/lib/ocf/resource.d/pacemaker/ping", "/usr/bin/ping"]) || !is_root() {
        return;
    }
    let wanted = |hosts: &str| {
        let parameters = [("host_list", hosts), ("dampen", "1s"), ("multiplier", "100")];
        let resources = format!(
            r#"<clone id="pings"><primitive id="ping" class="ocf" provider="pacemaker" type="ping">
              <instance_attributes id="ping-p">{}</instance_attributes>
              <operations><op id="ping-m" name="monitor" interval="5s" timeout="60s"/></operations>
            </primitive></clone>
            <primitive id="web" class="ocf" provider="heartbeat" type="Dummy"/>"#,
            pairs("ping-p", &parameters)
        );
        let constraints = r#"<rsc_location id="reach" rsc="web"><rule id="reach-r" boolean-op="or"
            score="-INFINITY"><expression id="reach-u" operation="not_defined" attribute="pingd"/>
            <expression id="reach-l" operation="lt" attribute="pingd" type="number" value="200"/>
            </rule></rsc_location>"#;
        configuration(&resources, constraints)
    };
    let bed = Bed::start();
    let told = |value: u32| -> String {
        let line = |node: u32| format!("name=\"pingd\" host=\"n{node}\" value=\"{value}\"\n");
        (1..=3).map(line).collect()
    };
    let places = || -> String { answer(&bed, 1, "crm_resource -r web -W -Q") };
    for (hosts, value, runs) in [("127.0.0.1", 100, 0), ("127.0.0.1 127.0.0.2", 200, 1)] {
        let reply = bed.replace(1, wanted(hosts));
        assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
        bed.wait(1, "an answer of the agents", |seen| {
            is_quiet(seen)
                && seen.xml.matches(&format!("name=\"pingd\" value=\"{value}\"")).count() == 3
        });
        assert_eq!(answer(&bed, 2, "attrd_updater -n pingd -QA"), told(value));
        bed.wait_idle(1);
        assert_eq!(places().lines().count(), runs, "{}", bed.see(1).xml);
    }
    // An agent that is stopped takes its word back.
    let reply = bed.replace(1, configuration("", ""));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    bed.wait(1, "the end", |seen| is_quiet(seen) && !seen.xml.contains("\"pingd\""));
}

/// Databases of `n1` and `n2` that are copies of each other, not running.
struct Databases {
    bin: PathBuf,
    dir: PathBuf,
    hosts: [String; 2],
    port: u16,
}

impl Databases {
    fn make(bed: &Bed) -> Self {
        let versions = fs::read_dir("/usr/lib/postgresql").unwrap();
        let bin = versions.map(|version| version.unwrap().path().join("bin")).max().unwrap();
        let dir = bed.dir.join("pg");
        fs::create_dir(&dir).unwrap();
        for (path, mode) in [(&bed.dir, 0o755), (&dir, 0o777)] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }
        let (first, port) = testkit::free_port();
        // The next address is no other process's: theirs begin with another number.
        let [_, high, middle, low] = first.octets();
        let hosts = [first, Ipv4Addr::new(127, 128 | high, middle, low)];
        let made = Self { bin, dir, hosts: hosts.map(|host| host.to_string()), port };
        made.shell(&format!(
            "{}/initdb -D {}/n1 -A trust -N --no-locale >/dev/null",
            made.bin.display(),
            made.dir.display()
        ));
        let hba =
            "local all all trust\nlocal replication all trust\nhost all all 127.0.0.0/8 trust\n";
        fs::write(made.dir.join("n1/pg_hba.conf"), hba).unwrap();
        made.shell(&format!("cp -a {0}/n1 {0}/n2", made.dir.display()));
        for (node, host) in (1..).zip(&made.hosts) {
            let settings = format!(
                "listen_addresses = '{host}'\nport = {port}\nhot_standby = on\n\
                 unix_socket_directories = '{0}/n{node}'\nfsync = off\nwal_level = replica\n\
                 dynamic_shared_memory_type = mmap\n\
                 shared_buffers = 1MB\n",
                made.dir.display()
            );
            fs::write(made.dir.join(format!("n{node}/postgresql.conf")), settings).unwrap();
        }
        made
    }

    /// Runs a line as the databases' user.
    fn shell(&self, line: &str) -> String {
        let output = Command::new("su")
            .args(["postgres", "-s", "/bin/sh", "-c", line])
            .current_dir(&self.dir)
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn ask(&self, node: usize, statement: &str) -> String {
        self.shell(&format!(
            "{}/psql -h {} -p {} -Atqc \"{statement}\"",
            self.bin.display(),
            self.hosts[node - 1],
            self.port
        ))
    }

    fn resources(&self) -> String {
        let path = |name: &str| self.bin.join(name).to_str().unwrap().to_owned();
        let (psql, pgctl, port) = (path("psql"), path("pg_ctl"), self.port.to_string());
        let first = format!("{}/first", self.dir.display());
        let common = [
            ("psql", psql.as_str()),
            ("pgctl", pgctl.as_str()),
            ("pgport", port.as_str()),
            ("rep_mode", "async"),
            ("node_list", "n1 n2"),
            ("master_ip", first.as_str()),
            ("repuser", "postgres"),
            ("restart_on_promote", "false"),
            ("xlog_check_count", "1"),
        ];
        let own = |node: usize| {
            let set = format!("db-n{node}");
            let at = |name: &str| format!("{}/{name}", self.dir.display());
            let (data, host) = (at(&format!("n{node}")), self.hosts[node - 1].clone());
            let (log, tmp) = (at(&format!("log{node}")), at(&format!("tmp{node}")));
            let config = format!("{data}/postgresql.conf");
            let values = [
                ("pgdata", data.as_str()),
                ("config", config.as_str()),
                ("pghost", host.as_str()),
                ("socketdir", data.as_str()),
                ("logfile", log.as_str()),
                ("tmpdir", tmp.as_str()),
            ];
            format!(
                "<instance_attributes id=\"{set}\"><rule id=\"{set}-r\"><expression id=\"{set}-e\" \
                 attribute=\"#uname\" operation=\"eq\" value=\"n{node}\"/></rule>{}\
                 </instance_attributes>",
                pairs(&set, &values)
            )
        };
        format!(
            r#"<clone id="dbs"><meta_attributes id="dbs-m">{}</meta_attributes>
            <primitive id="db" class="ocf" provider="heartbeat" type="pgsql">{}{}
              <instance_attributes id="db-p">{}</instance_attributes>
              <operations>
                <op id="db-start" name="start" interval="0" timeout="60s"/>
                <op id="db-mp" name="monitor" interval="1s" timeout="60s" role="Promoted"/>
                <op id="db-mu" name="monitor" interval="2s" timeout="60s"/>
              </operations>
            </primitive></clone>
            <primitive id="way" class="ocf" provider="testkit" type="points_here">
              <instance_attributes id="way-p">{}</instance_attributes></primitive>"#,
            pairs("dbs-m", &[("promotable", "true"), ("notify", "true"), ("clone-max", "2")]),
            own(1),
            own(2),
            pairs("db-p", &common),
            pairs("way-p", &[("link", first.as_str()), ("dir", self.dir.to_str().unwrap())])
        )
    }
}

#[test]
fn a_replicated_database_says_itself_who_may_be_promoted() {
    const AGENT: &str = "/usr/lib/ocf/resource.d/heartbeat/pgsql";
    if !has(&[AGENT, "/usr/lib/postgresql"]) || !is_root() {
        return;
    }
    let bed = Bed::start();
    let databases = Databases::make(&bed);
    // Others find the promoted one by a way that moves with it, as an address does.
    let constraints = r#"<rsc_location id="not-here" rsc="dbs" node="n3" score="-INFINITY"/>
        <rsc_colocation id="with" rsc="way" with-rsc="dbs" with-rsc-role="Promoted" score="INFINITY"/>
        <rsc_order id="after" first="dbs" first-action="promote" then="way" then-action="start" symmetrical="false"/>"#;
    let reply = bed.replace(1, configuration(&databases.resources(), constraints));
    assert!(matches!(reply, Reply::Done { .. }), "{reply:?}");
    let status =
        |xml: &str, value: &str| xml.contains(&format!("name=\"db-status\" value=\"{value}\""));
    bed.wait(1, "replication", |seen| status(&seen.xml, "PRI") && status(&seen.xml, "HS:async"));
    let ask = |node: usize, what: &str| {
        answer(&bed, 3, &format!("crm_attribute -N n{node} -n {what} -G -q -d none"))
    };
    let first = if ask(1, "db-status -l reboot") == "PRI\n" { 1 } else { 2 };
    let second = 3 - first;
    let scores = [first, second].map(|node| ask(node, "master-db -l reboot"));
    assert_eq!(scores, ["1000\n", "100\n"]);
    assert_eq!(ask(first, "db-data-status"), "LATEST\n");
    databases.ask(first, "create table t as select 42 as n");
    bed.wait(1, "the standby", |_| {
        databases.ask(second, "select count(*) from pg_tables where tablename = 't'") == "1\n"
    });

    // The first one dies, and what it wrote lives on in the second.
    let pid = databases.dir.join(format!("n{first}/postmaster.pid"));
    let pid = fs::read_to_string(pid).unwrap().lines().next().unwrap().parse().unwrap();
    process::send(Identity::of(pid).unwrap(), process::Signal::Kill).unwrap();
    bed.wait(2, "the other's promotion", |seen| {
        is_quiet(seen) && ask(second, "db-status -l reboot") == "PRI\n"
    });
    assert_eq!(databases.ask(second, "select n from t"), "42\n");
    assert_eq!(answer(&bed, 3, "crm_resource -r dbs -W -Q"), format!("n{second} Promoted\n"));
    assert_eq!(answer(&bed, 3, "crm_resource -r way -W -Q"), format!("n{second}\n"));
}
