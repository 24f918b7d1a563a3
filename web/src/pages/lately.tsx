// What happened and is over.

import { entries, live } from "../live";
import { stories } from "../lately";
import { link } from "../route";
import { useStore } from "../store";
import { clock } from "../time";
import { Card, Icon, When } from "../ui/bits";

export function Lately() {
  const unclean = useStore(live).status?.nodes.filter((one) => one.state === "unclean") ?? [];
  const told = stories(useStore(entries), Date.now() / 1000, unclean.map((one) => one.name));
  if (!told.length) return null;
  return (
    <Card title="Lately" class="incidents lately">
      <ul>
        {told.map((one) => (
          <li class={`incident ${one.tone}`} key={`${one.title} ${one.at}`}>
            <h3>
              <Icon name="clock" /> {one.title} <When at={one.at} />
            </h3>
            <p>{one.words}</p>
            <a href={link("timeline", [], { at: String(one.at) })}>On the timeline, {clock(one.at)}</a>
          </li>
        ))}
      </ul>
    </Card>
  );
}
