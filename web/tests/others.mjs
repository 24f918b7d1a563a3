// Two clusters beside the demo: one on Corosync, two nodes with two links; and one that is configured as large as
// clusters get, of which only one node is there. Real daemons with consoles of their own.

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT, program } from "./bed.mjs";

const WAIT_MS = 60_000;
const NODES = ["c1", "c2"];
const address = (link, node) => `10.77.${link}.${node}`;
/** Where a node's console is, and who looks at it. */
const consoleOf = (node) => `10.78.${node}.1`;
const looker = (node) => `10.78.${node}.2`;

const corosync = (directory, node) => `totem {
  version: 2
  cluster_name: pair
  transport: knet
  crypto_cipher: none
  crypto_hash: none
}
logging {
  to_stderr: no
  to_syslog: no
  to_logfile: yes
  logfile: ${directory}/corosync.log
}
quorum {
  provider: corosync_votequorum
  device {
    votes: 1
    model: net
    timeout: 3000
    sync_timeout: 6000
    net {
      host: ${looker(node)}
      tls: off
      algorithm: ffsplit
    }
  }
}
nodelist {
${NODES.map((name, at) => `  node {\n    name: ${name}\n    nodeid: ${at + 1}\n    ring0_addr: ${address(0, at + 1)}\n    ring1_addr: ${address(1, at + 1)}\n  }`).join("\n")}
}
`;

/** A machine with a network of its own, and places for Corosync. Its words: the directory, the program, the number. */
const MACHINE = `set -e
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t tmpfs tmpfs /etc/corosync
mount -t tmpfs tmpfs /var/lib/corosync
ip link set lo up
tries=0
for link in "eth0 10.77.0.$3" "eth1 10.77.1.$3" "web 10.78.$3.1"; do
  set -- "$1" "$2" "$3" $link
  until ip address add "$5/24" dev "$4" 2>/dev/null; do
    tries=$((tries + 1)); [ $tries -le 400 ]
    sleep 0.02
  done
  ip link set "$4" up
done
mkdir -p /etc/corosync/uidgid.d
cp "$1/corosync.conf" /etc/corosync/
corosync -f &
tries=0
until corosync-cmapctl -g runtime.config.totem.token >/dev/null 2>&1; do
  tries=$((tries + 1)); [ $tries -le 400 ]
  sleep 0.05
done
mkdir -p /run/corosync-qdevice
corosync-qdevice -f &
"$2" daemon --config "$1/quorate.toml"
`;

/** Who is asked on an even split. */
const ARBITER = `mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/corosync-qnetd
exec corosync-qnetd -f -s off
`;

const configuration = (directory, listen, more) => `state_dir = "${directory}"
api_socket = "${directory}/api.sock"
agents = "${join(ROOT, "agents")}"
${more}
[web]
listen = "${listen}"
pam_rules = "${directory}/pam"
`;

function prepare(directory, listen, more) {
  mkdirSync(join(directory, "pam"), { recursive: true });
  cpSync(join(ROOT, "packaging/pam/quorate"), join(directory, "pam/quorate"));
  writeFileSync(join(directory, "quorate.toml"), configuration(directory, listen, more));
}

/** What became so, asked again and again. */
async function until(what, look) {
  const end = Date.now() + WAIT_MS;
  for (;;) {
    const found = look();
    if (found) return found;
    if (Date.now() > end) throw new Error(`for too long: ${what}`);
    await new Promise((later) => setTimeout(later, 20));
  }
}

/** A token for another cluster to ask with. */
function tokenOf(socketPath) {
  return new Promise((done, fail) => {
    const body = JSON.stringify({ name: "another", role: "read" });
    const asked = request({ socketPath, path: "/v1/tokens", method: "POST", headers: { "content-type": "application/json", "content-length": body.length } }, (answer) => {
      let said = "";
      answer.setEncoding("utf8").on("data", (piece) => (said += piece));
      answer.on("end", () => done(JSON.parse(said).token));
    });
    asked.on("error", fail);
    asked.end(body);
  });
}

class Daemons {
  directory = mkdtempSync(join(tmpdir(), "quorate-web-"));
  children = [];

  start(name, ...words) {
    const log = openSync(join(this.directory, name, "said"), "a");
    const child = spawn(words[0], words.slice(1), { stdio: ["ignore", log, log], cwd: join(this.directory, name), detached: true });
    this.children.push(child);
    return child.pid;
  }

  quorate(name, ...words) {
    return execFileSync(program(), ["--socket", join(this.directory, name, "api.sock"), ...words], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  async url(name) {
    const path = join(this.directory, name, "web/address");
    await until(`${name} serves its console`, () => existsSync(path));
    return `https://${readFileSync(path, "utf8").trim()}/`;
  }

  /** Waits until what is said as JSON by these words is as it should be. */
  said(name, words, isSo) {
    return until(`${name}: ${words.join(" ")}`, () => {
      try {
        return isSo(JSON.parse(this.quorate(name, ...words)));
      } catch {
        return false;
      }
    });
  }

  kill() {
    for (const child of this.children) {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // It is over already.
      }
    }
  }

  end() {
    this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Two nodes on Corosync. `cut` is of their second link; all ends with `end`. */
export async function startPair() {
  const all = new Daemons();
  const ip = (...words) => execFileSync("ip", words, { stdio: "ignore" });
  const [first, second] = NODES.map((name, at) => {
    const own = join(all.directory, name);
    prepare(own, `${consoleOf(at + 1)}:7630`, '\n[fabric]\nkind = "corosync"');
    writeFileSync(join(own, "corosync.conf"), corosync(own, at + 1));
    return all.start(name, "unshare", "--net", "--mount", "sh", "-c", MACHINE, "sh", own, program(), String(at + 1));
  });
  await until("machines of their own", () => [first, second].every((one) => readlinkSync(`/proc/${one}/ns/net`) !== readlinkSync("/proc/self/ns/net")));
  for (const link of ["eth0", "eth1"]) ip("link", "add", link, "netns", first, "type", "veth", "peer", "name", link, "netns", second);
  [first, second].forEach((one, at) => {
    // Before a browser is there, which drops its connections when addresses change; and with no address that comes by
    // itself a moment later.
    ip("link", "add", `web${at + 1}`, "type", "veth", "peer", "name", "web", "netns", one);
    ip("address", "add", `${looker(at + 1)}/24`, "dev", `web${at + 1}`);
    ip("link", "set", `web${at + 1}`, "addrgenmode", "none", "up");
  });
  mkdirSync(join(all.directory, "arbiter"));
  all.start("arbiter", "unshare", "--mount", "sh", "-c", ARBITER);
  const whole = (status) => status.quorate && status.nodes.length === NODES.length && status.nodes.every((one) => one.state === "online");
  await Promise.all(NODES.map((name) => all.said(name, ["--json", "status"], whole)));
  return {
    urls: await Promise.all(NODES.map((name) => all.url(name))),
    token: () => tokenOf(join(all.directory, NODES[0], "api.sock")),
    authority: join(all.directory, NODES[0], "web/authority.pem"),
    /** Pulls the plug of the second. */
    off: () => process.kill(-second, "SIGKILL"),
    /** Pulls the plug of both. */
    kill: () => all.kill(),
    cut: () => execFileSync("nsenter", ["-t", first, "-n", "ip", "link", "set", "eth1", "down"]),
    end: () => all.end(),
  };
}

export const ROWS = 1000;
export const COLUMNS = 32;

/** A thousand resources on thirty-two nodes. Nothing is touched, so one node is enough to know them. */
function large() {
  const names = Array.from({ length: COLUMNS }, (_, at) => `node${at + 1}`);
  const nodes = names.map((name, at) => `<node id="${at + 1}" uname="${name}"/>`);
  const resources = Array.from({ length: ROWS }, (_, at) => `<primitive id="resource-${at}" class="ocf" provider="quorate" type="ping"/>`);
  const rule = (at, kind, by, score) => `<rsc_location id="${kind}-${at}" rsc="resource-${at}" node="${names[(at + by) % COLUMNS]}" score="${score}"/>`;
  const constraints = resources.map((_, at) => rule(at, "prefers", 0, 100) + rule(at, "never", 5, "-INFINITY"));
  const options = Object.entries({ "cluster-name": "large", "maintenance-mode": true, "enable-startup-probes": false, "fencing-enabled": false, "startup-fencing": false }).map(([name, value]) => `<nvpair id="option-${name}" name="${name}" value="${value}"/>`);
  return `<cib validate-with="pacemaker-3.9" admin_epoch="0" epoch="1" num_updates="0"><configuration><crm_config><cluster_property_set id="options">${options.join("")}</cluster_property_set></crm_config><nodes>${nodes.join("")}</nodes><resources>${resources.join("")}</resources><constraints>${constraints.join("")}</constraints></configuration><status/></cib>`;
}

/** Of the other cluster, which `startLarge`'s node asks. */
const OTHERS = `
[[web.clusters]]
name = "pair"
urls = ["https://${consoleOf(1)}:7630"]
token = "pair.token"
authority = "pair.pem"

[[web.clusters]]
name = "abandoned"
urls = ["https://127.0.0.1:9", "https://[::1]:9"]
token = "pair.token"
authority = "pair.pem"
`;

/** One node that holds a large document, and may know of other clusters. */
export async function startLarge() {
  const all = new Daemons();
  const own = join(all.directory, "node1");
  prepare(own, "127.0.0.1:0", `name = "node1"\nnodes = [{ name = "node1", id = 1 }]\n\n[fabric]\nkind = "embedded"\nsocket = "${own}/fabric.sock"`);
  appendFileSync(join(own, "quorate.toml"), OTHERS);
  writeFileSync(join(own, "large.xml"), large());
  all.start("node1", program(), "fabric", "--socket", join(own, "fabric.sock"));
  const daemon = all.start("node1", program(), "daemon", "--config", join(own, "quorate.toml"));
  await all.said("node1", ["--json", "status"], (status) => status.quorate);
  all.quorate("node1", "config", "apply", join(own, "large.xml"), "--yes");
  return {
    url: await all.url("node1"),
    /** Lets it ask the pair. */
    introduce: async (pair) => {
      cpSync(pair.authority, join(own, "pair.pem"));
      writeFileSync(join(own, "pair.token"), await pair.token(), { mode: 0o600 });
    },
    pause: () => process.kill(daemon, "SIGSTOP"),
    goOn: () => process.kill(daemon, "SIGCONT"),
    end: () => all.end(),
  };
}
