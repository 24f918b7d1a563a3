// Constraints as sentences; each can be changed, removed and added.

import { useState } from "preact/hooks";

import { may } from "../api";
import { CONSTRAINTS } from "../catalogue";
import { useDocument } from "../document";
import { go, link, requery, route } from "../route";
import { sentencesOf } from "../sentences";
import { useStore } from "../store";
import { Card, Empty, Filter, Menu, Tag, matches } from "../ui/bits";
import * as xml from "../xml";
import { ConstraintForm, LocationForm, RawForm, SetsForm } from "./constraint-forms";

const TITLES: Record<string, string> = { rsc_location: "Where", rsc_colocation: "Together or apart", rsc_order: "In which order", rsc_ticket: "By ticket" };

export function Constraints() {
  const tree = useDocument();
  const { query } = useStore(route);
  const [filter, setFilter] = useState("");
  if (!tree) return <Empty>Asking…</Empty>;
  const all = sentencesOf(tree).filter((one) => matches(filter, one.words, one.id));
  const close = (): void => requery({ add: undefined, edit: undefined });
  const edited = query["edit"] ? xml.byId(tree, query["edit"]) : undefined;
  return (
    <div class="page">
      <div class="page-head">
        <h2>Constraints</h2>
        <Filter value={filter} set={setFilter} label="Filter constraints" />
        {may("configure") && (
          <Menu
            label="Add a constraint"
            text="Add"
            icon="plus"
            items={[...Object.entries(CONSTRAINTS).map(([tag, about]) => ({ text: about.title, act: () => go(link("constraints", [], { add: tag })) })), { text: "Sets: several together, in order or by ticket", act: () => go(link("constraints", [], { add: "set" })) }]}
          />
        )}
      </div>
      {Object.entries(TITLES).map(([tag, title]) => {
        const some = all.filter((one) => one.tag === tag);
        if (!some.length && tag === "rsc_ticket") return null;
        return (
          <Card title={title}>
            <ul class="sentences">
              {some.map((one) => (
                <li>
                  <a href={link("constraints", [], { edit: one.id })}>{one.words}</a> {one.passing && <Tag tone="info">made by a move</Tag>} <span class="faint small">{one.id}</span>
                </li>
              ))}
            </ul>
            {!some.length && <Empty>None.</Empty>}
          </Card>
        );
      })}
      {query["add"] === "rsc_location" && <LocationForm tree={tree} onClose={close} />}
      {query["add"] && query["add"] !== "rsc_location" && CONSTRAINTS[query["add"]] && <ConstraintForm tree={tree} tag={query["add"]} onClose={close} />}
      {query["add"] === "set" && <SetsForm tree={tree} onClose={close} />}
      {edited && <Edited tree={tree} of={edited} onClose={close} />}
    </div>
  );
}

function Edited({ tree, of, onClose }: { tree: Document; of: Element; onClose: () => void }) {
  switch (sentencesOf(tree).find((one) => one.id === xml.attr(of, "id"))?.form) {
    case "plain":
      return <ConstraintForm tree={tree} tag={of.tagName} of={of} onClose={onClose} />;
    case "location":
      return <LocationForm tree={tree} of={of} onClose={onClose} />;
    case "sets":
      return <SetsForm tree={tree} of={of} onClose={onClose} />;
    default:
      return <RawForm of={of} onClose={onClose} />;
  }
}
