// A rule as a form: conditions, and whether all must hold or one.

import { useState } from "preact/hooks";

import { NEW_RULE, words, type Condition, type Kind, type Rule } from "../rules";
import { Button, Select } from "./bits";
import { Fields, Pairs, filled, judgeAll, type Taken, type Values } from "./forms";

const KINDS: [Kind, string][] = [
  ["expression", "an attribute of the node"],
  ["date_expression", "the time"],
  ["rsc_expression", "the kind of resource"],
  ["op_expression", "the operation"],
  ["rule", "several conditions together"],
];

const COMPARE: [string, string][] = [["eq", "is"], ["ne", "is not"], ["gt", "is above"], ["gte", "is at least"], ["lt", "is below"], ["lte", "is at most"], ["defined", "is set"], ["not_defined", "is not set"]];

const TIMES: [string, string][] = [["date_spec", "at certain hours or days"], ["in_range", "between two moments"], ["gt", "after a moment"], ["lt", "before a moment"]];

const START: Taken = { name: "start", label: "From", required: true, hint: "Such as 2027-01-31 22:00:00Z" };
const END: Taken = { name: "end", label: "Until", required: true, hint: "Such as 2027-02-01 06:00:00Z" };

const calendar = (name: string, label: string, hint: string): Taken => ({ name: `date_spec.${name}`, label, hint });
const CALENDAR: Taken[] = [
  calendar("hours", "Hours", "0 to 23: 9-16"),
  calendar("weekdays", "Days of the week", "1 is Monday: 1-5"),
  calendar("monthdays", "Days of the month", "1 to 31"),
  calendar("months", "Months", "1 to 12"),
  calendar("years", "Years", "Such as 2027 or 2027-2029"),
];

/** What a condition takes, as it is filled in so far. */
function taken({ kind, values }: Condition): Taken[] {
  switch (kind) {
    case "expression": {
      const compared = values["operation"] ?? "eq";
      const first: Taken[] = [
        { name: "attribute", label: "Attribute", required: true, offered: ["#uname", "#id", "#kind", "#ra-version", "#site-name"] },
        { name: "operation", label: "Compared", kind: "select", options: COMPARE, required: true },
      ];
      if (/defined$/.test(compared)) return first;
      return [...first, { name: "value", label: "With", required: true }, { name: "type", label: "As", kind: "select", options: [["string", "text"], ["number", "number"], ["version", "version"]], fallback: "text" }];
    }
    case "date_expression": {
      const when: Taken = { name: "operation", label: "When", kind: "select", options: TIMES, required: true };
      if (values["operation"] === "gt") return [when, START];
      if (values["operation"] === "lt") return [when, END];
      return values["operation"] === "in_range" ? [when, START, END] : [when, ...CALENDAR];
    }
    case "rsc_expression":
      return [{ name: "class", label: "Standard", offered: ["ocf", "systemd", "lsb", "stonith"] }, { name: "provider", label: "Provider" }, { name: "type", label: "Type" }];
    case "op_expression":
      return [{ name: "name", label: "Operation", required: true, offered: ["start", "stop", "monitor", "promote", "demote"] }, { name: "interval", label: "Every", kind: "time" }];
    case "rule":
      return [];
  }
}

const BEGUN: Record<Kind, Values> = { expression: { operation: "eq" }, date_expression: { operation: "date_spec" }, rsc_expression: {}, op_expression: {}, rule: {} };

/** What is missing or wrong in it, in words. */
export function wrongOf(rule: Rule): string | undefined {
  if (!rule.conditions.length) return "A rule needs a condition.";
  for (const one of rule.conditions) {
    if (one.kind === "rule") {
      const inner = wrongOf(one.rule ?? NEW_RULE);
      if (inner) return inner;
    } else if (Object.keys(judgeAll(taken(one), one.values)).length) return "A condition of the rule is not complete.";
    const calendarOnly = one.kind === "date_expression" && one.values["operation"] === "date_spec";
    if (calendarOnly && !Object.entries(one.values).some(([name, value]) => name.startsWith("date_spec.") && value)) return "Say at which hours or on which days.";
  }
  return undefined;
}

interface Props {
  rule: Rule;
  set: (rule: Rule) => void;
  tried: boolean;
  /** Which kinds of conditions make sense there. */
  kinds?: Kind[];
}

export function RuleFields({ rule, set, tried, kinds = ["expression", "date_expression", "rule"] }: Props) {
  const [next, setNext] = useState("");
  const put = (at: number, change: Partial<Condition>): void => set({ ...rule, conditions: rule.conditions.map((one, index) => (index === at ? { ...one, ...change } : one)) });
  const fill = (at: number, one: Condition, values: Values): void => {
    // What belongs to another way of comparing goes with it.
    const names = taken({ ...one, values }).map((field) => field.name);
    const known = Object.fromEntries(Object.entries(values).filter(([name]) => names.includes(name) || name === "id" || values["operation"] === one.values["operation"]));
    put(at, { values: known });
  };
  return (
    <div class="rule">
      {rule.conditions.length > 1 && <Select label="Of the conditions" value={rule.join} set={(join) => set({ ...rule, join: join as Rule["join"] })} options={[["and", "all must hold"], ["or", "one must hold"]]} />}
      {rule.conditions.map((one, at) => (
        <fieldset key={at}>
          <legend>{KINDS.find(([kind]) => kind === one.kind)?.[1] ?? one.kind}</legend>
          {one.kind === "rule" ? (
            <RuleFields rule={one.rule ?? NEW_RULE} set={(inner) => put(at, { rule: inner })} tried={tried} kinds={kinds} />
          ) : (
            <Fields fields={taken(one)} values={one.values} set={(values) => fill(at, one, values)} wrongs={tried ? judgeAll(taken(one), one.values) : filled(judgeAll(taken(one), one.values), one.values)} />
          )}
          <Button kind="quiet" small icon="remove" onClick={() => set({ ...rule, conditions: rule.conditions.filter((_, index) => index !== at) })}>
            Leave out
          </Button>
        </fieldset>
      ))}
      <Select
        label="Add a condition on"
        value={next}
        set={(kind) => {
          setNext("");
          if (kind) set({ ...rule, conditions: [...rule.conditions, { kind: kind as Kind, values: { ...BEGUN[kind as Kind] }, rule: kind === "rule" ? NEW_RULE : undefined }] });
        }}
        options={[["", "choose…"], ...KINDS.filter(([kind]) => kinds.includes(kind))]}
      />
    </div>
  );
}

/** Values that count only while a rule holds. */
export interface Ruled {
  /** As the document calls the set; none if it is new. */
  id?: string;
  pairs: [string, string][];
  rule: Rule;
}

interface RuledProps {
  title: string;
  sets: Ruled[];
  set: (sets: Ruled[]) => void;
  tried: boolean;
  offered: string[];
  kinds?: Kind[];
}

export function RuledSets({ title, sets, set, tried, offered, kinds }: RuledProps) {
  const put = (at: number, change: Partial<Ruled>): void => set(sets.map((one, index) => (index === at ? { ...one, ...change } : one)));
  return (
    <div class="form">
      {sets.map((one, at) => (
        <fieldset key={at}>
          <legend>{`${title} ${at + 1}: if ${words(one.rule)}`}</legend>
          <RuleFields rule={one.rule} set={(rule) => put(at, { rule })} tried={tried} kinds={kinds} />
          <h3>Then</h3>
          <Pairs label={`${title} ${at + 1}`} pairs={one.pairs} set={(pairs) => put(at, { pairs })} offered={offered} />
          <Button kind="quiet" small icon="remove" onClick={() => set(sets.filter((_, index) => index !== at))}>
            Leave this out
          </Button>
        </fieldset>
      ))}
      <div>
        <Button small icon="plus" onClick={() => set([...sets, { pairs: [["", ""]], rule: NEW_RULE }])}>
          {title}
        </Button>
      </div>
    </div>
  );
}

export function ruledWrong(sets: Ruled[]): string | undefined {
  for (const one of sets) {
    const wrong = wrongOf(one.rule) ?? (one.pairs.some(([name]) => name) ? undefined : "Say what holds under the rule.");
    if (wrong) return wrong;
  }
  return undefined;
}
