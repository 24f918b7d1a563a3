// The plan: what is staged, what it would do, and the decision.

import { useEffect, useRef, useState } from "preact/hooks";

import { may } from "../api";
import * as stage from "../stage";
import { useStore } from "../store";
import { entries } from "../live";
import { exact, length } from "../time";
import type { Consequences, Step } from "../types";
import { Button, Empty, Icon, Tag, say } from "../ui/bits";
import { configuration, pretty } from "../xml";
import { DiffView } from "./diff";
import { count } from "../words";

export function Plan() {
  const now = useStore(stage.stage);
  const documents = useStore(stage.stagedDocument);
  const [diff, setDiff] = useState(false);
  const home = useRef<HTMLElement>(null);
  const { phase, plan, items } = now;
  useEffect(() => {
    if (phase === "ready") say("The plan is ready.");
    if (phase === "stale") say("The configuration changed meanwhile: the plan is out of date.");
    if (phase === "applied") say("Applied.");
  }, [phase]);
  useEffect(() => {
    // Who works by keys goes on in the plan, and comes back to where they were.
    const before = document.activeElement as HTMLElement | null;
    home.current?.focus();
    return () => before?.focus();
  }, []);
  const grave = plan?.effects ? plan.effects.grave > 0 : false;
  return (
    <aside class="plan" aria-label="Plan" ref={home} tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && stage.open(false)}>
      <header>
        <h2>
          <Icon name="plan" /> {now.undo ? "Plan: go back" : "Plan"}
        </h2>
        <Button kind="quiet" icon="close" label="Hide the plan" onClick={() => stage.open(false)} />
      </header>
      <div class="body">
        {phase === "empty" && (
          <>
            <Empty>Nothing is staged. Each change comes here first, with what it would do; nothing happens until you apply it.</Empty>
            {now.words && <p class="note">{now.words}</p>}
          </>
        )}
        {items.length > 0 && (
          <section>
            <h3>{phase === "applied" ? "Applied" : "To be changed"}</h3>
            <ul class="staged">
              {items.map((item) => (
                <li key={item.key}>
                  <span>{item.title}</span>
                  {phase !== "applied" && phase !== "applying" && <Button kind="quiet" small icon="close" label={`Do not: ${item.title}`} onClick={() => void stage.remove(item.key)} />}
                  {item.problem && <p class="why-wrong">{item.problem}</p>}
                </li>
              ))}
            </ul>
            {documents && (
              <button type="button" class="button quiet small" aria-expanded={diff} onClick={() => setDiff(!diff)}>
                {diff ? "Hide" : "Show"} what changes in the document
              </button>
            )}
            {diff && documents && <DiffView before={pretty(configuration(documents.base))} after={pretty(configuration(documents.staged))} />}
          </section>
        )}
        {now.undo && <p>Back to the configuration before the last change of it.</p>}
        {phase === "asking" && <p class="busy"><Icon name="work" /> Asking the scheduler…</p>}
        {phase === "stale" && (
          <p class="note warn" role="alert">
            <Icon name="warn" /> The configuration was changed meanwhile. What follows was computed for an older one and is not applied.
          </p>
        )}
        {phase === "failed" && (
          <p class="note bad" role="alert">
            <Icon name="bad" /> <span class="pre">{now.words ?? "That did not work."}</span>
          </p>
        )}
        {phase === "empty" && <Waiting />}
        {plan?.effects && <Effects effects={plan.effects} notes={plan.notes} past={phase === "applied"} stale={phase === "stale"} />}
      </div>
      <footer>
        {phase === "ready" && (
          <>
            <Button kind={grave ? "danger" : "main"} icon="ok" disabled={!may("operate")} onClick={() => void stage.apply()}>
              {grave ? "Apply in spite of the risk" : "Apply"}
            </Button>
            <Button onClick={stage.discard}>Discard</Button>
            {may("operate") && <Later />}
          </>
        )}
        {phase === "applying" && <Button kind="main" disabled>Applying…</Button>}
        {phase === "stale" && (
          <>
            <Button kind="main" icon="plan" onClick={() => void stage.restage()}>
              Plan it anew
            </Button>
            <Button onClick={stage.discard}>Discard</Button>
          </>
        )}
        {phase === "applied" && (
          <>
            {(now.undo || items.some((one) => one.apply)) && (
              <Button icon="undo" onClick={() => void stage.undo()}>
                {now.undo ? "Go forward again" : "Undo"}
              </Button>
            )}
            <Button kind="main" onClick={stage.discard}>
              Done
            </Button>
          </>
        )}
        {(phase === "failed" || phase === "asking") && <Button onClick={stage.discard}>Discard</Button>}
        {phase === "failed" && items.length > 0 && <Button onClick={() => void stage.restage()}>Try again</Button>}
        {phase === "empty" && may("operate") && (
          <Button icon="undo" onClick={() => void stage.undo()}>
            Undo the last change…
          </Button>
        )}
        {phase === "failed" && now.words?.includes("quorum") && (
          <label class="check small">
            <input type="checkbox" checked={now.force} onChange={(event) => void stage.force(event.currentTarget.checked)} /> also without quorum
          </label>
        )}
      </footer>
    </aside>
  );
}

const two = (number: number): string => String(number).padStart(2, "0");

/** As a field for a moment holds it: by the browser's clock, to the minute; who wants seconds, writes them. */
function field(at: Date): string {
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`;
}

const HOUR_MS = 3_600_000;

function Later() {
  const [open, setOpen] = useState(false);
  const [at, setAt] = useState(() => field(new Date(Date.now() + HOUR_MS)));
  const when = new Date(at).getTime();
  const wrong = !(when > Date.now());
  if (!open) {
    return (
      <Button icon="clock" onClick={() => setOpen(true)}>
        Later…
      </Button>
    );
  }
  return (
    <div class="later">
      <label>
        When <input type="datetime-local" step="1" value={at} onInput={(event) => setAt(event.currentTarget.value)} />
      </label>
      <Button icon="clock" disabled={wrong} onClick={() => void stage.later(Math.floor(when / 1000))}>
        Schedule
      </Button>
      <p class="soft small">{wrong ? "That is past." : "The node that answers makes it then, whether this page is open or not; unless the document has changed until then: then it is refused, and says so here."}</p>
    </div>
  );
}

const STATES: Record<stage.Scheduled["state"], [string, string]> = { waiting: ["info", "waits"], begun: ["warn", "begun"], done: ["good", "done"], refused: ["bad", "refused"], missed: ["bad", "missed"] };

/** What waits for its time, and what became of what did. */
function Waiting() {
  const all = useStore(stage.scheduled);
  const changes = useStore(entries).filter((one) => one.event.kind === "changed").length;
  useEffect(() => void stage.askScheduled(), [changes]);
  if (!all.length) return null;
  return (
    <section>
      <h3>Scheduled</h3>
      <ul class="staged">
        {all.map((one) => (
          <li key={one.id}>
            <span>
              <Tag tone={STATES[one.state][0]}>{STATES[one.state][1]}</Tag> {exact(one.at)}: {one.what}, by {one.user}
              {one.outcome && <span class="soft">: {one.outcome}</span>}
            </span>
            {may("operate") && <Button kind="quiet" small icon="close" label={`${one.state === "waiting" ? "Do not" : "Forget"}: ${one.what}`} onClick={() => void stage.unschedule(one.id)} />}
          </li>
        ))}
      </ul>
    </section>
  );
}

const VERBS: Record<Step["verb"], string> = {
  fence: "cut off",
  unfence: "unfence",
  start: "start",
  stop: "stop",
  restart: "restart",
  move: "move",
  "live-move": "move live",
  promote: "promote",
  demote: "demote",
  reload: "reload",
};

export function stepWords(step: Step): string {
  const verb = VERBS[step.verb];
  const then = step.promoted ? ", then promote" : "";
  if (step.from && step.to && step.from !== step.to) return `${verb} ${step.what} from ${step.from} to ${step.to}${then}`;
  const place = step.to ?? step.from;
  return `${verb} ${step.what}${place ? ` on ${place}` : ""}${then}`;
}

function Effects({ effects, notes, past, stale }: { effects: Consequences; notes: string[]; past: boolean; stale: boolean }) {
  const interrupted = effects.steps.filter((step) => step.interrupted_ms !== null);
  const stops = effects.steps.filter((step) => step.verb === "stop");
  return (
    <div class={`effects${stale ? " overtaken" : ""}`}>
      <section>
        <h3>{past ? "What this does" : "What would happen"}</h3>
        {effects.steps.length === 0 && <p class="none"><Icon name="ok" /> Nothing starts, stops or moves.</p>}
        <ol class="steps">
          {effects.steps.map((step) => (
            <li class={step.verb}>
              <div class="step">
                <span>{stepWords(step)}</span>
                {step.interrupted_ms !== null && <em>about {length(step.interrupted_ms)} without it</em>}
              </div>
              {step.because.length > 0 && <p class="soft small">because {step.because.map((one) => one.text).join(", because ")}</p>}
            </li>
          ))}
        </ol>
        {effects.steps.length > 0 && (
          <p class="soft small">
            {stops.length ? `${count(stops.length, "resource")} stop. ` : ""}
            {interrupted.length ? `Longest interruption: about ${length(Math.max(...interrupted.map((step) => step.interrupted_ms!)))}. ` : "Nothing is interrupted. "}
            Times are from past actions where there were any, and guesses else.
          </p>
        )}
      </section>
      {effects.risks.length > 0 && (
        <section>
          <h3>At risk</h3>
          <ul class="risks">
            {effects.risks.map((risk, at) => (
              <li class={at < effects.grave ? "grave" : ""}>
                <Icon name={at < effects.grave ? "bad" : "warn"} /> {risk}
              </li>
            ))}
          </ul>
        </section>
      )}
      {(effects.findings.length > 0 || notes.length > 0 || effects.already_busy) && (
        <section>
          <h3>To know</h3>
          <ul class="notes">
            {effects.findings.map((one) => (
              <li class={one.severity}>
                {one.severity}: {one.message}
              </li>
            ))}
            {notes.map((one) => (
              <li>{one}</li>
            ))}
            {effects.already_busy && <li>The cluster has work to do already, even without this.</li>}
          </ul>
        </section>
      )}
    </div>
  );
}
