// Small pieces that every page is made of.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { Store, useStore } from "../store";
import { ago, exact } from "../time";

const PATHS: Record<string, string> = {
  overview: "M3 3h8v8H3zM13 3h8v5h-8zM13 10h8v11h-8zM3 13h8v8H3z",
  timeline: "M3 6h9M8 12h11M5 18h8M3 3v18",
  resources: "M12 3 3 7.5 12 12l9-4.5zM3 12l9 4.5 9-4.5M3 16.5 12 21l9-4.5",
  constraints: "M7 4v12a4 4 0 0 0 4 4h3M17 20l-3-3M17 20l-3 3M7 4 4 7M7 4l3 3",
  nodes: "M4 4h16v6H4zM4 14h16v6H4zM7 7h.01M7 17h.01",
  fencing: "M13 2 4 14h7l-1 8 9-12h-7z",
  configuration: "M8 6l-5 6 5 6M16 6l5 6-5 6M14 4l-4 16",
  wizards: "M5 19 16 8M14 6l4 4M7 4v4M5 6h4M19 14v4M17 16h4",
  audit: "M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3",
  clusters: "M12 4a3 3 0 1 0 .01 0M5 15a3 3 0 1 0 .01 0M19 15a3 3 0 1 0 .01 0M10.5 9.5 7 15M13.5 9.5 17 15",
  access: "M8 11a4 4 0 1 1 3.5-2H21v4h-3v3h-3v-3h-3.5A4 4 0 0 1 8 11z",
  settings: "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
  help: "M9 9a3 3 0 1 1 4 2.8c-.8.4-1 1-1 2.2M12 17.5h.01M12 2.5a9.5 9.5 0 1 0 .01 0",
  sun: "M12 8a4 4 0 1 0 .01 0M12 2v3M12 19v3M2 12h3M19 12h3M5 5l2 2M17 17l2 2M19 5l-2 2M7 17l-2 2",
  moon: "M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z",
  auto: "M12 3a9 9 0 1 0 .01 0M12 3v18",
  ok: "M5 12.5 10 17.5 19.5 7",
  warn: "M12 3 2 20.5h20zM12 10v5M12 17.8h.01",
  bad: "M8 2.5h8L21.5 8v8L16 21.5H8L2.5 16V8zM12 7v6M12 16.5h.01",
  work: "M12 3a9 9 0 1 1-8.5 6M3.5 4v5h5",
  down: "M12 2.5a9.5 9.5 0 1 0 .01 0M8 8l8 8M16 8l-8 8",
  close: "M6 6l12 12M18 6 6 18",
  plus: "M12 5v14M5 12h14",
  more: "M5 11a1 1 0 1 0 .01 0M12 11a1 1 0 1 0 .01 0M19 11a1 1 0 1 0 .01 0",
  move: "M4 12h15M14 7l5 5-5 5",
  undo: "M9 14 4 9l5-5M4 9h10a6 6 0 0 1 0 12h-3",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  out: "M10 4H4v16h6M15 8l4 4-4 4M9 12h10",
  plan: "M4 5h16M4 12h10M4 19h7M16 17l2.5 2.5L23 15",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  remove: "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13",
  clock: "M12 3a9 9 0 1 0 .01 0M12 7v5l3.5 2",
  user: "M12 4a4 4 0 1 0 .01 0M4.5 20a7.5 7.5 0 0 1 15 0",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
};

export function Icon({ name, size = 16 }: { name: string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? PATHS["more"]} />
    </svg>
  );
}

interface ButtonProps {
  children?: ComponentChildren;
  icon?: string;
  kind?: "plain" | "main" | "quiet" | "danger";
  small?: boolean;
  label?: string;
  title?: string;
  disabled?: boolean;
  type?: "button" | "submit";
  pressed?: boolean;
  id?: string;
  onClick?: (event: MouseEvent) => void;
}

export function Button(props: ButtonProps) {
  const { kind = "plain", icon, label, children, small, type = "button", pressed } = props;
  return (
    <button
      id={props.id}
      type={type}
      class={`button ${kind}${small ? " small" : ""}${children ? "" : " only-icon"}`}
      aria-label={label}
      aria-pressed={pressed}
      title={props.title ?? (children ? undefined : label)}
      disabled={props.disabled}
      onClick={props.onClick}
    >
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

export function Card(props: { title?: ComponentChildren; side?: ComponentChildren; children?: ComponentChildren; class?: string; id?: string }) {
  return (
    <section class={`card ${props.class ?? ""}`} id={props.id}>
      {(props.title || props.side) && (
        <header>
          <h2>{props.title}</h2>
          <div class="side">{props.side}</div>
        </header>
      )}
      {props.children}
    </section>
  );
}

export function Tag({ tone = "plain", icon, children }: { tone?: string; icon?: string; children: ComponentChildren }) {
  return (
    <span class={`tag ${tone}`}>
      {icon && <Icon name={icon} size={12} />}
      {children}
    </span>
  );
}

export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>;
}

/** A moment, as how long ago; exactly when one looks closer. */
export function When({ at }: { at: number }) {
  useStore(seconds);
  return (
    <time dateTime={new Date(at * 1000).toISOString()} title={exact(at)}>
      {ago(at)}
    </time>
  );
}

/** Counts seconds, so that what says how old it is goes on saying it. */
export const seconds = new Store(0);
setInterval(() => document.visibilityState === "visible" && seconds.update((now) => now + 1), 1000);

export function Command({ text }: { text: string }) {
  const [copied, set] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    set(true);
    setTimeout(() => set(false), 1500);
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="button quiet small only-icon" aria-label={`Copy ${text}`} title="Copy" onClick={copy}>
        <Icon name={copied ? "ok" : "copy"} size={14} />
      </button>
    </span>
  );
}

export function Dialog(props: { title: string; onClose: () => void; children: ComponentChildren; wide?: boolean; foot?: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog
      ref={dialog}
      class={props.wide ? "wide" : ""}
      aria-label={props.title}
      onCancel={(event) => {
        event.preventDefault();
        props.onClose();
      }}
      onMouseDown={(event) => event.target === dialog.current && props.onClose()}
    >
      <div class="dialog">
        <header>
          <h2>{props.title}</h2>
          <Button kind="quiet" icon="close" label="Close" onClick={props.onClose} />
        </header>
        <div class="body">{props.children}</div>
        {props.foot && <footer>{props.foot}</footer>}
      </div>
    </dialog>
  );
}

export function Menu({ label, items, icon = "more", text }: { label: string; icon?: string; text?: string; items: { text: string; icon?: string; danger?: boolean; act: () => void }[] }) {
  const [open, set] = useState(false);
  const home = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event): void => {
      if (!home.current?.contains(event.target as Node)) set(false);
    };
    document.addEventListener("pointerdown", away);
    home.current?.querySelector<HTMLElement>("[role=menuitem]")?.focus();
    return () => document.removeEventListener("pointerdown", away);
  }, [open]);
  const keys = (event: KeyboardEvent): void => {
    const all = [...(home.current?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && open) {
      event.preventDefault();
      all[(at + step + all.length) % all.length]?.focus();
    } else if (event.key === "Escape" && open) {
      event.stopPropagation();
      set(false);
      home.current?.querySelector("button")?.focus();
    }
  };
  return (
    <div class="menu" ref={home} onKeyDown={keys}>
      <button type="button" class={text ? "button" : "button quiet only-icon"} aria-label={label} title={label} aria-haspopup="menu" aria-expanded={open} onClick={() => set(!open)}>
        <Icon name={icon} />
        {text}
      </button>
      {open && (
        <div role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              type="button"
              role="menuitem"
              class={item.danger ? "danger" : ""}
              onClick={() => {
                set(false);
                // What opens next gives the focus back to it.
                home.current?.querySelector("button")?.focus();
                item.act();
              }}
            >
              {item.icon && <Icon name={item.icon} />}
              {item.text}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

export function Tabs({ tabs, at, choose, label }: { tabs: [string, string][]; at: string; choose: (key: string) => void; label: string }) {
  const keys = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.findIndex(([key]) => key === at) + step + tabs.length) % tabs.length]!;
    choose(next[0]);
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`[data-tab="${next[0]}"]`)?.focus();
  };
  return (
    <div role="tablist" class="tabs" aria-label={label} onKeyDown={keys}>
      {tabs.map(([key, text]) => (
        <button type="button" role="tab" data-tab={key} aria-selected={key === at} tabIndex={key === at ? 0 : -1} onClick={() => choose(key)}>
          {text}
        </button>
      ))}
    </div>
  );
}

let labels = 0;

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  wrong?: string;
  required?: boolean;
  children: (props: { id: string; "aria-describedby": string; "aria-invalid": boolean; required?: boolean }) => JSX.Element;
}

export function Field({ label, hint, wrong, required, children }: FieldProps) {
  const [id] = useState(() => `field-${++labels}`);
  return (
    <div class={`field${wrong ? " wrong" : ""}`}>
      <label for={id}>
        {label}
        {required && <span class="required"> (required)</span>}
      </label>
      {children({ id, "aria-describedby": `${id}-about`, "aria-invalid": !!wrong })}
      <p class="about" id={`${id}-about`}>
        {wrong ? (
          <span class="why-wrong">
            <Icon name="warn" size={12} /> {wrong}
          </span>
        ) : (
          hint
        )}
      </p>
    </div>
  );
}

export function Text(props: { label: string; value: string; set: (value: string) => void; hint?: ComponentChildren; wrong?: string; required?: boolean; placeholder?: string; secret?: boolean; list?: string; autofocus?: boolean }) {
  return (
    <Field label={props.label} hint={props.hint} wrong={props.wrong} required={props.required}>
      {(field) => (
        <input
          {...field}
          type={props.secret ? "password" : "text"}
          autocomplete={props.secret ? "new-password" : "off"}
          spellcheck={false}
          value={props.value}
          placeholder={props.placeholder}
          list={props.list}
          onInput={(event) => props.set(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

export function Select(props: { label: string; value: string; set: (value: string) => void; options: (readonly [string, string] | string)[]; hint?: ComponentChildren; required?: boolean; wrong?: string }) {
  return (
    <Field label={props.label} hint={props.hint} required={props.required} wrong={props.wrong}>
      {(field) => (
        <select {...field} value={props.value} onChange={(event) => props.set(event.currentTarget.value)}>
          {props.options.map((one) => {
            const [value, text] = typeof one === "string" ? [one, one] : one;
            return (
              <option value={value} selected={value === props.value}>
                {text}
              </option>
            );
          })}
        </select>
      )}
    </Field>
  );
}

/** Words shown for a moment, and said to screen readers. */
export const said = new Store("");
let saying: ReturnType<typeof setTimeout> | undefined;
export function say(words: string): void {
  said.set(words);
  clearTimeout(saying);
  saying = setTimeout(() => said.set(""), 4000);
}

/** What a filter leaves: each word must be somewhere. */
export function matches(filter: string, ...texts: (string | null | undefined)[]): boolean {
  const all = texts.join(" ").toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

export function Filter({ value, set, label }: { value: string; set: (value: string) => void; label: string }) {
  return (
    <label class="filter">
      <Icon name="filter" size={14} />
      <input
        type="search"
        data-filter
        aria-label={label}
        placeholder={`${label}  ( / )`}
        value={value}
        onInput={(event) => set(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") {
            set("");
            event.currentTarget.blur();
          }
        }}
      />
    </label>
  );
}
