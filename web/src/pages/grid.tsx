// Resources by nodes. Only the rows in sight are made, and while one scrolls, a row that leaves at one end comes
// in at the other: so a thousand resources scroll like ten.

import { Component } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import * as actions from "../actions";
import { may } from "../api";
import { link } from "../route";
import { score } from "../time";
import { INFINITY } from "../types";
import { matches, say, Icon } from "../ui/bits";
import type { Grid, GridCell, GridRow } from "../views";

const ROW_PX = 30;
const SPARE_ROWS = 8;
/** Rows are made in steps, so that not every pixel of scrolling is work. */
const STEP = 4;
/** After so long without scrolling, rows are in order for who reads the page as text, too. */
const REST_MS = 200;
/** With more nodes a cell is a sign; with fewer, a word too. */
const WORDS_MAX = 8;

export interface Mark {
  tone: string;
  sign: string;
  word: string;
}

export function mark(cell: GridCell): Mark {
  const role = cell.role ?? "active";
  switch (cell.state) {
    case "failed":
      return { tone: "bad", sign: "failed", word: "failed" };
    case "unsure":
      return { tone: "bad", sign: "unsure", word: "not known" };
    case "changing":
      return { tone: "warn", sign: "changing", word: "changing" };
    case "partly":
      return { tone: "warn", sign: "changing", word: "partly" };
    case "active":
      return { tone: cell.wanted ? "good" : "warn", sign: role, word: role };
    case "stopped":
      if (cell.wanted) return { tone: "warn", sign: "wanted", word: "to come" };
      if (cell.banned) return { tone: "faint", sign: "banned", word: "banned" };
      if (cell["cannot-run-because"]) return { tone: "faint", sign: "cannot", word: "cannot" };
      return { tone: "faint", sign: "could", word: cell.score && cell.score > -INFINITY ? score(cell.score) : "" };
  }
}

/** A cell in a sentence. */
export function sentence(row: GridRow, node: string, cell: GridCell): string {
  const by = cell.score === null || cell.score === 0 ? "" : ` Score ${score(cell.score)}.`;
  switch (cell.state) {
    case "stopped":
      if (cell["cannot-run-because"]) return cell["cannot-run-because"];
      if (cell.wanted) return `${row.id} is to be on ${node}.${by}`;
      // Kept off by what it is inside of, which the row of that explains.
      if (cell.score !== null && cell.score <= -INFINITY) return `${row.id} is not on ${node}, and would not be by itself.${by}`;
      return `${row.id} could run on ${node}.${by}`;
    case "unsure":
      return `${node} is lost: ${row.id} may or may not run there.`;
    case "failed":
      return `${row.id} failed on ${node}.${by}`;
    case "changing":
      return `${row.id} is changing on ${node}.${by}`;
    case "partly":
      return `A part of ${row.id} is ${cell.role ?? "active"} on ${node}, and a part is not.${by}`;
    case "active":
      return `${row.id} is ${cell.role ?? "active"} on ${node}${cell.wanted ? "" : ", and should not stay"}.${by}${row.because ? ` ${row.because[0]!.toUpperCase()}${row.because.slice(1)}.` : ""}`;
  }
}

const SIGNS: Record<string, string> = {
  started: "M8 3a5 5 0 1 0 .01 0z",
  active: "M8 3a5 5 0 1 0 .01 0z",
  promoted: "M8 2.5 14 13H2z",
  unpromoted: "M8 4 12.8 12.2H3.2z",
  failed: "M3.5 3.5 12.5 12.5M12.5 3.5 3.5 12.5",
  unsure: "M5.5 6a2.5 2.5 0 1 1 3.4 2.3c-.6.3-.9.7-.9 1.5M8 12.6h.01",
  changing: "M8 3a5 5 0 0 0 0 10zM8 3a5 5 0 0 1 0 10",
  wanted: "M8 3a5 5 0 1 0 .01 0",
  banned: "M8 3a5 5 0 1 0 .01 0M4.5 11.5l7-7",
};

export function Sign({ name }: { name: string }) {
  const path = SIGNS[name];
  // The two that most cells are have no drawing: in a large grid that would be a thousand.
  if (!path) return <span class={name === "cannot" ? "dash" : "dot"} />;
  return (
    <svg class={`sign-${name}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

interface Held {
  resource: string;
  at?: number;
}

interface Props {
  grid: Grid;
  filter: string;
  why: (resource: string, node?: string) => void;
  /** As it was: nothing can be moved. */
  past?: boolean;
}

export function GridView({ grid, filter, why, past }: Props) {
  const movable = !past && may("operate");
  const home = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState(0);
  const [rested, setRested] = useState(0);
  const [height, setHeight] = useState(600);
  const [at, setAt] = useState<{ row: number; column: number }>();
  const [held, setHeld] = useState<Held>();
  const [tip, setTip] = useState<{ row: number; column: number; x: number; y: number }>();
  const rows = useMemo(() => filtered(grid.rows, filter), [grid, filter]);
  const wide = grid.nodes.length <= WORDS_MAX;
  const head = wide ? HEAD_PX : HIGH_HEAD_PX;
  useLayoutEffect(() => {
    const shown = home.current!;
    const watch = new ResizeObserver(() => setHeight(shown.clientHeight));
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  /** So many are made at most, also where the last ones are in sight. */
  const most = Math.ceil(height / ROW_PX) + 2 * SPARE_ROWS;
  const last = Math.min(rows.length, from + most);
  const scrolled = (): void => {
    const top = Math.floor(home.current!.scrollTop / ROW_PX);
    const first = Math.max(0, Math.floor((top - SPARE_ROWS) / STEP) * STEP);
    if (first !== from) setFrom(first);
    if (tip) setTip(undefined);
  };
  useEffect(() => {
    const timer = setTimeout(() => setRested(from), REST_MS);
    return () => clearTimeout(timer);
  }, [from]);
  useEffect(() => {
    if (home.current && home.current.scrollTop > rows.length * ROW_PX) home.current.scrollTop = 0;
  }, [rows.length]);
  const drop = (column: number): void => {
    const node = grid.nodes[column];
    if (held && node) void actions.move(held.resource, node.name);
    setHeld(undefined);
  };
  const show = (row: number, column: number): void => {
    setAt({ row, column });
    const body = home.current!;
    const top = row * ROW_PX;
    const room = body.clientHeight - head;
    if (top < body.scrollTop) body.scrollTop = top;
    else if (top + ROW_PX > body.scrollTop + room) body.scrollTop = top + ROW_PX - room;
    const name = body.querySelector<HTMLElement>(".head .name");
    const node = body.querySelectorAll<HTMLElement>(".head .node")[column];
    if (!node || !name) return;
    const [left, right] = [node.offsetLeft, node.offsetLeft + node.offsetWidth];
    if (left < body.scrollLeft + name.offsetWidth) body.scrollLeft = left - name.offsetWidth;
    else if (right > body.scrollLeft + body.clientWidth) body.scrollLeft = right - body.clientWidth;
  };
  const keys = (event: KeyboardEvent): void => {
    const now = at ?? { row: 0, column: 0 };
    const page = Math.max(1, Math.floor(height / ROW_PX) - 2);
    const steps: Record<string, [number, number]> = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1], PageDown: [page, 0], PageUp: [-page, 0] };
    const step = steps[event.key];
    const row = rows[now.row];
    if (step) {
      event.preventDefault();
      const down = held ? 0 : step[0];
      show(Math.min(rows.length - 1, Math.max(0, now.row + down)), Math.min(grid.nodes.length - 1, Math.max(0, now.column + step[1])));
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      show(event.key === "Home" ? 0 : rows.length - 1, now.column);
    } else if (event.key === "Enter" && row) {
      event.preventDefault();
      if (held) drop(now.column);
      else why(row.id, grid.nodes[now.column]?.name);
    } else if (event.key === "m" && row && movable) {
      event.preventDefault();
      event.stopPropagation();
      setHeld({ resource: row.id });
      say(`${row.id} is picked up. Left and right choose a node, Enter plans the move, Escape puts it down.`);
    } else if (event.key === "Escape" && held) {
      event.stopPropagation();
      setHeld(undefined);
      say("Put down.");
    }
  };
  const cellAt = (target: EventTarget | null): { row: number; column: number } | undefined => {
    const cell = (target as Element | null)?.closest?.<HTMLElement>("[data-column]");
    const row = cell?.closest<HTMLElement>("[data-row]");
    return cell && row ? { row: Number(row.dataset["row"]), column: Number(cell.dataset["column"]) } : undefined;
  };
  const press = (event: PointerEvent): void => {
    const found = cellAt(event.target);
    const row = found && rows[found.row];
    if (!row || event.pointerType === "touch" || event.button !== 0 || !movable) return;
    const begun = { x: event.clientX, y: event.clientY };
    let dragging = false;
    const moved = (next: PointerEvent): void => {
      if (!dragging && Math.hypot(next.clientX - begun.x, next.clientY - begun.y) < 8) return;
      dragging = true;
      setTip(undefined);
      setHeld({ resource: row.id, at: cellAt(document.elementFromPoint(next.clientX, next.clientY))?.column });
    };
    const up = (next: PointerEvent): void => {
      document.removeEventListener("pointermove", moved);
      document.removeEventListener("pointerup", up);
      if (!dragging) return;
      const over = cellAt(document.elementFromPoint(next.clientX, next.clientY));
      document.addEventListener("click", (click) => click.stopPropagation(), { capture: true, once: true });
      setTimeout(() => document.dispatchEvent(new Event("dragged")), 0);
      setHeld(undefined);
      const node = over && grid.nodes[over.column];
      if (node && over.column !== found.column) void actions.move(row.id, node.name);
    };
    document.addEventListener("pointermove", moved);
    document.addEventListener("pointerup", up);
  };
  const shownTip = tip && rows[tip.row]?.cells[tip.column];
  return (
    <div
      ref={home}
      style={{ "--nodes": String(grid.nodes.length), height: `${head + Math.max(1, rows.length) * ROW_PX + 2}px` }}
      class={`grid${wide ? " wide" : " narrow"}${held ? " holding" : ""}`}
      role="grid"
      tabIndex={0}
      aria-label={past ? "Resources by nodes, as it was" : "Resources by nodes"}
      aria-rowcount={rows.length + 1}
      aria-colcount={grid.nodes.length + 1}
      aria-activedescendant={at ? `cell-${at.row}-${at.column}` : undefined}
      onScroll={scrolled}
      onKeyDown={keys}
      onFocus={() => !at && rows.length && setAt({ row: 0, column: 0 })}
      onPointerDown={press}
      onPointerMove={(event) => {
        if (held || event.pointerType === "touch") return;
        const found = cellAt(event.target);
        if (!found) return setTip(undefined);
        if (found.row === tip?.row && found.column === tip.column) return;
        const box = (event.target as Element).closest("[data-column]")!.getBoundingClientRect();
        setTip({ ...found, x: box.left, y: box.bottom });
      }}
      onPointerLeave={() => setTip(undefined)}
      onClick={(event) => {
        const found = cellAt(event.target);
        const row = found && rows[found.row];
        if (!row) return;
        setTip(undefined);
        setAt(found);
        if (held) drop(found.column);
        else why(row.id, grid.nodes[found.column]?.name);
      }}
    >
      <div class="head" role="row" aria-rowindex={1}>
        <div class="name" role="columnheader">
          {held ? <span class="held">Move {held.resource} to…</span> : "Resource"}
        </div>
        {grid.nodes.map((node) => (
          <div class={`node ${node.state}`} role="columnheader" key={node.name}>
            <a href={link("nodes", [node.name])} tabIndex={-1} title={`${node.name}: ${node.state}${node.standby ? ", standby" : ""}${node.maintenance ? ", maintenance" : ""}${node.coordinator ? ", coordinator" : ""}`}>
              <NodeSign state={node.state} />
              <span>{node.name}</span>
              {wide && (node.standby || node.maintenance || node.state !== "online") && <em>{node.state !== "online" ? (node.state === "unclean" ? "lost" : node.state) : node.standby ? "standby" : "maintenance"}</em>}
            </a>
          </div>
        ))}
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${rows.length * ROW_PX}px` }}>
        {shown(from, last, rested === from ? undefined : most).map((index) => {
          const row = rows[index]!;
          return (
            <Row
              key={index % most}
              row={row}
              index={index}
              nodes={grid}
              wide={wide}
              active={at?.row === index ? at.column : undefined}
              over={held?.resource === row.id ? (held.at ?? at?.column ?? -1) : undefined}
            />
          );
        })}
      </div>
      {shownTip && (
        <div class="tip" role="presentation" style={{ left: `${Math.min(tip.x, innerWidth - 300)}px`, top: `${Math.min(tip.y + 4, innerHeight - 110)}px` }}>
          {sentence(rows[tip.row]!, grid.nodes[tip.column]!.name, shownTip)}
          <small>Click for why{movable ? ", drag to move" : ""}</small>
        </div>
      )}
      {!rows.length && <p class="empty">{filter ? `Nothing is called “${filter}”.` : "No resources yet."}</p>}
    </div>
  );
}

/** Which rows are made: in order; or, of so many places, each at that of the one that it comes instead of. */
function shown(from: number, last: number, places: number | undefined): number[] {
  const all = Array.from({ length: Math.max(0, last - from) }, (_, at) => from + at);
  return places ? all.sort((a, b) => (a % places) - (b % places)) : all;
}

const HEAD_PX = 34;
/** Where columns are narrow, names stand upright. */
const HIGH_HEAD_PX = 84;

export function NodeSign({ state }: { state: string }) {
  const name = { online: "ok", pending: "work", offline: "down", unclean: "bad" }[state] ?? "more";
  return (
    <span class={`node-sign ${state}`}>
      <Icon name={name} size={13} />
    </span>
  );
}

/** Rows that match, with what is around them and in them. */
function filtered(rows: GridRow[], filter: string): GridRow[] {
  if (!filter.trim()) return rows;
  const kept = new Set<GridRow>();
  const around: GridRow[] = [];
  for (const row of rows) {
    around.length = row.depth;
    around[row.depth] = row;
    const own = matches(filter, row.id, row.shape, ...row.cells.map((cell) => mark(cell).word).filter((word) => word === "failed"), row.missing ? "missing stopped" : "");
    if (own || around.slice(0, row.depth).some((outer) => matches(filter, outer.id))) {
      for (const one of around.slice(0, row.depth + 1)) if (one) kept.add(one);
    }
  }
  return rows.filter((row) => kept.has(row));
}

interface RowProps {
  row: GridRow;
  index: number;
  nodes: Grid;
  wide: boolean;
  active: number | undefined;
  /** The column above which it is held. */
  over: number | undefined;
}

class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props;
    return next.row !== now.row || next.index !== now.index || next.active !== now.active || next.over !== now.over || next.wide !== now.wide;
  }

  override render({ row, index, nodes, wide, active, over }: RowProps) {
    return (
      <div class={`line${row.missing ? " missing" : ""}${over === undefined ? "" : " lifted"}`} role="row" aria-rowindex={index + 2} data-row={index} style={{ top: `${index * ROW_PX}px` }}>
        <div class="name" role="rowheader" title={`${row.id}${row.missing ? ", not running" : ""}${row.unmanaged ? ", unmanaged" : ""}`}>
          <a href={link("resources", [row.id])} tabIndex={-1} style={{ paddingLeft: `${row.depth * 14}px` }}>
            {row.id}
          </a>
          {row.missing && <em>not running</em>}
          {row.unmanaged && <em>unmanaged</em>}
        </div>
        {row.cells.map((cell, column) => {
          const { tone, sign, word } = mark(cell);
          const name = nodes.nodes[column]!.name;
          const target = over === undefined ? "" : cell["cannot-run-because"] ? " no-target" : " target";
          return (
            <div
              id={`cell-${index}-${column}`}
              key={name}
              role="gridcell"
              data-column={column}
              class={`cell ${tone}${active === column ? " active" : ""}${target}${over === column ? " over" : ""}`}
              aria-label={sentence(row, name, cell)}
            >
              {(wide || sign !== "could" || !word) && <Sign name={sign} />}
              {(wide || sign === "could") && word && <span aria-hidden="true">{word}</span>}
            </div>
          );
        })}
      </div>
    );
  }
}
