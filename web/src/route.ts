// Where in the console one is: `#/nodes/n2?tab=events`. A fragment, so that every link is a deep
// link that any server and proxy carries.

import { Store } from "./store";

export interface Route {
  page: string;
  /** What comes after the page's name. */
  rest: string[];
  query: Record<string, string>;
}

function read(): Route {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [page = "", ...rest] = path.split("/").map(decoded);
  return { page: page || "overview", rest, query: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = new Store<Route>(read());
addEventListener("hashchange", () => route.set(read()));

export function link(page: string, rest: string[] = [], query: Record<string, string | undefined> = {}): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== "");
  const search = new URLSearchParams(given).toString();
  return `#/${[page, ...rest].map(encodeURIComponent).join("/")}${search ? `?${search}` : ""}`;
}

export function go(to: string): void {
  location.hash = to;
}

/** Changes the query without a new entry in the browser's history. */
export function requery(change: Record<string, string | undefined>): void {
  const at = route.value;
  history.replaceState(null, "", link(at.page, at.rest, { ...at.query, ...change }));
  route.set(read());
}
