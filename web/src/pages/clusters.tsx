// Several clusters on one page. A page may ask only its own server, so each other cluster is a
// console of its own, shown here as a link; what it says is in it.

import { useState } from "preact/hooks";

import { live } from "../live";
import { link } from "../route";
import { Store, useStore } from "../store";
import { Button, Card, Icon, Tag, Text } from "../ui/bits";
import { count } from "../words";

interface Other {
  name: string;
  url: string;
}

const KEY = "quorate-clusters";

function kept(): Other[] {
  try {
    const found = JSON.parse(localStorage.getItem(KEY) ?? "[]") as Other[];
    return found.filter((one) => typeof one.name === "string" && /^https:\/\//.test(one.url));
  } catch {
    return [];
  }
}

const others = new Store<Other[]>(kept());
others.follow((now) => {
  try {
    localStorage.setItem(KEY, JSON.stringify(now));
  } catch {
    // Then they last as long as the page.
  }
});

export function Clusters() {
  const { status, verdict } = useStore(live);
  const all = useStore(others);
  const [name, setName] = useState("");
  const [url, setUrl] = useState("");
  const wrong = url && !/^https:\/\/[^/\s]+/.test(url) ? "https:// and a host." : "";
  return (
    <div class="page">
      <div class="page-head">
        <h2>Clusters</h2>
      </div>
      <div class="node-cards">
        <Card title={<a href={link("overview")}>{status?.cluster_name ?? "This cluster"}</a>} side={<Tag tone={{ healthy: "good", weakened: "warn", working: "warn", impaired: "bad", down: "bad" }[verdict?.level ?? "working"]}>{verdict?.level ?? "asking"}</Tag>}>
          <div class="padded">
            <p>{verdict?.words}</p>
            {status && (
              <p class="soft">
                {count(status.nodes.length, "node")}, {status.nodes.filter((one) => one.state === "online").length} online; {count(status.resources.length, "resource")}; {count(status.failures.length, "failure")}
              </p>
            )}
          </div>
        </Card>
        {all.map((one) => (
          <Card
            title={
              <a href={one.url} target="_blank" rel="noopener noreferrer">
                {one.name} <Icon name="out" size={13} />
              </a>
            }
            side={<Button kind="quiet" small icon="close" label={`Leave ${one.name} out`} onClick={() => others.update((now) => now.filter((other) => other !== one))} />}
          >
            <div class="padded">
              <p class="soft">{one.url}</p>
              <p class="soft small">How it is, its own console says: this page asks nobody but its own node.</p>
            </div>
          </Card>
        ))}
      </div>
      <Card title="Add a cluster">
        <form
          class="padded fields"
          onSubmit={(event) => {
            event.preventDefault();
            if (!name || !url || wrong) return;
            others.update((now) => [...now, { name, url }]);
            setName("");
            setUrl("");
          }}
        >
          <Text label="Name" value={name} set={setName} />
          <Text label="Address of its console" value={url} set={setUrl} placeholder="https://n1.example.org:7630/" wrong={wrong} />
          <div class="acts">
            <Button type="submit" disabled={!name || !url || !!wrong}>Add</Button>
          </div>
        </form>
      </Card>
    </div>
  );
}
