// Who sees whom: nodes, links, quorum, partitions.

import { useEffect, useState } from "preact/hooks";

import { live, look } from "../live";
import { go, link } from "../route";
import { useStore } from "../store";
import { length } from "../time";
import { Button, Card, Dialog, Empty, Tag } from "../ui/bits";
import type { Path, TieBreaker, Topology, TopologyNode } from "../views";

const WIDTH = 320;
const HEIGHT = 170;

export function Map() {
  const { topology } = useStore(live);
  const [shown, show] = useState(false);
  if (!topology) return null;
  const { quorum, partitions } = topology;
  const paths = topology.links.flatMap((one) => one.paths ?? []);
  const breaker = quorum["tie-breaker"];
  return (
    <Card
      title="Topology"
      side={
        <>
          {paths.length > 0 && (
            <Button small kind="quiet" onClick={() => show(true)}>
              Links
            </Button>
          )}
          <Tag tone={quorum.quorate ? "good" : "bad"} icon={quorum.quorate ? "ok" : "down"}>
            {`${quorum.quorate ? "Quorum" : "No quorum"} ${quorum.votes}/${quorum.expected}`}
          </Tag>
        </>
      }
    >
      {topology.nodes.length ? <Drawing topology={topology} /> : <Empty>There is no node.</Empty>}
      <p class="soft small">
        {`${quorum.votes} of ${quorum.expected} votes${quorum.needed === null ? "" : `, ${quorum.needed} needed`}.`}
        {breaker && ` ${breakerWords(breaker)}`}
        {partitions.length > 1 && ` Seen from here: ${partitions.map((part) => part.join(", ")).join("  |  ")}.`}
      </p>
      {shown && <Paths paths={paths} onClose={() => show(false)} />}
    </Card>
  );
}

function breakerWords(breaker: TieBreaker): string {
  const name = `tie-breaker (${[breaker.model, breaker.host].filter(Boolean).join(" at ")})`;
  const votes = breaker.votes === 1 ? "1 vote" : `${breaker.votes} votes`;
  if (!breaker.alive) return `The ${name} does not answer: its ${votes} may be missing.`;
  return breaker.ours ? `${votes} by the ${name}.` : `The ${name} answers, and gives its ${votes} to others.`;
}

const LOOK_MS = 2000;
const LOSS_SHOWN_PPM = 1000;
const loss = (ppm: number): string => `${(ppm / 10_000).toFixed(ppm && ppm < 1000 ? 3 : 1)} %`;
const latency = (us: number): string => (us < 1000 ? `${us} µs` : us < 10_000 ? `${(us / 1000).toFixed(1)} ms` : length(us / 1000));

/** Each way by itself: that a node is seen does not say that all ways to it work. */
function Paths({ paths, onClose }: { paths: Path[]; onClose: () => void }) {
  useEffect(() => {
    // That a way fails is no event, and who opened this waits for it.
    const timer = setInterval(() => void look(), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <Dialog wide title="Links from the node that answers" onClose={onClose}>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">To</th>
              <th scope="col">Link</th>
              <th scope="col">Address</th>
              <th scope="col">State</th>
              <th scope="col" class="number">Latency</th>
              <th scope="col" class="number">Lost</th>
              <th scope="col" class="number">Went down</th>
            </tr>
          </thead>
          <tbody>
            {paths.map((one) => (
              <tr>
                <th scope="row">{one.to}</th>
                <td>{one.number}</td>
                <td>{one.address ?? ""}</td>
                <td>
                  <Tag tone={one.connected ? "good" : "bad"} icon={one.connected ? "ok" : "bad"}>{one.connected ? "connected" : "down"}</Tag>
                </td>
                <td class="number">{one["latency-us"] === null ? "not measured" : latency(one["latency-us"])}</td>
                <td class="number">{one["loss-ppm"] === null ? "not measured" : loss(one["loss-ppm"])}</td>
                <td class="number">{one["times-down"] === 0 ? "never" : one["times-down"] === 1 ? "once" : `${one["times-down"]} times`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="soft small">There and back, on average; lost in the last minute. Links between two other nodes are measured there.</p>
    </Dialog>
  );
}

/** Nodes in a circle; apart from the answering node's partition, those that it does not see. */
function Drawing({ topology }: { topology: Topology }) {
  const cluster = topology.nodes.filter((one) => one.kind === "cluster");
  const others = topology.nodes.filter((one) => one.kind !== "cluster");
  const here = cluster.filter((one) => one.here);
  const gone = cluster.filter((one) => !one.here);
  const apart = gone.length > 0 && here.length > 0;
  const places = new globalThis.Map<string, [number, number]>();
  ring(here, apart ? 105 : WIDTH / 2, HEIGHT / 2, apart ? 60 : 110, places);
  ring(gone, apart ? 264 : WIDTH / 2, HEIGHT / 2, apart ? 36 : 110, places);
  others.forEach((one, index) => places.set(one.name, [14 + (index % 20) * 15, HEIGHT - 8]));
  const small = cluster.length > 12;
  return (
    <svg class="map" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="group" aria-label="Nodes and links">
      {apart && <path class="rift" d={`M205 8 l-7 22 l12 22 l-12 22 l12 22 l-12 22 l12 22 l-7 ${HEIGHT - 148}`} />}
      {topology.links.map((one) => {
        const [a, b] = [places.get(one.from), places.get(one.to)];
        if (!a || !b) return null;
        const known = one["latency-us"] !== null ? latency(one["latency-us"]) : "";
        const lost = one["loss-ppm"] ? `, ${loss(one["loss-ppm"])} lost` : "";
        // In the drawing there is room for what calls for a look only.
        const much = (one["loss-ppm"] ?? 0) >= LOSS_SHOWN_PPM ? lost.slice(2) : "";
        const down = one.paths?.filter((path) => !path.connected).length;
        const told = [known, much, down ? `${down} down` : ""].filter(Boolean).join(", ");
        return (
          <g class={`link ${one.state}${down ? " partly" : ""}`}>
            <line x1={a[0]} y1={a[1]} x2={b[0]} y2={b[1]}>
              <title>{`${one.from} – ${one.to}: ${one.state}${known ? `, ${known}` : ""}${lost}${down ? `; ${down} of ${one.paths!.length} paths down` : ""}`}</title>
            </line>
            {!small && told && (
              <text x={(a[0] + b[0]) / 2} y={(a[1] + b[1]) / 2 - 3}>
                {told}
              </text>
            )}
          </g>
        );
      })}
      {topology.nodes.map((one) => (
        <NodeMark node={one} at={places.get(one.name)!} small={small || one.kind !== "cluster"} />
      ))}
    </svg>
  );
}

function ring(nodes: TopologyNode[], x: number, y: number, radius: number, places: globalThis.Map<string, [number, number]>): void {
  if (nodes.length === 1) {
    places.set(nodes[0]!.name, [x, y]);
    return;
  }
  const flat = Math.min(0.62, 70 / radius);
  nodes.forEach((one, index) => {
    const angle = (2 * Math.PI * index) / nodes.length - Math.PI / 2 - (nodes.length === 2 ? Math.PI / 2 : 0);
    // Three points are wider below than above.
    const lower = nodes.length === 3 ? radius * flat * 0.2 : 0;
    places.set(one.name, [x + radius * Math.cos(angle), y + lower + radius * flat * Math.sin(angle)]);
  });
}

function NodeMark({ node, at: [x, y], small }: { node: TopologyNode; at: [number, number]; small: boolean }) {
  const words = [
    node.name,
    node.state === "unclean" ? "lost" : node.state,
    node.coordinator ? "coordinator" : "",
    node.answers ? "answers this page" : "",
    node["being-fenced"] ? "is being cut off" : "",
    `${node.active} active`,
  ].filter(Boolean);
  const open = (): void => go(link("nodes", [node.name]));
  return (
    <g
      class={`node ${node.state}${node["being-fenced"] ? " fenced" : ""}`}
      transform={`translate(${x} ${y})`}
      role="link"
      tabIndex={0}
      aria-label={words.join(", ")}
      onClick={open}
      onKeyDown={(event) => event.key === "Enter" && open()}
    >
      <title>{words.join(", ")}</title>
      {small ? (
        <rect x="-6" y="-6" width="12" height="12" rx="3" />
      ) : (
        <>
          <rect x="-48" y="-17" width="96" height="34" rx="6" />
          <text y="-2">{node.name.length > 11 ? `${node.name.slice(0, 10)}…` : node.name}</text>
          <text y="10" class="under">
            {node["being-fenced"] ? "being cut off" : node.state === "online" ? `${node.active} active${node.coordinator ? ", coordinator" : ""}` : node.state === "unclean" ? "lost" : node.state}
          </text>
        </>
      )}
    </g>
  );
}
