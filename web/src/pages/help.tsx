import { GO, helpShown } from "../keys";
import { Dialog } from "../ui/bits";

const KEYS: [string, string][] = [
  ["/", "Filter what is shown"],
  ["?", "This help"],
  ["p", "The plan: show or hide"],
  ["Arrows", "Go through the grid, and through time on the timeline"],
  ["Enter", "Why: explain the cell of the grid"],
  ["m", "In the grid: pick a resource up; arrows choose a node, Enter plans the move"],
  ["Escape", "Close, put down, or leave the filter"],
];

export function Help() {
  return (
    <Dialog title="Keys" onClose={() => helpShown.set(false)}>
      <dl class="keys">
        {KEYS.map(([key, what]) => (
          <>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </>
        ))}
        {Object.entries(GO).map(([key, page]) => (
          <>
            <dt>
              <kbd>g</kbd> <kbd>{key}</kbd>
            </dt>
            <dd>Go to {page}</dd>
          </>
        ))}
      </dl>
      <h3>Signs in the grid</h3>
      <ul class="legend">
        <li><span class="cell good">●</span> runs as it should</li>
        <li><span class="cell good">▲</span> promoted</li>
        <li><span class="cell good">△</span> unpromoted</li>
        <li><span class="cell warn">◐</span> changing, or only a part of it is there</li>
        <li><span class="cell warn">◌</span> will be here</li>
        <li><span class="cell bad">✕</span> failed</li>
        <li><span class="cell bad">?</span> not known: its node is lost</li>
        <li><span class="cell faint">⊘</span> forbidden here by a constraint</li>
        <li><span class="cell faint">–</span> cannot run here</li>
        <li><span class="cell faint">·</span> could run here; a number is its preference</li>
      </ul>
    </Dialog>
  );
}
