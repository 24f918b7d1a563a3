// Whole services in one plan: a pattern, its parameters, what it would do, apply.

import { useState } from "preact/hooks";

import { may } from "../api";
import { useDocument } from "../document";
import { go, link, route } from "../route";
import { add } from "../stage";
import { useStore } from "../store";
import { Button, Card, Empty, Icon } from "../ui/bits";
import { Fields, filled, judgeAll, type Values } from "../ui/forms";
import { WIZARDS, type Wizard } from "../wizards";

export function Wizards() {
  const { rest } = useStore(route);
  const chosen = WIZARDS.find((one) => one.key === rest[0]);
  if (chosen) return <Asked wizard={chosen} key={chosen.key} />;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Wizards</h2>
      </div>
      <p class="soft">A pattern and a few answers make a whole service. What comes out is staged: you see the plan and the document before anything happens.</p>
      <div class="wizard-list">
        {WIZARDS.map((one) => (
          <Card title={one.title}>
            <div class="padded">
              <p>{one.says}</p>
              <ul class="bullets">
                {one.makes.map((line) => (
                  <li>{line}</li>
                ))}
              </ul>
              <Button icon="wizards" disabled={!may("configure")} onClick={() => go(link("wizards", [one.key]))}>
                Begin
              </Button>
            </div>
          </Card>
        ))}
      </div>
    </div>
  );
}

function Asked({ wizard }: { wizard: Wizard }) {
  const tree = useDocument();
  const [values, setValues] = useState<Values>(wizard.begin);
  const [tried, setTried] = useState(false);
  if (!tree) return <Empty>Asking…</Empty>;
  const groups = wizard.asks(tree);
  const fields = groups.flatMap(([, list]) => list);
  const wrongs = judgeAll(fields, values);
  const more = wizard.wrong?.(values, tree);
  const submit = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (Object.keys(wrongs).length || more) return;
    const filledIn = Object.fromEntries(fields.map((one) => [one.name, values[one.name] || one.fallback || ""]));
    void add(wizard.done(filledIn), (now) => wizard.write(now, filledIn));
  };
  return (
    <div class="page">
      <div class="page-head">
        <h2>
          <a href={link("wizards")}>Wizards</a> / {wizard.title}
        </h2>
      </div>
      <p>{wizard.says}</p>
      {wizard.warn && <p class="note warn">{wizard.warn}</p>}
      <form class="form" onSubmit={submit} noValidate>
        {groups.map(([title, list]) => (
          <fieldset>
            <legend>{title}</legend>
            <Fields fields={list} values={values} set={setValues} wrongs={tried ? wrongs : filled(wrongs, values)} />
          </fieldset>
        ))}
        {tried && (more || Object.keys(wrongs).length > 0) && (
          <p class="why-wrong" role="alert">
            <Icon name="warn" /> {more ?? "Something above is missing or wrong."}
          </p>
        )}
        <div class="acts">
          <Button type="submit" kind="main" icon="plan">
            Show the plan
          </Button>
        </div>
      </form>
    </div>
  );
}
