// What holds for the whole cluster: properties, defaults, alerts, tags.

import { useEffect, useState } from "preact/hooks";

import * as actions from "../actions";
import { removeObject } from "../actions";
import { may } from "../api";
import { ALERT_KINDS, FORMER, META, OP_DEFAULTS, PROPERTIES } from "../catalogue";
import { ruledSets, writeRuledSets, type Kind } from "../rules";
import { nodeNames, resourceIds, useDocument } from "../document";
import { live } from "../live";
import { requery, route } from "../route";
import { add, fetchDocument } from "../stage";
import { useStore } from "../store";
import { Button, Card, Empty, Icon, Tabs, Text } from "../ui/bits";
import { Fields, Ordered, Pairs, PlanDialog, anyWrong, filled, judge, judgeAll, type Taken, type Values } from "../ui/forms";
import { RuledSets, ruledWrong, type Ruled } from "../ui/rules";
import { list } from "../words";
import * as xml from "../xml";

const TABS: [string, string][] = [
  ["properties", "Properties"],
  ["resource-defaults", "Resource defaults"],
  ["operation-defaults", "Operation defaults"],
  ["alerts", "Alerts"],
  ["tags", "Tags"],
  ["tickets", "Tickets"],
];

export function Settings() {
  const tree = useDocument();
  const { query } = useStore(route);
  const tab = query["tab"] ?? "properties";
  if (!tree) return <Empty>Asking…</Empty>;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Settings</h2>
      </div>
      <Tabs label="Settings" at={tab} tabs={TABS} choose={(key) => requery({ tab: key })} />
      {tab === "properties" && <Sets key="p" tree={tree} section="crm_config" set="cluster_property_set" id="cib-bootstrap-options" fields={PROPERTIES} title="Change the cluster's properties" kinds={["date_expression", "rule"]} former={FORMER} />}
      {tab === "resource-defaults" && <Sets key="r" tree={tree} section="rsc_defaults" set="meta_attributes" id="rsc_defaults-meta_attributes" fields={META} title="Change the resources' defaults" kinds={["date_expression", "rsc_expression", "rule"]} />}
      {tab === "operation-defaults" && <Sets key="o" tree={tree} section="op_defaults" set="meta_attributes" id="op_defaults-meta_attributes" fields={OP_DEFAULTS} title="Change the operations' defaults" kinds={["date_expression", "rsc_expression", "op_expression", "rule"]} />}
      {tab === "alerts" && <Alerts tree={tree} />}
      {tab === "tags" && <Tags tree={tree} />}
      {tab === "tickets" && <Tickets tree={tree} />}
    </div>
  );
}

function Sets({ tree, section, set, id, fields, title, kinds, former = {} }: { tree: Document; section: string; set: string; id: string; fields: Taken[]; title: string; kinds: Kind[]; former?: Record<string, string> }) {
  const before = xml.section(tree.cloneNode(true) as Document, section);
  const was = xml.values(before, set);
  const now = Object.fromEntries(Object.entries(was).map(([name, value]) => [former[name] ?? name, value]));
  const [values, setValues] = useState<Values>(now);
  const own = Object.keys(values).filter((name) => !fields.some((one) => one.name === name));
  const [others, setOthers] = useState<[string, string][]>(own.map((name) => [name, now[name]!]));
  const [ruled, setRuled] = useState<Ruled[]>(() => ruledSets(before, set));
  const [tried, setTried] = useState(false);
  const wrongs = judgeAll(fields, values);
  const wrong = anyWrong(wrongs) ?? ruledWrong(ruled);
  const save = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (wrong) return;
    void add(title, (tree) => {
      const home = xml.section(tree, section);
      const back = Object.fromEntries(Object.entries(former).map(([old, name]) => [name, old]));
      const known = xml.values(home, set);
      if (!xml.children(home, set).some((one) => !xml.child(one, "rule"))) xml.make(home, set, { id: xml.freeId(tree, id) });
      const wanted: Values = { ...Object.fromEntries(fields.map((one) => [one.name, values[one.name] ?? ""])), ...Object.fromEntries(others.filter(([name]) => name)) };
      for (const name of own) if (!(name in wanted)) wanted[name] = "";
      for (const [name, value] of Object.entries(wanted)) {
        // A value stays under the name that it has.
        const written = back[name] !== undefined && back[name] in known ? back[name] : name;
        if ((known[written] ?? "") !== value) xml.setValue(home, set, written, value === "" ? undefined : value);
      }
      writeRuledSets(home, set, ruled);
    });
  };
  return (
    <form class="form" onSubmit={save} noValidate>
      <Card>
        <div class="padded top">
          <Fields fields={fields} values={values} set={setValues} wrongs={filled(wrongs, values)} />
          <h3>Others</h3>
          <Pairs label="Others" pairs={others} set={setOthers} />
        </div>
      </Card>
      <Card title="Only while a rule holds">
        <div class="padded">
          <RuledSets title="Values under a rule" sets={ruled} set={setRuled} tried={tried} offered={fields.map((one) => one.name)} kinds={kinds} />
        </div>
      </Card>
      {tried && wrong && (
        <p class="why-wrong" role="alert">
          <Icon name="warn" /> {wrong}
        </p>
      )}
      {may("configure") && (
        <div class="acts">
          <Button type="submit" kind="main" icon="plan">Show the plan</Button>
        </div>
      )}
    </form>
  );
}

function Alerts({ tree }: { tree: Document }) {
  const [open, setOpen] = useState<Element | "new">();
  const home = xml.child(xml.configuration(tree), "alerts");
  const all = home ? xml.children(home, "alert") : [];
  return (
    <Card title="Who is told" side={may("configure") && <Button small icon="plus" onClick={() => setOpen("new")}>Alert</Button>}>
      <ul class="sentences">
        {all.map((one) => (
          <li>
            <button type="button" class="as-link" onClick={() => setOpen(one)}>
              {`${xml.attr(one, "id")}: ${xml.attr(one, "path")} tells ${list(xml.children(one, "recipient").map((to) => xml.attr(to, "value"))) || "nobody in particular"}`}
            </button>
          </li>
        ))}
      </ul>
      {!all.length && <Empty>Nobody is told of anything.</Empty>}
      {open && <AlertForm tree={tree} of={open === "new" ? undefined : open} onClose={() => setOpen(undefined)} />}
    </Card>
  );
}

function AlertForm({ tree, of, onClose }: { tree: Document; of?: Element; onClose: () => void }) {
  const [values, setValues] = useState<Values>(of ? { id: xml.attr(of, "id"), path: xml.attr(of, "path"), timeout: xml.values(of, "meta_attributes")["timeout"] ?? "", "timestamp-format": xml.values(of, "meta_attributes")["timestamp-format"] ?? "" } : {});
  const [to, setTo] = useState<[string, string][]>(of ? xml.children(of, "recipient").map((one) => [xml.attr(one, "id"), xml.attr(one, "value")]) : []);
  const [environment, setEnvironment] = useState<[string, string][]>(of ? Object.entries(xml.values(of, "instance_attributes")) : []);
  const select = of && xml.child(of, "select");
  const [kinds, setKinds] = useState<string[]>(select ? xml.children(select).map((one) => one.tagName.replace("select_", "")) : []);
  const fields: Taken[] = [
    ...(of ? [] : [{ name: "id", label: "Name", kind: "id", required: true } as Taken]),
    { name: "path", label: "Program", required: true, hint: "On each node: an alert agent of Pacemaker, or your own." },
    { name: "timeout", kind: "time", fallback: "30s" },
    { name: "timestamp-format", fallback: "%H:%M:%S.%06N" },
  ];
  const wrongs = judgeAll(fields, values);
  if (!of && values["id"] && xml.byId(tree, values["id"])) wrongs["id"] = "Something is called so already.";
  const id = values["id"] ?? "";
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the alert ${id}`, (now) => {
      const made = of ? xml.byId(now, id, ["alert"]) : xml.make(xml.section(now, "alerts"), "alert", { id });
      if (!made) throw new Error(`${id} is not there any more`);
      xml.put(made, "path", values["path"]);
      for (const one of [...made.children]) if (["recipient", "select"].includes(one.tagName)) one.remove();
      if (kinds.length) {
        const chosen = xml.make(made, "select", {}, made.firstElementChild);
        for (const kind of ALERT_KINDS.filter((one) => kinds.includes(one))) xml.make(chosen, `select_${kind}`);
      }
      for (const name of ["timeout", "timestamp-format"]) xml.setValue(made, "meta_attributes", name, values[name] || undefined);
      for (const name of Object.keys(xml.values(made, "instance_attributes"))) xml.setValue(made, "instance_attributes", name, undefined);
      for (const [name, value] of environment) if (name) xml.setValue(made, "instance_attributes", name, value);
      for (const set of xml.children(made)) if (/_attributes$/.test(set.tagName) && !set.children.length) set.remove();
      for (const [name, value] of to) if (value) xml.make(made, "recipient", { id: xml.freeId(now, name || `${id}-recipient`), value });
    });
  return (
    <PlanDialog title={of ? `Alert ${id}` : "New alert"} onClose={onClose} stage={stage} remove={of && (() => removeObject(id, `the alert ${id}`, "alert"))} wrong={anyWrong(wrongs)}>
      {(tried) => (
        <>
          <Fields fields={fields} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
          <fieldset>
            <legend>Told of</legend>
            <p class="soft small">Of none chosen: nodes, fencing and resources.</p>
            {ALERT_KINDS.map((kind) => (
              <label class="check">
                <input type="checkbox" checked={kinds.includes(kind)} onChange={(event) => setKinds(event.currentTarget.checked ? [...kinds, kind] : kinds.filter((one) => one !== kind))} /> {kind}
              </label>
            ))}
          </fieldset>
          <h3>Recipients: name, address</h3>
          <Pairs label="Recipients" pairs={to} set={setTo} />
          <h3>Environment</h3>
          <Pairs label="Environment" pairs={environment} set={setEnvironment} />
        </>
      )}
    </PlanDialog>
  );
}

function Tags({ tree }: { tree: Document }) {
  const [open, setOpen] = useState<Element | "new">();
  const home = xml.child(xml.configuration(tree), "tags");
  const all = home ? xml.children(home, "tag") : [];
  return (
    <Card title="Names for several things" side={may("configure") && <Button small icon="plus" onClick={() => setOpen("new")}>Tag</Button>}>
      <ul class="sentences">
        {all.map((one) => (
          <li>
            <button type="button" class="as-link" onClick={() => setOpen(one)}>{`${xml.attr(one, "id")}: ${list(xml.children(one, "obj_ref").map((ref) => xml.attr(ref, "id")))}`}</button>
          </li>
        ))}
      </ul>
      {!all.length && <Empty>None.</Empty>}
      {open && <TagForm tree={tree} of={open === "new" ? undefined : open} onClose={() => setOpen(undefined)} />}
    </Card>
  );
}

function TagForm({ tree, of, onClose }: { tree: Document; of?: Element; onClose: () => void }) {
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [chosen, setChosen] = useState(of ? xml.children(of, "obj_ref").map((one) => xml.attr(one, "id")) : []);
  const wrong = judge({ name: "id", kind: "id", required: true }, id) ?? (!of && xml.byId(tree, id) ? "Something is called so already." : undefined);
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the tag ${id}`, (now) => {
      const made = of ? xml.byId(now, id, ["tag"]) : xml.make(xml.section(now, "tags"), "tag", { id });
      if (!made) throw new Error(`${id} is not there any more`);
      for (const one of xml.children(made, "obj_ref")) if (!chosen.includes(xml.attr(one, "id"))) one.remove();
      for (const one of chosen) if (!xml.children(made, "obj_ref").some((ref) => xml.attr(ref, "id") === one)) xml.make(made, "obj_ref", { id: one });
    });
  return (
    <PlanDialog narrow title={of ? `Tag ${id}` : "New tag"} onClose={onClose} stage={stage} remove={of && (() => removeObject(id, `the tag ${id}`, "tag"))} wrong={wrong ?? (chosen.length ? undefined : "Choose a thing that it names.")}>
      {!of && <Text label="Name" value={id} set={setId} required wrong={id ? wrong : undefined} />}
      <Ordered label="Things" known={[...resourceIds(tree), ...nodeNames(tree)]} chosen={chosen} set={setChosen} />
    </PlanDialog>
  );
}

function Tickets({ tree }: { tree: Document }) {
  const version = useStore(live).status?.version;
  const [now, setNow] = useState<Document>();
  useEffect(() => void fetchDocument().then(setNow, () => undefined), [version]);
  const wanted = [...xml.section(tree, "constraints").getElementsByTagName("rsc_ticket")].map((one) => xml.attr(one, "ticket"));
  const states = [...(now?.getElementsByTagName("ticket_state") ?? [])];
  const names = [...new Set([...wanted, ...states.map((one) => xml.attr(one, "id"))])];
  return (
    <Card title="Tickets from other sites">
      <ul class="sentences">
        {names.map((name) => {
          const state = states.find((one) => xml.attr(one, "id") === name);
          const granted = xml.attr(state, "granted") === "true";
          return (
            <li>
              {`${name}: ${granted ? "granted" : "not granted"}${xml.attr(state, "standby") === "true" ? ", in standby" : ""} `}
              {may("operate") && (
                <Button small label={`${granted ? "Revoke" : "Grant"} ${name}`} onClick={() => void (granted ? actions.revoke(name) : actions.grant(name))}>
                  {granted ? "Revoke…" : "Grant…"}
                </Button>
              )}
            </li>
          );
        })}
      </ul>
      {!names.length && <Empty>No ticket is known. A ticket constraint names one.</Empty>}
      <p class="soft small">Where booth runs, it grants and revokes. By hand, make sure first that no other site has the ticket: this cluster cannot see that.</p>
    </Card>
  );
}
