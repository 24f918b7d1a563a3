// Keys that work everywhere. Where one types, they are letters.

import { go, link } from "./route";
import { Store } from "./store";

export const helpShown = new Store(false);

export const GO: Record<string, string> = {
  o: "overview",
  t: "timeline",
  r: "resources",
  c: "constraints",
  n: "nodes",
  f: "fencing",
  x: "configuration",
  w: "wizards",
  a: "audit",
  k: "clusters",
};

let pending = 0;

export function listen(togglePlan: () => void): () => void {
  const handle = (event: KeyboardEvent): void => {
    const target = event.target as HTMLElement;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (target.closest("input, textarea, select, [contenteditable], dialog")) return;
    const begun = Date.now() - pending < 1200;
    pending = 0;
    if (begun && GO[event.key]) {
      event.preventDefault();
      go(link(GO[event.key]!));
    } else if (event.key === "g") pending = Date.now();
    else if (event.key === "?") helpShown.set(true);
    else if (event.key === "p") togglePlan();
    else if (event.key === "/") {
      event.preventDefault();
      document.querySelector<HTMLInputElement>("[data-filter]")?.focus();
    }
  };
  addEventListener("keydown", handle);
  return () => removeEventListener("keydown", handle);
}
