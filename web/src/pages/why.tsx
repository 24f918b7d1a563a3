// Why a resource is where it is: the rule that settled it, each score as the terms that made it, and
// what would have to be different.

import { useEffect, useState } from "preact/hooks";

import * as actions from "../actions";
import { get, may } from "../api";
import { live } from "../live";
import { link } from "../route";
import { useStore } from "../store";
import { ago, score } from "../time";
import type { Term, Why } from "../types";
import { Button, Command, Dialog, Empty, Icon, Tag } from "../ui/bits";
import { capital, list } from "../words";

/** `at`: a moment of the past. */
export function WhyDialog({ resource, node, at, onClose }: { resource: string; node?: string; at?: number; onClose: () => void }) {
  const { grid } = useStore(live);
  const row = grid?.rows.find((one) => one.id === resource);
  const cell = node ? row?.cells[grid!.nodes.findIndex((one) => one.name === node)] : undefined;
  const runsThere = !!cell?.role;
  const close = (act: () => unknown) => () => {
    onClose();
    void act();
  };
  return (
    <Dialog
      wide
      title={node ? `${resource} on ${node}` : resource}
      onClose={onClose}
      foot={
        at === undefined && may("operate") ? (
          <>
            {node && !runsThere && <Button kind="main" icon="move" onClick={close(() => actions.move(resource, node))}>{`Move to ${node}`}</Button>}
            {node && <Button onClick={close(() => actions.ban(resource, node))}>{runsThere ? `Move away from ${node}` : `Keep off ${node}`}</Button>}
            <Button onClick={close(() => actions.clear(resource))}>End moves and bans</Button>
            <Button onClick={close(() => actions.cleanup(resource, node ?? null))}>Forget failures</Button>
            {row && <a class="button quiet" href={link("resources", [resource])} onClick={onClose}>Open</a>}
          </>
        ) : undefined
      }
    >
      <WhyView resource={resource} node={node} at={at} />
    </Dialog>
  );
}

export function WhyView({ resource, node, at }: { resource: string; node?: string; at?: number }) {
  const { status } = useStore(live);
  const [why, setWhy] = useState<Why>();
  const [wrong, setWrong] = useState("");
  useEffect(() => {
    let mine = true;
    const query = new URLSearchParams({ resource, ...(node ? { node } : {}), ...(at === undefined ? {} : { at: String(at) }) });
    get<Why>(`/v1/why?${query}`).then(
      (found) => mine && (setWhy(found), setWrong("")),
      (error: Error) => mine && setWrong(error.message),
    );
    return () => {
      mine = false;
    };
  }, [resource, node, at, at === undefined ? status?.version : ""]);
  if (wrong) return <p class="why-wrong"><Icon name="warn" /> {wrong}</p>;
  if (!why) return <Empty>Asking…</Empty>;
  return (
    <div class="why">
      {why.parts.map((part) => (
        <section>
          <h3>
            {part.id}{" "}
            {part.node ? <Tag tone="good">{`${part.role} on ${part.node}`}</Tag> : <Tag tone="warn">runs nowhere</Tag>}
            {part.active.length > 0 && part.active.join() !== part.node && <Tag tone="warn">{`is on ${list(part.active)} now`}</Tag>}
          </h3>
          <p>{capital(part.because)}.</p>
          {part.promotion && (
            <p>
              {part.promotion.promoted ? "Promoted" : "Not promoted"}: {part.promotion.because} (promotion score {score(part.promotion.score)}).
            </p>
          )}
          {!!part.comes?.length && (
            <ul class="chain">
              {part.comes.map((coming) => (
                <li>
                  <strong>{coming.action}</strong>
                  <ol>
                    {coming.because.map((one) => (
                      <li>
                        because {one.text}
                        {one.at ? `, ${ago(one.at)}` : ""}
                      </li>
                    ))}
                  </ol>
                </li>
              ))}
            </ul>
          )}
          <div class="scroll">
            <table class="scores">
              <thead>
                <tr>
                  <th scope="col">Node</th>
                  <th scope="col" class="number">Score</th>
                  <th scope="col">Made of</th>
                </tr>
              </thead>
              <tbody>
                {part.nodes.map((one) => (
                  <tr class={one.node === part.node ? "chosen" : ""}>
                    <th scope="row">{one.node}</th>
                    <td class="number">{one.score === null ? "not considered" : score(one.score)}</td>
                    <td>
                      {one.obstacle && <Tag tone="warn">{one.obstacle}</Tag>}
                      <Terms terms={one.terms} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {!!part.would?.length && (
            <>
              <h4>It would be otherwise</h4>
              <ul class="would">
                {part.would.map((one) => (
                  <li>
                    {one.node ? `${part.id} would ${one.promoted ? "be promoted" : "run"} on ${one.node}` : `${part.id} would run`} if{" "}
                    {list(one.changes.map((change) => change.text))}.
                    {one.changes.filter((change) => change.command).map((change) => <Command text={change.command!} />)}
                  </li>
                ))}
              </ul>
            </>
          )}
        </section>
      ))}
    </div>
  );
}

function Terms({ terms }: { terms: Term[] }) {
  if (!terms.length) return <span class="soft">nothing speaks for or against it</span>;
  return (
    <ul class="terms">
      {terms.map((term) => (
        <li>
          <span class={`number ${term.value < 0 ? "bad" : ""}`}>{term.change === "set" ? `= ${score(term.value)}` : term.value < 0 ? score(term.value) : `+${score(term.value)}`}</span> {term.text}
          {!!term.terms?.length && <Terms terms={term.terms} />}
        </li>
      ))}
    </ul>
  );
}
