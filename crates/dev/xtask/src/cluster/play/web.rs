//! A floating address and Apache, with HAProxy before it, on two nodes.

use super::stage::Stage;

pub(super) const NODES: u32 = 2;

/// Packages, and a file of each.
pub(super) const NEEDED: [(&str, &str); 4] = [
    ("apache2", "/usr/sbin/apache2"),
    ("haproxy", "/usr/sbin/haproxy"),
    ("tcpdump", "/usr/bin/tcpdump"),
    ("curl", "/usr/bin/curl"),
];

/// Each machine's own page, status page and proxy.
pub(super) const MACHINE: &str = r#"
mount -t tmpfs tmpfs /var/www/html; echo "served by $NODE" > /var/www/html/index.html
ln -sf ../mods-available/status.load ../mods-available/status.conf /etc/apache2/mods-enabled/
cat > /etc/haproxy/haproxy.cfg <<'END'
defaults
  mode http
  timeout connect 5s
  timeout client 30s
  timeout server 30s
frontend entry
  bind :8080
  default_backend local
backend local
  server own 127.0.0.1:80
END
"#;

pub(super) fn play(stage: &Stage) -> Result<(), String> {
    stage.run(1, "quorate resource add power stonith:fence_bed 'pcmk_host_list=n1 n2' --yes")?;
    address(stage)?;
    stage.run(
        1,
        "quorate resource add WEB ocf:heartbeat:apache configfile=/etc/apache2/apache2.conf \
         statusurl=http://127.0.0.1/server-status op monitor interval=10s --group MyGroup --yes",
    )?;
    stage.run(
        1,
        "quorate resource add PROXY lsb:haproxy op monitor interval=30s --group MyGroup --yes",
    )?;
    stage.run(1, "quorate config check")?;
    stage.run(1, "quorate status")?;
    constrain(stage)?;
    let served = || served_by(stage, NODES + 1 - stage.holder()?);
    served()?;
    stage.stay()?;
    let first = stage.holder()?;
    let second = NODES + 1 - first;
    stage.must(first == 1, "it runs where it is preferred")?;
    killed(stage, first)?;
    served()?;
    stage.run(1, &format!("quorate node standby n{first} --yes"))?;
    stage.must(stage.holder()? == second, "everything moved")?;
    served()?;
    stage.run(1, &format!("quorate node unstandby n{first} --yes"))?;
    stage.must(stage.holder()? == second, "it stays: nothing calls it back")?;
    stage.lose(second)?;
    stage.run(first, "quorate wait")?;
    served_by(stage, first)?;
    stage.wait_all()?;
    stage.run(1, "quorate wait")?;
    stage.must(stage.holder()? == first, "it stays when the other is back")?;
    stage.run(2, "quorate fence history")?;
    served()
}

/// The order once more by itself, and a preference.
fn constrain(stage: &Stage) -> Result<(), String> {
    let prefers = |node: u32, score: u32| {
        format!("<rsc_location id=\"web-n{node}\" rsc=\"WEB\" node=\"n{node}\" score=\"{score}\"/>")
    };
    let order = "<rsc_order id=\"vip-web\" first=\"VIP\" then=\"WEB\"/>";
    stage.constrain(&format!("{order}{}{}", prefers(1, 60), prefers(2, 45)))
}

/// Every process of the web server is killed: it is found and started again, where it was.
fn killed(stage: &Stage, node: u32) -> Result<(), String> {
    stage.run(node, "pkill -9 -x apache2; sleep 1; pgrep -c -x apache2 || true")?;
    let up = || stage.quietly(node, "curl -s -f http://10.77.0.100/ >/dev/null").is_ok();
    let took = stage.wait("the page", up)?;
    println!("-- the page is served again after {:.1} s more", took.as_secs_f64());
    stage.run(node, "quorate wait")?;
    stage.must(stage.holder()? == node, "it was recovered on its node")?;
    stage.run(node, "quorate resource cleanup WEB --yes").map(drop)
}

/// Both ports, as a node sees them.
fn served_by(stage: &Stage, from: u32) -> Result<(), String> {
    let holder = stage.holder()?;
    for port in [80, 8080] {
        let page = stage.run(from, &format!("curl -s http://10.77.0.100:{port}/"))?;
        stage.must(page == format!("served by n{holder}\n"), "the page names the node")?;
    }
    Ok(())
}

/// The address, and that others hear of it: a gratuitous ARP on the wire.
fn address(stage: &Stage) -> Result<(), String> {
    let ear = "timeout 180 tcpdump -l -n -c 1 -i eth0 arp and src host 10.77.0.100 2>/dev/null";
    let ears = [stage.begin(1, ear)?, stage.begin(2, ear)?];
    for node in 1..=NODES {
        stage.wait("tcpdump to listen", || {
            let raw = stage.quietly(node, "wc -l </proc/net/packet").unwrap_or_default();
            raw.trim().parse::<u32>().is_ok_and(|lines| lines > 1)
        })?;
    }
    stage.run(
        1,
        "quorate resource add VIP ocf:heartbeat:IPaddr2 ip=10.77.0.100 cidr_netmask=24 nic=eth0 \
         op monitor interval=30s --group MyGroup --yes",
    )?;
    let holder = stage.holder()?;
    stage.run(holder, "ip -o address show dev eth0 | grep -w 10.77.0.100")?;
    for (node, ear) in (1..).zip(ears) {
        let heard = ear.wait_with_output().map_err(|error| error.to_string())?;
        if node != holder {
            let heard = String::from_utf8_lossy(&heard.stdout).into_owned();
            println!("-- on n{node}'s wire: {}", heard.trim());
            stage.must(heard.contains("10.77.0.100"), "a gratuitous ARP is seen by the other")?;
        }
    }
    Ok(())
}
