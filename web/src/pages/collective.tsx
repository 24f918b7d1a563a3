// Groups, clones and bundles.

import { useState } from "preact/hooks";

import { BUNDLE, CLONE_META, META } from "../catalogue";
import { isFenceDevice, resources } from "../document";
import { add } from "../stage";
import { Select, Text } from "../ui/bits";
import { Fields, Ordered, Pairs, PlanDialog, anyWrong, judge, judgeAll, type Taken, type Values } from "../ui/forms";
import * as xml from "../xml";
import { setAllValues } from "./primitive";

interface Props {
  tree: Document;
  of?: Element;
  onClose: () => void;
}

const idField: Taken = { name: "id", kind: "id", required: true };

function wrongId(tree: Document, id: string, of: Element | undefined): string | undefined {
  return judge(idField, id) ?? (!of && xml.byId(tree, id) ? "Something is called so already." : undefined);
}

/** Primitives that stand alone, or in this one. */
function free(tree: Document, of: Element | undefined, tags: string[]): string[] {
  return resources(tree)
    .filter((one) => tags.includes(one.tag) && !isFenceDevice(one.element) && (one.depth === 0 || one.element.parentElement === of))
    .map((one) => one.id);
}

export function GroupForm({ tree, of, onClose }: Props) {
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [members, setMembers] = useState(of ? xml.children(of, "primitive").map((one) => xml.attr(one, "id")) : []);
  const [meta, setMeta] = useState<Values>(of ? xml.values(of, "meta_attributes") : {});
  const wrong = wrongId(tree, id, of) ?? (members.length ? undefined : "A group needs a member.") ?? anyWrong(judgeAll(META, meta));
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the group ${id}`, (now) => {
      const home = xml.section(now, "resources");
      const first = xml.resource(now, members[0]!);
      const group = of ? xml.resource(now, id)! : xml.make(home, "group", { id }, first?.parentElement === home ? first : null);
      const before = xml.children(group, "primitive");
      for (const member of members) {
        const found = xml.resource(now, member);
        if (!found) throw new Error(`there is no ${member} any more`);
        group.append(found);
      }
      for (const one of before) if (!members.includes(xml.attr(one, "id"))) home.append(one);
      setAllValues(group, "meta_attributes", meta);
    });
  return (
    <PlanDialog title={of ? `Group ${id}` : "New group"} onClose={onClose} stage={stage} wrong={wrong}>
      {!of && <Text label="Name" value={id} set={setId} required wrong={id ? wrongId(tree, id, of) : undefined} />}
      <Ordered label="Members" hint="They run on one node, start in this order and stop in reverse." known={free(tree, of, ["primitive"])} chosen={members} set={setMembers} />
      <Fields fields={META} values={meta} set={setMeta} wrongs={judgeAll(META, meta)} />
    </PlanDialog>
  );
}

export function CloneForm({ tree, of, onClose }: Props) {
  const inner = of ? [...of.children].find((one) => ["primitive", "group"].includes(one.tagName)) : undefined;
  const [part, setPart] = useState(inner ? xml.attr(inner, "id") : "");
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [meta, setMeta] = useState<Values>(of ? xml.values(of, "meta_attributes") : { interleave: "true" });
  const fields = [...CLONE_META, ...META];
  const name = id || (part ? `${part}-clone` : "");
  const wrong = (part ? wrongId(tree, name, of) : "Choose what is cloned.") ?? anyWrong(judgeAll(fields, meta));
  const stage = (): unknown =>
    add(of ? `Change the clone ${name}` : `Clone ${part} as ${name}`, (now) => {
      const found = xml.resource(now, part);
      if (!found) throw new Error(`there is no ${part} any more`);
      const clone = of ? xml.resource(now, name)! : xml.make(found.parentElement!, "clone", { id: name }, found);
      if (!of) clone.append(found);
      setAllValues(clone, "meta_attributes", meta);
      const sets = xml.child(clone, "meta_attributes");
      const inside = [...clone.children].find((one) => ["primitive", "group"].includes(one.tagName));
      if (sets && inside) clone.insertBefore(sets, inside);
    });
  return (
    <PlanDialog title={of ? `Clone ${id}` : "New clone"} onClose={onClose} stage={stage} wrong={wrong}>
      {!of && (
        <div class="fields">
          <Select label="What is cloned" required value={part} set={setPart} options={[["", "choose…"], ...free(tree, of, ["primitive", "group"])]} />
          <Text label="Name" value={id} set={setId} placeholder={name} wrong={id ? wrongId(tree, id, of) : undefined} />
        </div>
      )}
      <Fields fields={CLONE_META} values={meta} set={setMeta} wrongs={judgeAll(CLONE_META, meta)} />
      <details>
        <summary>Other meta attributes</summary>
        <Fields fields={META} values={meta} set={setMeta} wrongs={judgeAll(META, meta)} />
      </details>
    </PlanDialog>
  );
}

const KINDS = ["podman", "docker"];

function attributes(of: Element | undefined): Values {
  return of ? Object.fromEntries([...of.attributes].map((one) => [one.name, one.value])) : {};
}

export function BundleForm({ tree, of, onClose }: Props) {
  const was = of ? [...of.children].find((one) => KINDS.includes(one.tagName)) : undefined;
  const network = of && xml.child(of, "network");
  const storage = of && xml.child(of, "storage");
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [kind, setKind] = useState(was?.tagName ?? "podman");
  const [container, setContainer] = useState<Values>(attributes(was));
  const [net, setNet] = useState<Values>(attributes(network));
  const [ports, setPorts] = useState<[string, string][]>(network ? xml.children(network, "port-mapping").map((one) => [xml.attr(one, "port"), xml.attr(one, "internal-port")]) : []);
  const [mounts, setMounts] = useState<[string, string][]>(storage ? xml.children(storage, "storage-mapping").map((one) => [xml.attr(one, "source-dir"), xml.attr(one, "target-dir")]) : []);
  const inner = of && xml.child(of, "primitive");
  const [part, setPart] = useState(inner ? xml.attr(inner, "id") : "");
  const wrong = wrongId(tree, id, of) ?? (container["image"] ? undefined : "An image is needed.") ?? (part && !net["ip-range-start"] && !net["control-port"] ? "With a primitive inside, the network needs a first address or a control port." : undefined) ?? anyWrong(judgeAll(BUNDLE.container, container), judgeAll(BUNDLE.network, net));
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the bundle ${id}`, (now) => {
      const bundle = of ? xml.resource(now, id)! : xml.make(xml.section(now, "resources"), "bundle", { id });
      const primitive = part ? xml.resource(now, part) : undefined;
      if (part && !primitive) throw new Error(`there is no ${part} any more`);
      for (const one of [...bundle.children]) if ([...KINDS, "network", "storage"].includes(one.tagName)) one.remove();
      const first = bundle.firstElementChild;
      xml.make(bundle, kind, Object.fromEntries(BUNDLE.container.map((field) => [field.name, container[field.name]])), first);
      const maps = ports.filter(([port]) => port);
      if (maps.length || BUNDLE.network.some((field) => net[field.name])) {
        const made = xml.make(bundle, "network", Object.fromEntries(BUNDLE.network.map((field) => [field.name, net[field.name]])), first);
        for (const [port, internal] of maps) xml.make(made, "port-mapping", { id: xml.freeId(now, `${id}-port-${port}`), port, "internal-port": internal });
      }
      const binds = mounts.filter(([source, target]) => source && target);
      if (binds.length) {
        const made = xml.make(bundle, "storage", {}, first);
        binds.forEach(([source, target]) => xml.make(made, "storage-mapping", { id: xml.freeId(now, `${id}-mount`), "source-dir": source, "target-dir": target, options: "rw" }));
      }
      if (primitive && primitive.parentElement !== bundle) bundle.append(primitive);
    });
  return (
    <PlanDialog title={of ? `Bundle ${id}` : "New bundle"} onClose={onClose} stage={stage} wrong={wrong}>
      <div class="fields">
        {!of && <Text label="Name" value={id} set={setId} required wrong={id ? wrongId(tree, id, of) : undefined} />}
        <Select label="Containers by" value={kind} set={setKind} options={KINDS} />
        {!of && <Select label="Primitive inside" value={part} set={setPart} options={[["", "none"], ...free(tree, of, ["primitive"])]} />}
      </div>
      <fieldset>
        <legend>Container</legend>
        <Fields fields={BUNDLE.container} values={container} set={setContainer} wrongs={judgeAll(BUNDLE.container.map((field) => ({ ...field, required: false })), container)} />
      </fieldset>
      <fieldset>
        <legend>Network</legend>
        <Fields fields={BUNDLE.network} values={net} set={setNet} wrongs={judgeAll(BUNDLE.network, net)} />
        <h3>Ports: outside, inside</h3>
        <Pairs label="Ports" pairs={ports} set={setPorts} />
      </fieldset>
      <fieldset>
        <legend>Directories: on the node, in the container</legend>
        <Pairs label="Directories" pairs={mounts} set={setMounts} />
      </fieldset>
    </PlanDialog>
  );
}
