// The frame around every page: who is logged in, the verdict, the way around, the plan.

import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";

import { logout, session, whoAmI } from "./api";
import { helpShown, listen } from "./keys";
import * as live from "./live";
import { go, link, route } from "./route";
import * as stage from "./stage";
import { useStore } from "./store";
import { next, theme } from "./theme";
import { Button, Icon, Menu, said } from "./ui/bits";
import { Access } from "./pages/access";
import { Audit } from "./pages/audit";
import { Clusters } from "./pages/clusters";
import { Configuration } from "./pages/configuration";
import { Constraints } from "./pages/constraints";
import { Fencing } from "./pages/fencing";
import { Help } from "./pages/help";
import { Login } from "./pages/login";
import { Nodes } from "./pages/nodes";
import { Overview } from "./pages/overview";
import { Plan } from "./pages/plan";
import { Resources } from "./pages/resources";
import { Settings } from "./pages/settings";
import { Timeline } from "./pages/timeline";
import { Verdict } from "./pages/verdict";
import { Wizards } from "./pages/wizards";

export const PAGES: [string, string, ComponentType][] = [
  ["overview", "Overview", Overview],
  ["timeline", "Timeline", Timeline],
  ["resources", "Resources", Resources],
  ["constraints", "Constraints", Constraints],
  ["nodes", "Nodes", Nodes],
  ["fencing", "Fencing", Fencing],
  ["settings", "Settings", Settings],
  ["access", "Access", Access],
  ["configuration", "Configuration", Configuration],
  ["wizards", "Wizards", Wizards],
  ["audit", "Audit", Audit],
  ["clusters", "Clusters", Clusters],
];

export function App() {
  const who = useStore(session);
  useEffect(() => void whoAmI(), []);
  useEffect(() => {
    if (!who) {
      live.stop();
      return;
    }
    live.start();
    return live.stop;
  }, [!!who]);
  if (who === undefined) return <p class="starting">Asking the node…</p>;
  return who ? <Frame /> : <Login />;
}

function Frame() {
  const at = useStore(route);
  const planned = useStore(stage.stage);
  const help = useStore(helpShown);
  const words = useStore(said);
  const [, title, Page] = PAGES.find(([key]) => key === at.page) ?? PAGES[0]!;
  useEffect(() => listen(() => stage.open(!stage.stage.value.open)), []);
  const { status, verdict } = useStore(live.live);
  const level = verdict?.level ?? "healthy";
  const name = status?.cluster_name ?? "Quorate";
  useEffect(() => {
    // Seen in a row of tabs, too.
    document.title = `${level === "healthy" ? "" : `${level.toUpperCase()}: `}${name} · ${title}`;
  }, [title, level, name]);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent): void => {
      if (stage.stage.value.items.length && stage.stage.value.phase !== "applied") event.preventDefault();
    };
    addEventListener("beforeunload", warn);
    return () => removeEventListener("beforeunload", warn);
  }, []);
  return (
    <div class={`frame${planned.open ? " with-plan" : ""}`}>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <Navigation />
      <div class="column">
        <Verdict />
        <main id="main" tabIndex={-1} aria-label={title}>
          <Page key={at.page} />
        </main>
      </div>
      {planned.open && <Plan />}
      {help && <Help />}
      <div class="said" role="status" aria-live="polite">
        {words}
      </div>
    </div>
  );
}

const THEMES = { auto: "as the system", light: "light", dark: "dark" };
const ICONS = { auto: "auto", light: "sun", dark: "moon" };

/** What a narrow screen shows below; the rest is behind “More”. */
const NARROW = ["overview", "timeline", "nodes", "fencing"];

function Navigation() {
  const at = useStore(route);
  const shown = useStore(theme);
  const who = useStore(session);
  const planned = useStore(stage.stage);
  const name = useStore(live.live).status?.cluster_name;
  return (
    <nav aria-label="Pages">
      <a class="brand" href={link("overview")}>
        <Brand />
        <span>{name ?? "Quorate"}</span>
      </a>
      <ul>
        {PAGES.map(([key, title]) => (
          <li class={NARROW.includes(key) ? "" : "wide-only"}>
            <a href={link(key)} aria-current={at.page === key ? "page" : undefined}>
              <Icon name={key} size={18} />
              <span>{title}</span>
            </a>
          </li>
        ))}
        <li class="narrow-only">
          <Menu
            label="More pages"
            items={PAGES.filter(([key]) => !NARROW.includes(key)).map(([key, text]) => ({ text, icon: key, act: () => go(link(key)) }))}
          />
        </li>
      </ul>
      <div class="foot">
        <Button kind={planned.items.length ? "main" : "quiet"} small icon="plan" pressed={planned.open} onClick={() => stage.open(!planned.open)}>
          {planned.items.length && planned.phase !== "applied" ? `Plan (${planned.items.length})` : "Plan"}
        </Button>
        <div class="row">
          <Button kind="quiet" small icon={ICONS[shown]} label={`Colours: ${THEMES[shown]}`} onClick={next} />
          <Button kind="quiet" small icon="help" label="Keys and help ( ? )" onClick={() => helpShown.set(true)} />
          <Menu label={`${who?.user ?? ""}, may ${who?.role ?? ""}`} icon="user" items={[{ text: `Log ${who?.user ?? ""} out`, icon: "out", act: () => void logout() }]} />
        </div>
      </div>
    </nav>
  );
}

export function Brand({ size = 26 }: { size?: number }) {
  return (
    <svg class="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M14 12.5 10.5 18M12.5 21.5h7" />
      <circle cx="16" cy="9" r="4" class="full" />
      <circle cx="8.5" cy="21.5" r="4" class="full" />
      <circle cx="23.5" cy="21.5" r="3.4" />
    </svg>
  );
}
