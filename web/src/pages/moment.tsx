// How the cluster was at a moment, and what differs between two.

import { useEffect, useState } from "preact/hooks";

import { get } from "../api";
import { useThen, type Compared, type Difference, type Moment } from "../past";
import { exact } from "../time";
import { Button, Card, Empty, Tag } from "../ui/bits";
import { describe } from "../words";
import * as xml from "../xml";
import { DiffView } from "./diff";
import { GridView } from "./grid";
import { WhyDialog } from "./why";

/** Another moment, or the present. */
export type Other = number | "now";

interface Props {
  moment: Moment | undefined;
  other: Other | undefined;
  compare: (other: Other | undefined) => void;
}

export function MomentCard({ moment, other, compare }: Props) {
  if (!moment) {
    return (
      <Card title="How the cluster was">
        <Empty>Choose a moment, by the slider or by what happened. Moments are kept a second apart; of the last ones there may be none yet.</Empty>
      </Card>
    );
  }
  if (other !== undefined && other !== moment.id) return <Comparison moment={moment} other={other} forget={() => compare(undefined)} />;
  return (
    <Card
      title={`How the cluster was: ${exact(moment.at)}`}
      side={
        <>
          <Button small pressed={other === moment.id} onClick={() => compare(other === moment.id ? undefined : moment.id)}>
            {other === moment.id ? "Choose the other moment" : "Compare with another"}
          </Button>
          <Button small onClick={() => compare("now")}>Compare with now</Button>
        </>
      }
    >
      <Seen moment={moment} />
    </Card>
  );
}

const TONES: Record<string, string> = { healthy: "good", weakened: "warn", working: "warn", impaired: "bad", down: "bad" };
const TOLD_MAX = 12;

function Seen({ moment }: { moment: Moment }) {
  const then = useThen(moment.id);
  const [why, setWhy] = useState<{ resource: string; node?: string }>();
  if (then === undefined) return <Empty>Asking…</Empty>;
  if (typeof then === "string") return <Empty>{then}</Empty>;
  return (
    <>
      <div class="padded">
        <p>
          <Tag tone={TONES[then.verdict.level]}>{then.verdict.level}</Tag> {then.verdict.words}
        </p>
      </div>
      <div class="then">
        <GridView grid={then.grid} filter="" past why={(resource, node) => setWhy({ resource, node })} />
      </div>
      <div class="padded">
        <h3>What had happened just before</h3>
        <ul class="bullets">
          {then.told
            .filter((one) => one.event.kind !== "started")
            .slice(-TOLD_MAX)
            .map((one) => (
              <li>{describe(one.event)[1]}</li>
            ))}
        </ul>
        <p class="soft small">As this node kept it at {exact(moment.at)}; configuration {moment.version}.</p>
      </div>
      {why && <WhyDialog {...why} at={moment.id} onClose={() => setWhy(undefined)} />}
    </>
  );
}

function Comparison({ moment, other, forget }: { moment: Moment; other: Other; forget: () => void }) {
  const [from, to] = other === "now" || other > moment.id ? [moment.id, other] : [other, moment.id];
  const [found, set] = useState<Compared | string>();
  useEffect(() => {
    let mine = true;
    const until = to === "now" ? "" : `&to=${to}`;
    get<Compared>(`/v1/compare?from=${from}${until}`).then(
      (answer) => mine && set(answer),
      (error: Error) => mine && set(error.message),
    );
    return () => {
      mine = false;
    };
  }, [from, to]);
  return (
    <Card title="What differs between the two moments" side={<Button small onClick={forget}>End comparing</Button>}>
      {found === undefined && <Empty>Asking…</Empty>}
      {typeof found === "string" && <Empty>{found}</Empty>}
      {typeof found === "object" && <Differences compared={found} from={from} to={to} />}
    </Card>
  );
}

function Differences({ compared, from, to }: { compared: Compared; from: Other; to: Other }) {
  const rows: Difference[] = [...compared.nodes, ...compared.resources];
  return (
    <>
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">What</th>
              <th scope="col">Earlier: {exact(compared.from.at)}</th>
              <th scope="col">Later: {to === "now" ? "now" : exact(compared.to.at)}</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">The whole</th>
              <td>{compared.from.words}</td>
              <td>{compared.to.words}</td>
            </tr>
            {rows.map((one) => (
              <tr>
                <th scope="row">{one.name}</th>
                <td>{one.was ?? "not there"}</td>
                <td>{one.is ?? "not there"}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!rows.length && <Empty>No node and no resource differs.</Empty>}
      <div class="padded">
        <p class="soft small">
          Configuration {compared.from.version}, then {compared.to.version}.
        </p>
        {compared["configuration-changed"] && <Documents from={from} to={to} />}
      </div>
    </>
  );
}

function Documents({ from, to }: { from: Other; to: Other }) {
  const [texts, set] = useState<[string, string] | string>();
  useEffect(() => {
    let mine = true;
    const read = async (at: Other): Promise<string> => {
      const answer = await get<string>(`/v1/document${at === "now" ? "" : `?at=${at}`}`);
      return xml.pretty(xml.configuration(xml.parse(answer)));
    };
    Promise.all([read(from), read(to)]).then(
      (both) => mine && set(both),
      (error: Error) => mine && set(error.message),
    );
    return () => {
      mine = false;
    };
  }, [from, to]);
  if (typeof texts === "string") return <p class="why-wrong">{texts}</p>;
  return texts ? <DiffView before={texts[0]} after={texts[1]} /> : null;
}
