// A primitive, template or fence device: made and changed by what its agent says that it takes.

import { useEffect, useState } from "preact/hooks";

import * as agents from "../agents";
import { META, OPERATION } from "../catalogue";
import { agentOf } from "../document";
import { ruledSets, writeRuledSets } from "../rules";
import { add } from "../stage";
import { length } from "../time";
import { list } from "../words";
import { Button, Select, Tabs, Text } from "../ui/bits";
import { Fields, Pairs, PlanDialog, anyWrong, filled, judge, judgeAll, type Taken, type Values } from "../ui/forms";
import { RuledSets, ruledWrong, type Ruled } from "../ui/rules";
import * as xml from "../xml";

type Kind = "primitive" | "template" | "fence-device";
interface Props {
  tree: Document;
  kind: Kind;
  of?: Element;
  onClose: () => void;
  /** What a new one is to be like. */
  like?: Element;
}

interface Row extends Values {
  name: string;
}

const ADVANCED_MIN = 8;

export function PrimitiveForm({ tree, kind, of, like, onClose }: Props) {
  const from = of ?? like;
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [agent, setAgent] = useState(from ? agentOf(from) : "");
  const [group, setGroup] = useState("");
  // A copy's sets and rules get names of their own.
  const fresh = (one: Ruled): Ruled => (of ? one : { ...one, id: undefined });
  const [parameters, setParameters] = useState<Values>(from ? xml.values(from, "instance_attributes") : {});
  const [meta, setMeta] = useState<Values>(from ? xml.values(from, "meta_attributes") : {});
  const [needs, setNeeds] = useState<[string, string][]>(from ? Object.entries(xml.values(from, "utilization")) : []);
  const [operations, setOperations] = useState<Row[] | undefined>(from ? operationsOf(from, !of) : undefined);
  const [about, setAbout] = useState<agents.Described>();
  const [unknown, setUnknown] = useState("");
  const [listed, setListed] = useState<string[]>([]);
  const [tab, setTab] = useState("parameters");
  const [all, setAll] = useState(false);
  const [ruled, setRuled] = useState<Ruled[]>(from ? ruledSets(from, "instance_attributes").map(fresh) : []);
  const [ruledMeta, setRuledMeta] = useState<Ruled[]>(from ? ruledSets(from, "meta_attributes").map(fresh) : []);
  useEffect(() => void agents.list().then(setListed), []);
  const template = agent.startsWith("@") ? xml.resource(tree, agent.slice(1)) : undefined;
  const inherited = template ? xml.values(template, "instance_attributes") : {};
  const asked = template ? agentOf(template) : agent;
  useEffect(() => {
    setAbout(undefined);
    setUnknown("");
    if (!/^[^:]+:[^:]+(:[^:]+)?$/.test(asked) || asked.endsWith(":")) return;
    let mine = true;
    const wait = setTimeout(() => {
      agents.describe(asked).then(
        (found) => {
          if (!mine) return;
          setAbout(found);
          if (!from) setOperations(proposed(found));
        },
        (error: Error) => mine && setUnknown(error.message),
      );
    }, 250);
    return () => {
      mine = false;
      clearTimeout(wait);
    };
  }, [asked]);
  const taken: Taken[] = (about ? agents.fields(about) : []).map((one) => (template ? { ...one, required: false, fallback: inherited[one.name] ?? one.fallback } : one));
  const extra = Object.keys(parameters).filter((name) => parameters[name] && !taken.some((one) => one.name === name));
  const fields = [...taken, ...extra.map((name): Taken => ({ name, hint: about ? "Its agent does not know this." : undefined }))];
  const shown = all || fields.length <= ADVANCED_MIN ? fields : fields.filter((one) => one.required || parameters[one.name]);
  const wrongs = judgeAll(fields, parameters);
  const metaWrongs = judgeAll(META, meta);
  const idWrong = judge({ name: "id", kind: "id", required: true }, id) ?? (!of && xml.byId(tree, id) ? "Something is called so already." : undefined);
  const agentWrong = agent ? undefined : "This is needed.";
  const rowsWrong = (operations ?? []).some((row) => Object.keys(judgeAll(OPERATION, row)).length > 0);
  const noun = kind === "fence-device" ? "fence device" : kind;
  const wrong = idWrong || agentWrong || rowsWrong ? "Something above is missing or wrong." : (anyWrong(wrongs, metaWrongs) ?? ruledWrong(ruled) ?? ruledWrong(ruledMeta));
  const show = (): void => {
    if (Object.keys(wrongs).length) setTab("parameters");
    else if (Object.keys(metaWrongs).length) setTab("meta");
    else if (rowsWrong) setTab("operations");
    else if (ruledWrong(ruled) || ruledWrong(ruledMeta)) setTab("rules");
  };
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the ${noun} ${id}`, (now) => {
      const made = write(now, { id, agent, kind, parameters, meta, needs, operations: operations ?? [], group, fresh: !of });
      writeRuledSets(made, "instance_attributes", ruled);
      writeRuledSets(made, "meta_attributes", ruledMeta);
    });
  const users = kind === "template" && of ? xml.usersOf(tree, id) : [];
  const standards = kind === "fence-device" ? listed.filter((one) => one.startsWith("stonith:")) : listed.filter((one) => !one.startsWith("stonith:"));
  const templates = resourceTemplates(tree).map((one) => `@${one}`);
  return (
    <PlanDialog title={of ? `${noun} ${id}` : `New ${noun}`} onClose={onClose} stage={stage} onWrong={show} wrong={wrong}>
      {(tried) => (
        <>
          {users.length > 0 && <p class="note">{`What changes here changes for ${list(users)}, too.`}</p>}
          <div class="fields">
            {!of && <Text label="Name" value={id} set={setId} required wrong={tried || id ? idWrong : undefined} />}
            <div>
              <Text label="Agent" value={agent} set={setAgent} required list="agents" wrong={tried ? agentWrong : undefined} placeholder={kind === "fence-device" ? "stonith:fence_ipmilan" : "ocf:heartbeat:IPaddr2"} hint={about?.short || (unknown && `${unknown}: its parameters cannot be checked here.`)} />
              <datalist id="agents">
                {[...standards, ...(kind === "primitive" ? templates : [])].map((one) => (
                  <option value={one} />
                ))}
              </datalist>
            </div>
            {!of && kind === "primitive" && <Select label="In the group" value={group} set={setGroup} options={[["", "none"], ...groups(tree)]} />}
          </div>
          <Tabs
            label="Parts of the form"
            at={tab}
            choose={setTab}
            tabs={[
              ["parameters", "Parameters"],
              ["meta", "Meta"],
              ["operations", `Operations (${operations?.length ?? 0})`],
              ["utilization", "Needs"],
              ["rules", `Under rules (${ruled.length + ruledMeta.length})`],
            ]}
          />
          {tab === "parameters" && (
            <>
              {about && <Fields fields={shown} values={parameters} set={setParameters} wrongs={tried ? wrongs : filled(wrongs, parameters)} />}
              {about && fields.length > shown.length && (
                <Button kind="quiet" small onClick={() => setAll(true)}>
                  {`Show the other ${fields.length - shown.length} parameters`}
                </Button>
              )}
              {!about && !unknown && <p class="soft">{asked ? "Asking the agent what it takes…" : "Name an agent: it says what it takes."}</p>}
              {!about && unknown && <Pairs label="Parameters" pairs={Object.entries(parameters)} set={(pairs) => setParameters(Object.fromEntries(pairs))} />}
            </>
          )}
          {tab === "meta" && <Fields fields={META} values={meta} set={setMeta} wrongs={metaWrongs} />}
          {tab === "operations" && <Operations rows={operations ?? []} set={setOperations} tried={tried} />}
          {tab === "utilization" && (
            <>
              <p class="soft">What it takes of a node's capacity; counts with a placement strategy.</p>
              <Pairs label="Needs" pairs={needs} set={setNeeds} offered={["cpu", "memory"]} />
            </>
          )}
          {tab === "rules" && (
            <>
              <p class="soft">Values that count only while a rule holds, such as at night or on some nodes.</p>
              <RuledSets title="Parameters under a rule" sets={ruled} set={setRuled} tried={tried} offered={fields.map((one) => one.name)} />
              <RuledSets title="Meta attributes under a rule" sets={ruledMeta} set={setRuledMeta} tried={tried} offered={META.map((one) => one.name)} kinds={["date_expression", "rule"]} />
            </>
          )}
        </>
      )}
    </PlanDialog>
  );
}

function Operations({ rows, set, tried }: { rows: Row[]; set: (rows: Row[]) => void; tried: boolean }) {
  const put = (at: number, values: Values): void => set(rows.map((row, index) => (index === at ? (values as Row) : row)));
  return (
    <div class="form">
      {rows.map((row, at) => (
        <fieldset key={at}>
          <legend>{row.name || "operation"}</legend>
          <Fields fields={OPERATION} values={row} set={(values) => put(at, values)} wrongs={tried ? judgeAll(OPERATION, row) : filled(judgeAll(OPERATION, row), row)} />
          <Button kind="quiet" small icon="remove" onClick={() => set(rows.filter((_, index) => index !== at))}>
            Leave out
          </Button>
        </fieldset>
      ))}
      <Button small icon="plus" onClick={() => set([...rows, { name: "monitor", interval: "10s", timeout: "20s" }])}>
        Add an operation
      </Button>
    </div>
  );
}

const resourceTemplates = (tree: Document): string[] => xml.children(xml.section(tree, "resources"), "template").map((one) => xml.attr(one, "id"));
const groups = (tree: Document): string[] => [...xml.section(tree, "resources").getElementsByTagName("group")].map((one) => xml.attr(one, "id"));

function operationsOf(of: Element, copied: boolean): Row[] {
  const found = xml.child(of, "operations");
  const row = (one: Element): Row => Object.fromEntries([...one.attributes].filter((attribute) => !copied || attribute.name !== "id").map((attribute) => [attribute.name, attribute.value])) as Row;
  return found ? xml.children(found, "op").map(row) : [];
}

/** The monitors that the agent advises. */
function proposed(about: agents.Described): Row[] {
  const said = about.actions.filter((one) => one.name === "monitor");
  const rows = said.map((one): Row => {
    const row: Row = { name: "monitor", interval: length(one["interval-ms"] || 10_000).replace(" ", ""), timeout: length(one["timeout-ms"] || 20_000).replace(" ", "") };
    if (one.role) row["role"] = one.role.replace("Master", "Promoted").replace("Slave", "Unpromoted");
    return row;
  });
  return rows.length ? rows : [{ name: "monitor", interval: "10s", timeout: "20s" }];
}

interface Written {
  id: string;
  agent: string;
  kind: Kind;
  parameters: Values;
  meta: Values;
  needs: [string, string][];
  operations: Row[];
  group: string;
  fresh: boolean;
}

function write(tree: Document, want: Written): Element {
  const tag = want.kind === "template" ? "template" : "primitive";
  const home = want.group ? xml.resource(tree, want.group) : xml.section(tree, "resources");
  if (!home) throw new Error(`there is no group ${want.group} any more`);
  const of = want.fresh ? xml.make(home, tag, { id: want.id }) : xml.resource(tree, want.id);
  if (!of) throw new Error(`there is no ${want.id} any more`);
  if (want.fresh && xml.children(tree.documentElement).length && [...xml.configuration(tree).getElementsByTagName("*")].filter((one) => one.getAttribute("id") === want.id).length > 1) {
    throw new Error(`something is called ${want.id} already`);
  }
  setAgentOf(of, want.agent);
  setAllValues(of, "instance_attributes", want.parameters);
  setAllValues(of, "meta_attributes", want.meta);
  setAllValues(of, "utilization", Object.fromEntries(want.needs.filter(([name]) => name)));
  setOperationsOf(of, want.operations);
  return of;
}

export function setAgentOf(of: Element, agent: string): void {
  if (agent.startsWith("@")) return xml.put(of, "template", agent.slice(1));
  const parts = agent.split(":");
  const [standard, provider, type] = parts.length > 2 ? parts : [parts[0], undefined, parts[1]];
  xml.put(of, "class", standard);
  xml.put(of, "provider", provider);
  xml.put(of, "type", type);
}

export function setAllValues(of: Element, set: string, values: Values): void {
  for (const name of Object.keys(xml.values(of, set))) if (!values[name]) xml.setValue(of, set, name, undefined);
  for (const [name, value] of Object.entries(values)) if (value !== "") xml.setValue(of, set, name, value);
}

export function setOperationsOf(of: Element, rows: Row[]): void {
  const tree = of.ownerDocument;
  const was = xml.child(of, "operations");
  if (!rows.length) return was?.remove();
  const home = was ?? xml.make(of, "operations");
  const kept = new Set<Element>();
  for (const row of rows) {
    const { id: given, ...rest } = row as Row & { id?: string };
    const old = given ? xml.children(home, "op").find((one) => xml.attr(one, "id") === given) : undefined;
    const op = old ?? xml.make(home, "op", { id: xml.freeId(tree, `${xml.attr(of, "id")}-${rest.name}${rest["interval"] ? `-${rest["interval"]}` : ""}`) });
    for (const [name, value] of Object.entries(rest)) xml.put(op, name, value);
    if (!rest["interval"]) xml.put(op, "interval", "0");
    kept.add(op);
  }
  for (const one of xml.children(home, "op")) if (!kept.has(one)) one.remove();
}
