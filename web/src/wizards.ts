// The patterns: what each asks, and what it writes into the document.

import { nodeNames } from "./document";
import { setAgentOf, setAllValues, setOperationsOf } from "./pages/primitive";
import type { Taken, Values } from "./ui/forms";
import * as xml from "./xml";

export interface Wizard {
  key: string;
  title: string;
  says: string;
  makes: string[];
  warn?: string;
  begin: Values;
  asks: (tree: Document) => [string, Taken[]][];
  wrong?: (values: Values, tree: Document) => string | undefined;
  done: (values: Values) => string;
  write: (tree: Document, values: Values) => void;
}

interface Part {
  id: string;
  agent: string;
  parameters?: Values;
  monitor?: string;
  timeout?: string;
  start?: string;
}

function primitive(tree: Document, home: Element, part: Part): void {
  if (xml.byId(tree, part.id)) throw new Error(`something is called ${part.id} already: choose another name`);
  const made = xml.make(home, "primitive", { id: part.id });
  setAgentOf(made, part.agent);
  setAllValues(made, "instance_attributes", part.parameters ?? {});
  const rows = [{ name: "monitor", interval: part.monitor || "30s", timeout: part.timeout || "20s" }];
  if (part.start) rows.push({ name: "start", interval: "0s", timeout: part.start }, { name: "stop", interval: "0s", timeout: part.start });
  setOperationsOf(made, rows);
}

function group(tree: Document, values: Values, parts: Part[]): Element {
  const id = values["name"]!;
  if (xml.byId(tree, id)) throw new Error(`something is called ${id} already: choose another name`);
  const home = xml.make(xml.section(tree, "resources"), "group", { id });
  if (values["begin"] === "later") xml.setValue(home, "meta_attributes", "target-role", "Stopped");
  for (const part of parts) primitive(tree, home, part);
  return home;
}

function prefer(tree: Document, resource: string, node: string, score: string): void {
  if (!node || !score) return;
  xml.make(xml.section(tree, "constraints"), "rsc_location", { id: xml.freeId(tree, `location-${resource}-${node}`), rsc: resource, node, score });
}

function stick(tree: Document, score: string): void {
  if (!score) return;
  const home = xml.section(tree, "rsc_defaults");
  if (xml.values(home, "meta_attributes")["resource-stickiness"] !== undefined) return;
  if (!xml.children(home, "meta_attributes").length) xml.make(home, "meta_attributes", { id: xml.freeId(tree, "rsc_defaults-meta_attributes") });
  xml.setValue(home, "meta_attributes", "resource-stickiness", score);
}

const IP = /^(\d{1,3}(\.\d{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:.]+)$/;
const wrongIp = (...addresses: (string | undefined)[]): string | undefined => {
  const wrong = addresses.find((one) => one && !IP.test(one));
  return wrong ? `${wrong} is no address.` : undefined;
};

const name = (fallback: string): Taken => ({ name: "name", label: "Name of the service", kind: "id", fallback });
const address = (label = "Floating address"): Taken[] => [
  { name: "ip", label, required: true, hint: "Clients find the service here, wherever it runs." },
  { name: "netmask", label: "Length of its network", kind: "integer", fallback: "24" },
];
const mount = (device: string, directory: string, fstype: string): Taken[] => [
  { name: "device", label: "Device", required: true, hint: `Such as ${device}` },
  { name: "directory", label: "Mounted on", required: true, fallback: directory },
  { name: "fstype", label: "File system", required: true, fallback: fstype, offered: ["ext4", "xfs", "nfs", "btrfs"] },
];
const begin: Taken = { name: "begin", label: "Begin", kind: "select", options: [["now", "at once"], ["later", "stopped, until I enable it"]], required: true, fallback: "now" };

const where = (tree: Document): Taken[] => [
  { name: "node", label: "Preferred node", kind: "select", options: nodeNames(tree) },
  { name: "score", label: "How much", kind: "score", fallback: "60" },
  { name: "stickiness", label: "Stay after a repair", kind: "score", fallback: "100", hint: "Default of all resources, if there is none yet." },
  begin,
];

const vip = (values: Values): Part => ({ id: `${values["name"]}-address`, agent: "ocf:heartbeat:IPaddr2", parameters: { ip: values["ip"]!, cidr_netmask: values["netmask"]! } });
const disk = (values: Values): Part => ({
  id: `${values["name"]}-data`,
  agent: "ocf:heartbeat:Filesystem",
  parameters: { device: values["device"]!, directory: values["directory"]!, fstype: values["fstype"]!, ...(values["options"] ? { options: values["options"] } : {}) },
  start: "60s",
  timeout: "40s",
});

const web: Wizard = {
  key: "web",
  title: "Web server with a floating address",
  says: "Apache and an address that go together: where one is, is the other, and the address comes first.",
  makes: ["an address (IPaddr2)", "Apache", "a group of both", "a preferred node"],
  begin: {},
  asks: (tree) => [
    ["Service", [name("web"), ...address()]],
    ["Apache", [{ name: "configfile", label: "Configuration file", fallback: "/etc/apache2/apache2.conf" }, { name: "statusurl", label: "Status page", fallback: "http://127.0.0.1/server-status", hint: "Asked to see whether it still serves." }]],
    ["Where", where(tree)],
  ],
  wrong: (values) => wrongIp(values["ip"]),
  done: (values) => `Web server ${values["name"]} at ${values["ip"]}`,
  write: (tree, values) => {
    const id = values["name"]!;
    group(tree, values, [vip(values), { id: `${id}-server`, agent: "ocf:heartbeat:apache", parameters: { configfile: values["configfile"]!, statusurl: values["statusurl"]! }, start: "60s" }]);
    prefer(tree, id, values["node"]!, values["score"]!);
    stick(tree, values["stickiness"]!);
  },
};

const moosefs: Wizard = {
  key: "moosefs",
  title: "MooseFS master on a shared disk",
  says: "The master's address, its state on a shared disk, and the master itself, in this order, on one node at a time.",
  makes: ["an address", "the file system of its state", "moosefs-master by systemd", "a group of the three"],
  warn: "The disk must never be mounted twice: without a fence device that was proven, the cluster cannot make sure of that.",
  begin: {},
  asks: (tree) => [
    ["Service", [name("mfs"), ...address()]],
    ["State", [...mount("/dev/sdb1", "/var/lib/mfs", "xfs")]],
    ["Master", [{ name: "unit", label: "systemd unit", fallback: "moosefs-master" }]],
    ["Where", where(tree)],
  ],
  wrong: (values) => wrongIp(values["ip"]),
  done: (values) => `MooseFS master ${values["name"]} at ${values["ip"]}`,
  write: (tree, values) => {
    const id = values["name"]!;
    group(tree, values, [vip(values), disk(values), { id: `${id}-master`, agent: `systemd:${values["unit"]}`, monitor: "60s", timeout: "100s", start: "100s" }]);
    prefer(tree, id, values["node"]!, values["score"]!);
    stick(tree, values["stickiness"]!);
  },
};

const cloudera: Wizard = {
  key: "cloudera",
  title: "A service's own script, active on one node",
  says: "An init script, unit or OCF agent of a product (such as Cloudera Manager's server or agent) with its state on NFS, never active twice.",
  makes: ["the NFS mount of its state", "the product's own script or agent", "a group of both"],
  warn: "Two active servers may corrupt the database: fence a node before its service starts elsewhere.",
  begin: {},
  asks: (tree) => [
    ["Service", [name("cloudera-scm"), { name: "agent", label: "Script or agent", required: true, fallback: "lsb:cloudera-scm-server", offered: ["lsb:cloudera-scm-server", "ocf:cm:agent", "systemd:cloudera-scm-server"] }]],
    ["State on NFS", [{ name: "device", label: "Export", hint: "Such as nfs:/home/cloudera-scm-server; none if it keeps no state" }, { name: "directory", label: "Mounted on", fallback: "/var/lib/cloudera-scm-server" }, { name: "options", label: "Options", fallback: "noatime,nolock,intr,tcp,actimeo=1800" }]],
    ["Where", where(tree)],
  ],
  wrong: (values) => ((values["agent"] || "lsb:x").includes(":") ? undefined : "An agent is called STANDARD:TYPE or ocf:PROVIDER:TYPE."),
  done: (values) => `${values["agent"]} as ${values["name"]}, on one node`,
  write: (tree, values) => {
    const id = values["name"]!;
    group(tree, values, [...(values["device"] ? [disk({ ...values, fstype: "nfs" })] : []), { id: `${id}-server`, agent: values["agent"]!, start: "300s", timeout: "60s" }]);
    prefer(tree, id, values["node"]!, values["score"]!);
    stick(tree, values["stickiness"]!);
  },
};

const heartbeat: Wizard = {
  key: "heartbeat",
  title: "Address, NFS mount and httpd",
  says: "What Heartbeat's haresources did in a line: an address, the pages on NFS, and the web server, together and in order.",
  makes: ["an address", "the NFS mount", "httpd", "a group of the three"],
  begin: {},
  asks: (tree) => [
    ["Service", [name("www"), ...address()]],
    ["Pages", [{ name: "device", label: "Export", required: true, hint: "Such as 192.168.1.4:/web/htdocs" }, { name: "directory", label: "Mounted on", fallback: "/var/www/html" }]],
    ["Web server", [{ name: "agent", label: "Started by", kind: "select", options: ["systemd:apache2", "systemd:httpd", "lsb:httpd", "ocf:heartbeat:apache"], fallback: "systemd:apache2" }]],
    ["Where", where(tree)],
  ],
  wrong: (values) => wrongIp(values["ip"]),
  done: (values) => `httpd ${values["name"]} at ${values["ip"]} with pages from ${values["device"]}`,
  write: (tree, values) => {
    const id = values["name"]!;
    group(tree, values, [vip(values), disk({ ...values, fstype: "nfs" }), { id: `${id}-httpd`, agent: values["agent"]!, start: "100s", timeout: "100s" }]);
    prefer(tree, id, values["node"]!, values["score"]!);
    stick(tree, values["stickiness"]!);
  },
};

const serviceguard: Wizard = {
  key: "package",
  title: "A package: volume group, file system, addresses, service",
  says: "As a Serviceguard package has it: storage activated, mounted, addresses added, services run, in order; and nodes in order of preference.",
  makes: ["LVM activation, if there is a volume group", "a file system", "one or two relocatable addresses", "a service", "nodes in order of preference"],
  begin: {},
  asks: (tree) => [
    ["Package", [name("pkg1")]],
    ["Storage", [{ name: "vg", label: "Volume group" }, { name: "device", label: "Device", hint: "Such as /dev/vg01/lvol1; none if it has no storage" }, { name: "directory", label: "Mounted on", fallback: "/srv/pkg1" }, { name: "fstype", label: "File system", fallback: "ext4" }]],
    ["Addresses", [...address("Relocatable address"), { name: "ip2", label: "A second one" }]],
    ["Service", [{ name: "agent", label: "Run by", required: true, hint: "systemd:UNIT, lsb:SCRIPT or ocf:PROVIDER:TYPE", offered: ["systemd:", "lsb:", "ocf:heartbeat:anything"] }]],
    [
      "Nodes",
      [
        { name: "first", label: "Primary node", kind: "select", options: nodeNames(tree) },
        { name: "second", label: "Adoptive node", kind: "select", options: nodeNames(tree) },
        { name: "failback", label: "Failback policy", kind: "select", options: [["manual", "manual: stay"], ["automatic", "automatic: go back"]], fallback: "manual" },
        begin,
      ],
    ],
  ],
  wrong: (values) => wrongIp(values["ip"], values["ip2"]) ?? (values["first"] && values["first"] === values["second"] ? "The adoptive node must be another." : undefined) ?? (values["agent"] && !/^[a-z]+:[^:]+/.test(values["agent"]) ? "An agent is called STANDARD:TYPE or ocf:PROVIDER:TYPE." : undefined),
  done: (values) => `Package ${values["name"]}`,
  write: (tree, values) => {
    const id = values["name"]!;
    const made = group(tree, values, [
      ...(values["vg"] ? [{ id: `${id}-vg`, agent: "ocf:heartbeat:LVM-activate", parameters: { vgname: values["vg"]!, vg_access_mode: "system_id" }, start: "90s", timeout: "90s" }] : []),
      ...(values["device"] ? [disk(values)] : []),
      vip(values),
      ...(values["ip2"] ? [{ ...vip({ ...values, ip: values["ip2"]! }), id: `${id}-address-2` }] : []),
      { id: `${id}-service`, agent: values["agent"]!, start: "60s" },
    ]);
    prefer(tree, id, values["first"]!, "200");
    prefer(tree, id, values["second"]!, "100");
    // With automatic failback nothing holds it where it is.
    xml.setValue(made, "meta_attributes", "resource-stickiness", values["failback"] === "automatic" ? "0" : "1000");
  },
};

export const WIZARDS: Wizard[] = [web, moosefs, cloudera, heartbeat, serviceguard];
