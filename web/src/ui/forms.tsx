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
        const about = { label: field.label ?? field.name, hint: field.hint, wrong: wrongs[field.name], required: field.required };
        if (field.kind === "boolean") return <Select {...about} value={value} set={put} options={[["", field.fallback ? `default (${field.fallback})` : "default"], ["true", "true"], ["false", "false"]]} />;
        if (field.kind === "select") {
          const known = (field.options ?? []).map((one) => (typeof one === "string" ? one : one[0]));
          const more = value && !known.includes(value) ? [value] : [];
          const none = field.required && known.includes(value || (field.fallback ?? "")) ? [] : [["", field.fallback ? `default (${field.fallback})` : field.required ? "choose…" : "–"] as const];
          // What must be chosen, and counts where nothing is said, is chosen.
          const chosen = value || (none.length ? "" : (field.fallback ?? ""));
          return <Select {...about} value={chosen} set={put} options={[...none, ...(field.options ?? []), ...more]} />;
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

interface PlanDialogProps {
  title: string;
  onClose: () => void;
  /** Stages the change. */
  stage: () => unknown;
  /** What keeps it from being staged, in words; shown once somebody tried. */
  wrong?: string;
  /** For a form whose wrong part may be hidden: shows it. */
  onWrong?: () => void;
  remove?: () => unknown;
  danger?: boolean;
  narrow?: boolean;
  /** With whether somebody tried: what was not filled in yet is no mistake before that. */
  children: ComponentChildren | ((tried: boolean) => ComponentChildren);
}

/** A dialog that ends in the plan. */
export function PlanDialog({ title, onClose, stage, wrong, onWrong, remove, danger, narrow, children }: PlanDialogProps) {
  const [tried, setTried] = useState(false);
  const closing = (act: () => unknown): void => {
    onClose();
    void act();
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (wrong) onWrong?.();
    else closing(stage);
  };
  return (
    <Dialog wide={!narrow} title={title} onClose={onClose}>
      <form class="form" onSubmit={submit} noValidate>
        {typeof children === "function" ? children(tried) : children}
        {tried && wrong && (
          <p class="why-wrong" role="alert">
            <Icon name="warn" /> {wrong}
          </p>
        )}
        <div class="acts">
          <Button type="submit" kind={danger ? "danger" : "main"} icon="plan">
            Show the plan
          </Button>
          <Button onClick={onClose}>Cancel</Button>
          {remove && (
            <Button kind="quiet" icon="remove" onClick={() => closing(remove)}>
              Remove
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  );
}

/** In words, if any of these is. */
export const anyWrong = (...wrongs: Wrongs[]): string | undefined => (wrongs.some((one) => Object.keys(one).length) ? "Something above is missing or wrong." : undefined);

interface EditorProps {
  title: string;
  fields: Taken[];
  values: Values;
  onClose: () => void;
  /** Stages the change. */
  save: (values: Values) => unknown;
  remove?: () => unknown;
  wrong?: (values: Values) => string | undefined;
  lead?: ComponentChildren;
}

/** The same, of fields alone. */
export function Editor({ title, fields, values: begun, onClose, save, remove, wrong, lead }: EditorProps) {
  const [values, setValues] = useState<Values>(begun);
  const wrongs = judgeAll(fields, values);
  return (
    <PlanDialog title={title} onClose={onClose} stage={() => save(values)} remove={remove} wrong={anyWrong(wrongs) ?? wrong?.(values)}>
      {(tried) => (
        <>
          {lead}
          <Fields fields={fields} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
        </>
      )}
    </PlanDialog>
  );
}

/** While one types, only what was typed is judged. */
export function filled(wrongs: Wrongs, values: Values): Wrongs {
  return Object.fromEntries(Object.entries(wrongs).filter(([name]) => values[name]));
}
