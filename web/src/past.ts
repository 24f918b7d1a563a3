// How the cluster was: moments that the answering node kept on its disk, and what is seen of each.

import { useEffect, useState } from "preact/hooks";

import { Trouble, get } from "./api";
import { entries, life } from "./live";
import { Store, useStore } from "./store";
import type { Entry, Health } from "./types";
import type { Grid, VerdictLine } from "./views";

export interface Moment {
  id: number;
  at: number;
  /** The last entry of the history that it knows of, and which life of the daemon numbered it. */
  entry: number;
  life: string;
  kind: string;
  cause: string;
  version: string;
}

export interface Then {
  verdict: VerdictLine;
  grid: Grid;
  /** What had happened since the moment before. */
  told: Entry[];
}

export interface Side {
  at: number;
  version: string;
  level: Health;
  words: string;
}

export interface Difference {
  name: string;
  was: string | null;
  is: string | null;
}

export interface Compared {
  from: Side;
  to: Side;
  nodes: Difference[];
  resources: Difference[];
  "configuration-changed": boolean;
}

export const moments = new Store<Moment[]>([]);
export const momentsTrouble = new Store("");

/** Asks for those that came since. */
async function recall(): Promise<void> {
  try {
    const fresh = await get<Moment[]>(`/v1/moments?since=${moments.value.at(-1)?.id ?? 0}`);
    // A node whose disk was emptied counts from the start.
    const known = moments.value.filter((one) => !fresh.length || one.id < fresh[0]!.id);
    if (fresh.length) moments.set([...known, ...fresh]);
    momentsTrouble.set("");
  } catch (error) {
    momentsTrouble.set(error instanceof Trouble && error.status === 404 ? "This node keeps no moments of the past." : (error as Error).message);
  }
}

/** A moment is taken after what happened, and is on the disk somewhat later. */
const LATER_MS = 1500;

export function useMoments(): Moment[] {
  const newest = useStore(entries).at(-1)?.number;
  useEffect(() => {
    void recall();
    const later = setTimeout(recall, LATER_MS);
    return () => clearTimeout(later);
  }, [newest]);
  return useStore(moments);
}

/** The first that knows of an entry of the daemon's present life. */
export function momentOf(all: Moment[], entry: number): Moment | undefined {
  return all.find((one) => one.life === life.value && one.entry >= entry);
}

const seen = new Map<number, Promise<Then>>();
const SEEN_MAX = 30;

async function ask(id: number): Promise<Then> {
  const [verdict, grid, told] = await Promise.all([get<VerdictLine>(`/v1/verdict?at=${id}`), get<Grid>(`/v1/grid?at=${id}`), get<{ entries: Entry[] }>(`/v1/moments/${id}`)]);
  return { verdict, grid, told: told.entries };
}

function then(id: number): Promise<Then> {
  const known = seen.get(id);
  if (known) return known;
  const asked = ask(id);
  seen.set(id, asked);
  asked.catch(() => seen.delete(id));
  for (const old of [...seen.keys()].slice(0, -SEEN_MAX)) seen.delete(old);
  return asked;
}

/** While one goes from moment to moment, only where one stays is asked for. */
const STAY_MS = 120;

/** What is seen of a moment; until it is there, what was seen of the one before. A text says why nothing is. */
export function useThen(id: number | undefined): Then | string | undefined {
  const [found, set] = useState<Then | string>();
  useEffect(() => {
    if (id === undefined) return set(undefined);
    let mine = true;
    const wait = setTimeout(() => void then(id).then((one) => mine && set(one), (error: Error) => mine && set(error.message)), seen.has(id) ? 0 : STAY_MS);
    return () => {
      mine = false;
      clearTimeout(wait);
    };
  }, [id]);
  return found;
}
