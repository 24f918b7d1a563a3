// Who may what: roles and users in the document, tokens of this node.

import { useEffect, useState } from "preact/hooks";

import { ask, get, may, post, session } from "../api";
import { useDocument } from "../document";
import { add } from "../stage";
import { useStore } from "../store";
import { Button, Card, Command, Empty, Icon, Select, Tag, Text } from "../ui/bits";
import { Ordered, PlanDialog, judge } from "../ui/forms";
import { list } from "../words";
import * as xml from "../xml";

export function Access() {
  const tree = useDocument();
  const who = useStore(session);
  const [role, setRole] = useState<Element | "new">();
  const [user, setUser] = useState<Element | "new">();
  if (!tree) return <Empty>Asking…</Empty>;
  const home = xml.child(xml.configuration(tree), "acls");
  const roles = home ? xml.children(home, "acl_role") : [];
  const users = home ? xml.children(home).filter((one) => ["acl_target", "acl_group"].includes(one.tagName)) : [];
  const enabled = ["true", "yes", "on", "1", "y"].includes((xml.values(xml.section(tree.cloneNode(true) as Document, "crm_config"), "cluster_property_set")["enable-acl"] ?? "").toLowerCase());
  return (
    <div class="page">
      <div class="page-head">
        <h2>Access</h2>
        <span class="soft">{`You are ${who?.user}, and may ${who?.role === "full" ? "everything" : who?.role}.`}</span>
      </div>
      {!enabled && users.length > 0 && <p class="note warn">The property enable-acl is not set: what follows does not count.</p>}
      <div class="two">
        <Card title="Roles in the document" side={may("full") && <Button small icon="plus" onClick={() => setRole("new")}>Role</Button>}>
          <ul class="sentences">
            {roles.map((one) => (
              <li>
                <button type="button" class="as-link" onClick={() => setRole(one)}>{xml.attr(one, "id")}</button>
                <span class="soft"> {xml.children(one, "acl_permission").map(permissionWords).join("; ")}</span>
              </li>
            ))}
          </ul>
          {!roles.length && <Empty>None.</Empty>}
        </Card>
        <Card title="Users and groups" side={may("full") && <Button small icon="plus" onClick={() => setUser("new")}>User</Button>}>
          <ul class="sentences">
            {users.map((one) => (
              <li>
                <button type="button" class="as-link" onClick={() => setUser(one)}>{xml.attr(one, "name") || xml.attr(one, "id")}</button>
                <span class="soft">{`${one.tagName === "acl_group" ? ", a group," : ""} has ${list(xml.children(one, "role").map((ref) => xml.attr(ref, "id"))) || "no role"}`}</span>
              </li>
            ))}
          </ul>
          {!users.length && <Empty>None: who is in the group haclient may everything.</Empty>}
        </Card>
      </div>
      {may("full") && <Tokens />}
      {role && <RoleForm tree={tree} of={role === "new" ? undefined : role} onClose={() => setRole(undefined)} />}
      {user && <UserForm tree={tree} of={user === "new" ? undefined : user} onClose={() => setUser(undefined)} />}
    </div>
  );
}

function permissionWords(one: Element): string {
  const what = xml.attr(one, "xpath") || (xml.attr(one, "reference") ? `#${xml.attr(one, "reference")}` : xml.attr(one, "object-type"));
  return `${{ read: "may read", write: "may change", deny: "may not see" }[xml.attr(one, "kind")] ?? xml.attr(one, "kind")} ${what}`;
}

interface Permission {
  kind: string;
  by: string;
  what: string;
}

function RoleForm({ tree, of, onClose }: { tree: Document; of?: Element; onClose: () => void }) {
  const [id, setId] = useState(of ? xml.attr(of, "id") : "");
  const [permissions, setPermissions] = useState<Permission[]>(
    of
      ? xml.children(of, "acl_permission").map((one) => {
          const by = ["xpath", "reference", "object-type"].find((name) => xml.attr(one, name)) ?? "xpath";
          return { kind: xml.attr(one, "kind"), by, what: xml.attr(one, by) };
        })
      : [{ kind: "read", by: "xpath", what: "/cib" }],
  );
  const wrong = judge({ name: "id", kind: "id", required: true }, id) ?? (!of && xml.byId(tree, id) ? "Something is called so already." : undefined);
  const put = (at: number, change: Partial<Permission>): void => setPermissions(permissions.map((one, index) => (index === at ? { ...one, ...change } : one)));
  const empty = permissions.some((one) => !one.what) ? "Say of each permission what it is about." : undefined;
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} the role ${id}`, (now) => {
      const home = xml.section(now, "acls");
      const made = of ? xml.byId(now, id, ["acl_role"]) : xml.make(home, "acl_role", { id }, xml.children(home).find((one) => one.tagName !== "acl_role") ?? null);
      if (!made) throw new Error(`${id} is not there any more`);
      for (const one of xml.children(made, "acl_permission")) one.remove();
      permissions.forEach((one, at) => xml.make(made, "acl_permission", { id: `${id}-${at + 1}`, kind: one.kind, [one.by]: one.what }));
    });
  const remove = (): unknown =>
    add(`Remove the role ${id}`, (now) => {
      for (const ref of [...xml.section(now, "acls").getElementsByTagName("role")]) if (xml.attr(ref, "id") === id) ref.remove();
      xml.byId(now, id, ["acl_role"])?.remove();
    });
  return (
    <PlanDialog title={of ? `Role ${id}` : "New role"} onClose={onClose} stage={stage} remove={of && remove} wrong={wrong ?? empty}>
        {!of && <Text label="Name" value={id} set={setId} required wrong={id ? wrong : undefined} />}
        {permissions.map((one, at) => (
          <fieldset>
            <legend>{`Permission ${at + 1}`}</legend>
            <div class="fields">
              <Select label="May" value={one.kind} set={(kind) => put(at, { kind })} options={[["read", "read"], ["write", "change"], ["deny", "not see"]]} />
              <Select label="By" value={one.by} set={(by) => put(at, { by })} options={[["xpath", "path (XPath)"], ["reference", "id of an element"], ["object-type", "kind of element"]]} />
              <Text label="What" value={one.what} set={(what) => put(at, { what })} required />
            </div>
            <Button kind="quiet" small icon="remove" onClick={() => setPermissions(permissions.filter((_, index) => index !== at))}>Leave out</Button>
          </fieldset>
        ))}
        <Button small icon="plus" onClick={() => setPermissions([...permissions, { kind: "read", by: "xpath", what: "" }])}>Permission</Button>
    </PlanDialog>
  );
}

function UserForm({ tree, of, onClose }: { tree: Document; of?: Element; onClose: () => void }) {
  const [name, setName] = useState(of ? xml.attr(of, "name") || xml.attr(of, "id") : "");
  const [kind, setKind] = useState(of?.tagName ?? "acl_target");
  const [roles, setRoles] = useState(of ? xml.children(of, "role").map((one) => xml.attr(one, "id")) : []);
  const home = xml.child(xml.configuration(tree), "acls");
  const known = home ? xml.children(home, "acl_role").map((one) => xml.attr(one, "id")) : [];
  const wrong = judge({ name: "id", kind: "id", required: true }, name);
  const id = of ? xml.attr(of, "id") : name;
  const stage = (): unknown =>
    add(`${of ? "Change" : "Add"} ${kind === "acl_group" ? "the group" : "the user"} ${name}`, (now) => {
      const made = of ? xml.byId(now, id, [kind]) : xml.make(xml.section(now, "acls"), kind, { id: xml.freeId(now, name), ...(xml.byId(now, name) ? { name } : {}) });
      if (!made) throw new Error(`${name} is not there any more`);
      for (const one of xml.children(made, "role")) one.remove();
      for (const one of roles) xml.make(made, "role", { id: one });
    });
  const remove = (): unknown => add(`Remove ${name}`, (now) => xml.byId(now, id, [kind])?.remove());
  return (
    <PlanDialog narrow title={of ? name : "New user or group"} onClose={onClose} stage={stage} remove={of && remove} wrong={wrong}>
        {!of && <Select label="It is" value={kind} set={setKind} options={[["acl_target", "a user"], ["acl_group", "a group"]]} />}
        {!of && <Text label="Name on the machines" value={name} set={setName} required wrong={name ? wrong : undefined} />}
        <Ordered label="Roles" known={known} chosen={roles} set={setRoles} />
    </PlanDialog>
  );
}

interface Token {
  name: string;
  id?: string;
  role: string;
  expires?: number | string | null;
  user?: string;
}

const LIVES: [string, string][] = [["7", "a week"], ["30", "a month"], ["90", "three months"], ["365", "a year"]];

function Tokens() {
  const [tokens, setTokens] = useState<Token[]>();
  const [wrong, setWrong] = useState("");
  const [name, setName] = useState("");
  const [role, setRole] = useState("read");
  const [days, setDays] = useState("30");
  const [made, setMade] = useState("");
  const read = (): void => {
    get<Token[] | { tokens: Token[] }>("/v1/tokens").then(
      (found) => setTokens(Array.isArray(found) ? found : found.tokens),
      (error: Error) => setWrong(error.message),
    );
  };
  useEffect(read, []);
  if (!tokens && wrong) return null;
  const make = async (event: Event): Promise<void> => {
    event.preventDefault();
    try {
      const answer = await post<{ token?: string; secret?: string }>("/v1/tokens", { name, role, days: Number(days) });
      setMade(answer.token ?? answer.secret ?? "");
      setName("");
      read();
    } catch (error) {
      setWrong((error as Error).message);
    }
  };
  return (
    <Card title="Tokens for programs">
      <div class="padded form">
        {tokens && tokens.length > 0 && (
          <table>
            <tbody>
              {tokens.map((one) => (
                <tr>
                  <th scope="row">{one.name}</th>
                  <td><Tag>{one.role}</Tag></td>
                  <td class="soft">{one.expires ? `until ${typeof one.expires === "number" ? new Date(one.expires * 1000).toISOString().slice(0, 10) : one.expires}` : ""}</td>
                  <td class="acts-cell"><Button small kind="quiet" icon="remove" label={`Remove the token ${one.name}`} onClick={() => void ask("DELETE", `/v1/tokens/${encodeURIComponent(one.name)}`).then(read, (error: Error) => setWrong(error.message))} /></td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        {made && (
          <p class="note good">
            It is shown once: <Command text={made} />
          </p>
        )}
        <form class="fields" onSubmit={make}>
          <Text label="Name" value={name} set={setName} required />
          <Select label="May" value={role} set={setRole} options={[["read", "look"], ["operate", "operate"], ["configure", "configure"], ["full", "everything"]]} />
          <Select label="For" value={days} set={setDays} options={LIVES} />
          <div class="acts"><Button type="submit" disabled={!name}>Make a token</Button></div>
        </form>
        {wrong && <p class="why-wrong" role="alert"><Icon name="warn" /> {wrong}</p>}
      </div>
    </Card>
  );
}
