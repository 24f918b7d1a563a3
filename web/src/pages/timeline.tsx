// Event, decision, actions: what happened when, and how the cluster was at any moment that is still
// known.

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { chronicle, episodes, ledTo, type Bar, type Chronicle } from "../chronicle";
import { entries, life, live } from "../live";
import { momentOf, momentsTrouble, useMoments, useThen, type Moment } from "../past";
import { requery, route } from "../route";
import { useStore } from "../store";
import { clock, day, exact, length } from "../time";
import type { Entry } from "../types";
import { Button, Card, Empty, Filter, matches } from "../ui/bits";
import { describe, list } from "../words";
import { MomentCard, type Other } from "./moment";

interface Range {
  from: number;
  to: number;
}

const NAMES_PX = 112;
const ROW_PX = 15;
const LANE_GAP = 8;
const SPAN_MIN_S = 1;

export function Timeline() {
  const present = useStore(entries);
  const { status } = useStore(live);
  const { query } = useStore(route);
  const kept = useMoments();
  const ours = useStore(life);
  const [filter, setFilter] = useState("");
  const [range, setRange] = useState<Range>();
  const chosen = query["entry"] ? Number(query["entry"]) : undefined;
  const other: Other | undefined = query["with"] === "now" ? "now" : query["with"] ? Number(query["with"]) : undefined;
  const moment = query["moment"] ? kept.find((one) => one.id === Number(query["moment"])) : chosen === undefined ? undefined : momentOf(kept, chosen);
  // What an earlier life of the daemon saw is known as what its moments tell.
  const earlier = moment && moment.life !== ours ? moment : undefined;
  const then = useThen(earlier?.id);
  const all = useMemo(() => (earlier ? (typeof then === "object" ? then.told : []) : present), [earlier, then, present]);
  const now = Math.floor(Date.now() / 1000);
  const nodes = status?.nodes.map((one) => one.name) ?? [];
  const drawn = useMemo(() => chronicle(all, nodes, now), [all, nodes.join()]);
  const told = useMemo(() => episodes(all), [all]);
  const shown = range ?? wholeOf(query["at"] ? told.find((one) => one.to >= Number(query["at"]) - 2) : told.at(-1));
  const choose = (entry: number | undefined): void => requery({ entry: entry === undefined ? undefined : String(entry), moment: earlier ? query["moment"] : undefined });
  const compare = (one: Other | undefined): void => requery({ with: one === undefined ? undefined : String(one) });
  const scrub = (one: Moment | undefined): void => {
    requery({ moment: one ? String(one.id) : undefined, entry: one && one.life === ours ? String(one.entry) : undefined });
    if (!one || one.life !== ours) setRange(undefined);
    else if (one.at < shown.from || one.at > shown.to) setRange(wholeOf(told.find((part) => part.to >= one.at - 1) ?? told.at(-1)));
  };
  const episode = (step: number): void => {
    const at = told.findIndex((one) => one.to >= shown.from && one.from <= shown.to);
    const next = told[Math.min(told.length - 1, Math.max(0, (at < 0 ? told.length : at) + step))];
    if (next) setRange(wholeOf(next));
  };
  const zoom = (factor: number, around = (shown.from + shown.to) / 2): void => {
    const span = Math.max(SPAN_MIN_S, (shown.to - shown.from) * factor);
    const left = (around - shown.from) / (shown.to - shown.from);
    setRange({ from: around - span * left, to: around + span * (1 - left) });
  };
  const keys = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) {
      event.preventDefault();
      const told = all.filter((one) => one.event.kind !== "started");
      const at = told.findIndex((one) => one.number >= (chosen ?? Infinity));
      const next = told[Math.min(told.length - 1, Math.max(0, (at < 0 ? told.length - 1 : at) + (chosen === undefined ? 0 : step)))];
      if (!next) return;
      choose(next.number);
      if (next.at < shown.from || next.at > shown.to) setRange({ from: next.at - (shown.to - shown.from) / 2, to: next.at + (shown.to - shown.from) / 2 });
    } else if (event.key === "+" || event.key === "=") zoom(0.5);
    else if (event.key === "-") zoom(2);
  };
  if (!present.length && !kept.length) return <Empty>Nothing happened that this node knows of.</Empty>;
  const entry = all.find((one) => one.number === chosen);
  return (
    <div class="page timeline">
      <div class="page-head">
        <h2>Timeline</h2>
        <span class="soft small">
          {day(shown.from)} {clock(shown.from)} – {clock(shown.to)} ({length((shown.to - shown.from) * 1000)})
        </span>
        <Button small onClick={() => episode(-1)}>Earlier episode</Button>
        <Button small onClick={() => episode(1)}>Later episode</Button>
        <Button small label="Zoom in" onClick={() => zoom(0.5)}>+</Button>
        <Button small label="Zoom out" onClick={() => zoom(2)}>−</Button>
        <Button small onClick={() => setRange(undefined)}>Latest</Button>
        <Button small onClick={() => all.length && setRange(wholeOf({ from: all[0]!.at, to: all.at(-1)!.at }))}>All</Button>
      </div>
      <Card class="chart-card">
        <Scrubber moments={kept} at={moment} go={scrub} />
        <div tabIndex={0} role="group" aria-label="Timeline: left and right go through time, plus and minus zoom" onKeyDown={keys}>
          <Chart drawn={drawn} range={shown} setRange={setRange} zoom={zoom} chosen={entry} other={kept.find((one) => one.id === other)?.at} choose={choose} nodes={[...drawn.lanes.keys()]} />
        </div>
        <p class="legend-line soft small">
          <span class="swatch done" /> done <span class="swatch failed" /> failed <span class="swatch fencing" /> cut off <span class="swatch running" /> under way <span class="swatch choice" /> decision <span class="grow" /> Within a second only the order is known.
        </p>
      </Card>
      <div class="two">
        <Card title="What happened" side={<Filter value={filter} set={setFilter} label="Filter events" />}>
          <Entries all={all} range={shown} filter={filter} chosen={chosen} choose={choose} />
        </Card>
        <div class="page">
          {entry && <Detail entry={entry} plans={drawn.plans} />}
          <MomentCard moment={moment} other={other} compare={compare} />
        </div>
      </div>
    </div>
  );
}

/** Goes from moment to moment, however long ago; the last place is the present. */
function Scrubber({ moments, at, go }: { moments: Moment[]; at: Moment | undefined; go: (moment: Moment | undefined) => void }) {
  const trouble = useStore(momentsTrouble);
  if (trouble) return <p class="soft small">{trouble}</p>;
  const place = at ? moments.indexOf(at) : moments.length;
  const said = at ? `${exact(at.at)}: ${at.cause}` : "Now";
  return (
    <div class="scrubber">
      <Button small label="The moment before" disabled={place <= 0} onClick={() => go(moments[place - 1])}>‹</Button>
      <input type="range" aria-label="Moment" aria-valuetext={said} min={0} max={moments.length} value={place} onInput={(event) => go(moments[Number(event.currentTarget.value)])} />
      <Button small label="The moment after" disabled={!at} onClick={() => go(moments[place + 1])}>›</Button>
      <p>{said}</p>
      {!at && moments[0] && <p class="soft small">{`${moments.length} moments are kept, since ${exact(moments[0].at)}.`}</p>}
    </div>
  );
}

function wholeOf(episode: Range | undefined): Range {
  const now = Date.now() / 1000;
  if (!episode) return { from: now - 60, to: now };
  const span = Math.max(1, episode.to - episode.from);
  return { from: episode.from - span * 0.03, to: episode.to + 1 + span * 0.05 };
}

interface ChartProps {
  drawn: Chronicle;
  range: Range;
  setRange: (range: Range) => void;
  zoom: (factor: number, around?: number) => void;
  chosen: Entry | undefined;
  /** When the other moment was. */
  other: number | undefined;
  choose: (entry: number | undefined) => void;
  nodes: string[];
}

function Chart({ drawn, range, setRange, zoom, chosen, other, choose, nodes }: ChartProps) {
  const home = useRef<SVGSVGElement>(null);
  const [width, setWidth] = useState(900);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => setWidth(Math.max(300, home.current!.parentElement!.clientWidth)));
    watch.observe(home.current!.parentElement!);
    return () => watch.disconnect();
  }, []);
  const span = range.to - range.from;
  const room = width - NAMES_PX - 8;
  const x = (at: number): number => NAMES_PX + ((at - range.from) / span) * room;
  const place = (entry: Entry): number => x(drawn.places.get(entry.number) ?? entry.at);
  const at = (px: number): number => range.from + ((px - NAMES_PX) / room) * span;
  useEffect(() => {
    const shown = home.current!;
    const wheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.shiftKey && Math.abs(event.deltaY) > Math.abs(event.deltaX)) return;
      event.preventDefault();
      if (event.ctrlKey) zoom(event.deltaY > 0 ? 1.25 : 0.8, at(event.offsetX));
      else {
        const by = ((event.deltaX || event.deltaY) / room) * span;
        setRange({ from: range.from + by, to: range.to + by });
      }
    };
    shown.addEventListener("wheel", wheel, { passive: false });
    return () => shown.removeEventListener("wheel", wheel);
  });
  const drag = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    const begun = event.clientX;
    const was = range;
    const moved = (next: PointerEvent): void => {
      const by = ((next.clientX - begun) / room) * span;
      if (Math.abs(next.clientX - begun) > 3) setRange({ from: was.from - by, to: was.to - by });
    };
    const up = (): void => {
      removeEventListener("pointermove", moved);
      removeEventListener("pointerup", up);
    };
    addEventListener("pointermove", moved);
    addEventListener("pointerup", up);
  };
  const inside = (one: { at: number }): boolean => one.at >= range.from - 1 && one.at <= range.to + 1;
  const EVENTS_Y = 28;
  const PLANS_Y = 54;
  let y = 80;
  const lanes = nodes.map((node) => {
    const lane = { node, y, height: (drawn.lanes.get(node) ?? 1) * ROW_PX };
    y += lane.height + LANE_GAP;
    return lane;
  });
  const top = new Map(lanes.map((lane) => [lane.node, lane.y]));
  const [first, beyond] = chosen?.event.kind === "planned" ? ledTo(drawn.plans, chosen.number) : [Infinity, Infinity];
  const led = (bar: Bar): boolean => bar.begun > first && bar.begun < beyond;
  return (
    <svg ref={home} class="chart" width={width} height={y + 4} role="img" aria-label="Events, decisions, and actions as bars by node; the list below says the same" onPointerDown={drag}>
      <Ticks range={range} x={x} height={y} />
      <text class="lane" x="8" y={EVENTS_Y + 4}>Events</text>
      <text class="lane" x="8" y={PLANS_Y + 4}>Decisions</text>
      {lanes.map((lane) => (
        <g>
          <rect class="lane-ground" x={NAMES_PX} y={lane.y - LANE_GAP / 2} width={room} height={lane.height + LANE_GAP} />
          <text class="lane node" x="8" y={lane.y + 11}>{lane.node.length > 14 ? `${lane.node.slice(0, 13)}…` : lane.node}</text>
        </g>
      ))}
      <svg x={NAMES_PX} y="0" width={room} height={y} viewBox={`${NAMES_PX} 0 ${room} ${y}`}>
        {drawn.bars
          .filter((bar) => bar.to >= range.from && bar.from <= range.to)
          .map((bar) => {
            const left = x(bar.from);
            const wide = Math.max(3, x(bar.to) - left);
            const high = (top.get(bar.node) ?? 0) + bar.row * ROW_PX;
            const marked = bar.entry === chosen?.number || led(bar);
            return (
              <g class={`bar ${bar.kind}${marked ? " marked" : ""}`} onClick={() => choose(bar.entry)}>
                <rect x={left} y={high} width={wide} height={ROW_PX - 3} rx="2" />
                {wide > 46 && <text x={left + 4} y={high + 9.5}>{bar.label.slice(0, Math.floor(wide / 5.6))}</text>}
                <title>{`${bar.label} on ${bar.node}: ${bar.kind}${bar.took === undefined ? "" : `, ${length(bar.took)}`}`}</title>
              </g>
            );
          })}
        {drawn.plans.filter(inside).map((plan) => (
          <g class={`decision${plan === chosen ? " marked" : ""}`} onClick={() => choose(plan.number)}>
            <path d={`M${place(plan)} ${PLANS_Y - 8}l7 8l-7 8l-7-8z`} />
            <title>{describe(plan.event)[1]}</title>
          </g>
        ))}
        {drawn.events.filter(inside).map((one) => {
          const [tone, words] = describe(one.event);
          return (
            <g class={`event ${tone}${one === chosen ? " marked" : ""}`} onClick={() => choose(one.number)}>
              <circle cx={place(one)} cy={EVENTS_Y} r="5.5" />
              <title>{words}</title>
            </g>
          );
        })}
        {chosen && <line class="cursor" x1={place(chosen)} x2={place(chosen)} y1="14" y2={y} />}
        {other !== undefined && <line class="cursor second" x1={x(other)} x2={x(other)} y1="14" y2={y} />}
      </svg>
    </svg>
  );
}

const STEPS_S = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200, 86_400, 604_800];

function Ticks({ range, x, height }: { range: Range; x: (at: number) => number; height: number }) {
  const step = STEPS_S.find((one) => (range.to - range.from) / one <= 9) ?? 604_800;
  const ticks: number[] = [];
  for (let at = Math.ceil(range.from / step) * step; at <= range.to; at += step) ticks.push(at);
  return (
    <g class="ticks">
      {ticks.map((at) => (
        <>
          <line x1={x(at)} x2={x(at)} y1="14" y2={height} />
          <text x={x(at)} y="10">{step >= 86_400 ? day(at) : clock(at)}</text>
        </>
      ))}
    </g>
  );
}

const ENTRIES_SHOWN = 400;

function Entries({ all, range, filter, chosen, choose }: { all: Entry[]; range: Range; filter: string; chosen: number | undefined; choose: (entry: number) => void }) {
  const shown = all.filter((one) => (filter || (one.at >= range.from - 1 && one.at <= range.to + 1)) && one.event.kind !== "started" && (!filter || matches(filter, describe(one.event)[1])));
  return (
    <>
      <ol class="entries" tabIndex={0} aria-label="What happened, in order">
        {shown.slice(-ENTRIES_SHOWN).map((one) => {
          const [tone, words] = describe(one.event);
          return (
            <li key={one.number}>
              <button type="button" class={tone} aria-pressed={one.number === chosen} onClick={() => choose(one.number)}>
                <time>{clock(one.at)}</time>
                <span>{words}</span>
              </button>
            </li>
          );
        })}
      </ol>
      {!shown.length && <Empty>Nothing that matches.</Empty>}
      {shown.length > ENTRIES_SHOWN && <p class="soft small">{`The last ${ENTRIES_SHOWN} of ${shown.length}.`}</p>}
    </>
  );
}

function Detail({ entry, plans }: { entry: Entry; plans: Entry[] }) {
  const event = entry.event;
  const before = plans.filter((one) => one.number < entry.number).at(-1);
  return (
    <Card title={exact(entry.at)}>
      <div class="padded detail">
        <p class={`said-event ${describe(event)[0]}`}>{describe(event)[1]}</p>
        {event.kind === "planned" && (
          <>
            <p>
              <strong>Caused by:</strong> {event.cause}
            </p>
            {event.because.length > 0 && (
              <ul class="bullets">
                {event.because.map((one) => (
                  <li>because {one}</li>
                ))}
              </ul>
            )}
            <p>
              <strong>Decided:</strong> {list(event.actions)}
            </p>
            {event.findings.map((one) => (
              <p class="note warn">{one}</p>
            ))}
          </>
        )}
        {(event.kind === "finished" || event.kind === "fenced") && before?.event.kind === "planned" && (
          <p class="soft">
            By plan {before.event.transition} ({before.event.cause}).
          </p>
        )}
      </div>
    </Card>
  );
}
