// What is wrong: each with its cause, its evidence and what to do.

import { useEffect, useState } from "preact/hooks";

import * as actions from "../actions";
import { may } from "../api";
import { live } from "../live";
import { link } from "../route";
import { askScheduled, scheduled, unschedule } from "../stage";
import { useStore } from "../store";
import { exact, length } from "../time";
import type { Failure } from "../types";
import { Button, Card, Command, Icon, When } from "../ui/bits";
import { WhyDialog } from "./why";

export function Incidents() {
  const { status } = useStore(live);
  const [why, setWhy] = useState<string>();
  const notMade = useStore(scheduled).filter((one) => one.state === "refused" || one.state === "missed");
  // Asked with each look at the cluster: that a plan was refused is no event.
  useEffect(() => void (may("operate") && askScheduled()), [status]);
  if (!status) return null;
  const { failures, fencing, findings } = status;
  // Where no device is asked, nothing is under way: somebody must do it by hand.
  const byHand = status.nodes.filter((one) => one.state === "unclean" && !fencing.some((other) => other.node === one.name));
  const serious = findings.filter((one) => one.severity !== "notice");
  if (!failures.length && !fencing.length && !byHand.length && !serious.length && !notMade.length) return null;
  return (
    <Card title="Needs a look" class="incidents">
      <ul>
        {fencing.map((one) => (
          <li class="incident bad">
            <h3>
              <Icon name="fencing" /> {one.node} must be cut off
            </h3>
            <p>{one.under_way ? "A device is at work on it." : "What it ran starts elsewhere only when it is proven off."}</p>
            {one.failed && <p class="evidence">The last try failed: {one.failed}</p>}
            {one.failed && may("operate") && (
              <div class="acts">
                <Button small onClick={() => void actions.confirmOff(one.node)}>
                  I switched it off…
                </Button>
                <a href={link("fencing")}>Fencing</a>
              </div>
            )}
          </li>
        ))}
        {byHand.map((one) => (
          <li class="incident bad" key={one.name}>
            <h3>
              <Icon name="fencing" /> {one.name} is lost, and nothing proves that it is off
            </h3>
            <p>What it ran starts elsewhere only when that is proven. Switch it off by hand, then:</p>
            <Command text={`quorate node confirm-off ${one.name}`} />
            <div class="acts">
              {may("operate") && (
                <Button small onClick={() => void actions.confirmOff(one.name)}>
                  I switched it off…
                </Button>
              )}
              <a href={link("fencing")}>Fencing</a>
            </div>
          </li>
        ))}
        {failures.map((one) => (
          <li class="incident bad" key={`${one.resource} ${one.node} ${one.task}`}>
            <FailureCard failure={one} why={() => setWhy(one.resource)} />
          </li>
        ))}
        {notMade.map((one) => (
          <li class="incident warn" key={one.id}>
            <h3>
              <Icon name="clock" /> A plan for later was {one.state}
            </h3>
            <p>
              {one.what}, by {one.user}, for {exact(one.at)}
            </p>
            {one.outcome && <p class="evidence">{one.outcome}</p>}
            <div class="acts">
              <Button small onClick={() => void unschedule(one.id)}>
                Forget it
              </Button>
            </div>
          </li>
        ))}
        {serious.map((one) => (
          <li class={`incident ${one.severity === "warning" ? "warn" : "bad"}`}>
            <h3>
              <Icon name="warn" /> The configuration
            </h3>
            <p>{one.message}</p>
            <div class="acts">
              <a href={link("configuration", [], { line: one.line ? String(one.line) : undefined })}>{one.line ? `Line ${one.line}` : "Look at it"}</a>
            </div>
          </li>
        ))}
      </ul>
      {why && <WhyDialog resource={why} onClose={() => setWhy(undefined)} />}
    </Card>
  );
}

function FailureCard({ failure, why }: { failure: Failure; why: () => void }) {
  const counted = failure.count >= 1_000_000 ? "final on this node until forgotten" : failure.threshold ? `failure ${failure.count} of at most ${failure.threshold} there` : failure.count ? `failure ${failure.count} there` : "";
  return (
    <>
      <h3>
        <Icon name="bad" /> {failure.resource}: {failure.task} failed on {failure.node}
      </h3>
      <p>
        {failure.what} ({failure.code}){failure.at !== null && <>, <When at={failure.at} /></>}
        {failure.took_ms ? `, after ${length(failure.took_ms)}` : ""}
        {counted && `; ${counted}`}
      </p>
      {failure.reason && <p class="evidence">“{failure.reason}”</p>}
      <p class="soft small">When the cause is mended:</p>
      <Command text={failure.command} />
      <div class="acts">
        {may("operate") && (
          <Button small icon="plan" onClick={() => void actions.cleanup(failure.resource, failure.node)}>
            Plan it
          </Button>
        )}
        <Button small kind="quiet" onClick={why}>
          Why
        </Button>
        <a href={link("timeline", [], { at: failure.at !== null ? String(failure.at) : undefined })}>On the timeline</a>
      </div>
    </>
  );
}
