// Forms that are data: what each field takes, how it is judged, and how it is shown.

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { Button, Dialog, Field, Icon, Select, Text } from "./bits";

export interface Taken {
  name: string;
  label?: string;
  kind?: "text" | "boolean" | "integer" | "score" | "time" | "select" | "secret" | "id" | "long";
  options?: (readonly [string, string] | string)[];
  required?: boolean;
  /** What counts where nothing is said. */
  fallback?: string;
  hint?: ComponentChildren;
  /** Words that are offered; others may be typed. */
  offered?: string[];
}

export type Values = Record<string, string>;
export type Wrongs = Record<string, string>;

const NAME = /^[A-Za-z_][A-Za-z0-9_.-]*$/;
const BOOLEANS = ["true", "false", "yes", "no", "on", "off", "y", "n", "1", "0"];

/** What is wrong with a value, in words. What the scheduler says of the whole comes with the plan. */
export function judge(field: Taken, value: string | undefined): string | undefined {
  if (value === undefined || value === "") return field.required && !field.fallback ? "This is needed." : undefined;
  switch (field.kind) {
    case "integer":
      return /^[-+]?\d+$/.test(value) ? undefined : "A whole number.";
    case "score":
      return /^[-+]?(\d+|INFINITY)$/i.test(value) ? undefined : "A whole number, INFINITY or -INFINITY.";
    case "time":
      return /^\d+(\.\d+)?\s*(|ms|msec|us|usec|s|sec|m|min|h|hr|d)$/i.test(value) || /^P/.test(value) ? undefined : "A length of time: 20s, 5min, 1h.";
    case "boolean":
      return BOOLEANS.includes(value.toLowerCase()) ? undefined : "true or false.";
    case "id":
      return NAME.test(value) ? undefined : "Letters, digits, _ . and -, beginning with a letter.";
    default:
      return undefined;
  }
}

export function judgeAll(fields: Taken[], values: Values): Wrongs {
  const wrongs: Wrongs = {};
  for (const field of fields) {
    const wrong = judge(field, values[field.name]);
    if (wrong) wrongs[field.name] = wrong;
  }
  return wrongs;
}

let lists = 0;

export function Fields({ fields, values, set, wrongs }: { fields: Taken[]; values: Values; set: (values: Values) => void; wrongs: Wrongs }) {
  const [key] = useState(() => `list-${++lists}`);
  return (
    <div class="fields">
      {fields.map((field) => {
        const value = values[field.name] ?? "";
        const put = (next: string): void => set({ ...values, [field.name]: next });
        const about = { label: field.label ?? field.name, hint: hint(field), wrong: wrongs[field.name], required: field.required };
        if (field.kind === "boolean") return <Select {...about} value={value} set={put} options={[["", field.fallback ? `default (${field.fallback})` : "default"], ["true", "true"], ["false", "false"]]} />;
        if (field.kind === "select") {
          const known = (field.options ?? []).map((one) => (typeof one === "string" ? one : one[0]));
          const more = value && !known.includes(value) ? [value] : [];
          const none = field.required && known.includes(value) ? [] : [["", field.fallback ? `default (${field.fallback})` : field.required ? "choose…" : "–"] as const];
          return <Select {...about} value={value} set={put} options={[...none, ...(field.options ?? []), ...more]} />;
        }
        if (field.kind === "long") {
          return (
            <Field {...about}>
              {(props) => <textarea {...props} rows={3} spellcheck={false} value={value} onInput={(event) => put(event.currentTarget.value)} />}
            </Field>
          );
        }
        const offered = field.offered?.length ? `${key}-${field.name}` : undefined;
        return (
          <div class="offering">
            <Text {...about} value={value} set={put} secret={field.kind === "secret"} placeholder={field.fallback} list={offered} />
            {offered && (
              <datalist id={offered}>
                {field.offered!.map((one) => (
                  <option value={one} />
                ))}
              </datalist>
            )}
          </div>
        );
      })}
    </div>
  );
}

function hint(field: Taken): ComponentChildren {
  return field.hint;
}

/** Names with values, as many as one likes. */
export function Pairs({ label, pairs, set, offered = [] }: { label: string; pairs: [string, string][]; set: (pairs: [string, string][]) => void; offered?: string[] }) {
  const [key] = useState(() => `pairs-${++lists}`);
  const put = (at: number, pair: [string, string]): void => set(pairs.map((one, index) => (index === at ? pair : one)));
  return (
    <div class="pairs" role="group" aria-label={label}>
      {pairs.map(([name, value], at) => (
        <div class="pair" key={at}>
          <input type="text" aria-label={`${label}: name ${at + 1}`} list={key} placeholder="name" value={name} onInput={(event) => put(at, [event.currentTarget.value, value])} />
          <input type="text" aria-label={`${label}: value of ${name || at + 1}`} placeholder="value" value={value} onInput={(event) => put(at, [name, event.currentTarget.value])} />
          <Button kind="quiet" small icon="close" label={`Remove ${name || `pair ${at + 1}`}`} onClick={() => set(pairs.filter((_, index) => index !== at))} />
        </div>
      ))}
      <datalist id={key}>
        {offered.map((one) => (
          <option value={one} />
        ))}
      </datalist>
      <Button kind="quiet" small icon="plus" onClick={() => set([...pairs, ["", ""]])}>
        Add
      </Button>
    </div>
  );
}

/** Some of the known, in an order. */
export function Ordered({ label, known, chosen, set, hint: about }: { label: string; known: string[]; chosen: string[]; set: (chosen: string[]) => void; hint?: string }) {
  const [next, setNext] = useState("");
  const left = known.filter((one) => !chosen.includes(one));
  const shift = (at: number, by: number): void => {
    const list = [...chosen];
    [list[at], list[at + by]] = [list[at + by]!, list[at]!];
    set(list);
  };
  return (
    <fieldset class="ordered">
      <legend>{label}</legend>
      {about && <p class="soft small">{about}</p>}
      <ol>
        {chosen.map((one, at) => (
          <li key={one}>
            <span>{one}</span>
            <Button kind="quiet" small label={`${one} earlier`} disabled={at === 0} onClick={() => shift(at, -1)}>↑</Button>
            <Button kind="quiet" small label={`${one} later`} disabled={at === chosen.length - 1} onClick={() => shift(at, 1)}>↓</Button>
            <Button kind="quiet" small icon="close" label={`Leave ${one} out`} onClick={() => set(chosen.filter((other) => other !== one))} />
          </li>
        ))}
      </ol>
      {left.length > 0 && (
        <Select
          label="Add"
          value={next}
          set={(one) => {
            setNext("");
            if (one) set([...chosen, one]);
          }}
          options={[["", "choose…"], ...left]}
        />
      )}
    </fieldset>
  );
}

interface EditorProps {
  title: string;
  fields: Taken[];
  values: Values;
  onClose: () => void;
  /** Stages the change; an exception says what is wrong. */
  save: (values: Values) => unknown;
  remove?: () => unknown;
  /** More than fields: judged by the caller, in words. */
  children?: ComponentChildren;
  wrong?: (values: Values) => string | undefined;
  lead?: ComponentChildren;
}

/** A dialog with fields that ends in the plan. */
export function Editor({ title, fields, values: begun, onClose, save, remove, children, wrong, lead }: EditorProps) {
  const [values, setValues] = useState<Values>(begun);
  const [tried, setTried] = useState(false);
  const wrongs = judgeAll(fields, values);
  const more = wrong?.(values);
  const submit = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrongs).length || more) return;
    onClose();
    void save(values);
  };
  return (
    <Dialog wide title={title} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        {lead}
        <Fields fields={fields} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
        {children}
        {tried && more && (
          <p class="why-wrong" role="alert">
            <Icon name="warn" /> {more}
          </p>
        )}
        <div class="acts">
          <Button type="submit" kind="main" icon="plan">
            Show the plan
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          {remove && (
            <Button
              kind="quiet"
              icon="remove"
              onClick={() => {
                onClose();
                void remove();
              }}
            >
              Remove
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** While one types, only what was typed is judged. */
export function filled(wrongs: Wrongs, values: Values): Wrongs {
  return Object.fromEntries(Object.entries(wrongs).filter(([name]) => values[name]));
}
