// Light, dark, or as the system has it.

import { Store } from "./store";

export type Theme = "auto" | "light" | "dark";

function kept(): Theme {
  try {
    const found = localStorage.getItem("quorate-theme");
    return found === "light" || found === "dark" ? found : "auto";
  } catch {
    return "auto";
  }
}

export const theme = new Store<Theme>(kept());

function show(now: Theme): void {
  if (now === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", now);
}

show(theme.value);
theme.follow((now) => {
  show(now);
  try {
    if (now === "auto") localStorage.removeItem("quorate-theme");
    else localStorage.setItem("quorate-theme", now);
  } catch {
    // Then it lasts as long as the page.
  }
});

export function next(): void {
  theme.update((now) => (now === "auto" ? "light" : now === "light" ? "dark" : "auto"));
}
