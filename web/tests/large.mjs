// A thousand resources on thirty-two nodes: what is drawn stays small, whatever is scrolled.

import assert from "node:assert/strict";

import { go } from "./helpers.mjs";

const ROWS = 1000;
const NODES = 32;

function grid() {
  const nodes = Array.from({ length: NODES }, (_, at) => ({ name: `node${at + 1}`, state: "online", kind: "cluster", coordinator: at === 0, standby: false, maintenance: false, leaving: false, active: 31 }));
  const rows = Array.from({ length: ROWS }, (_, at) => ({
    id: `resource-${at}`,
    shape: "primitive",
    depth: 0,
    missing: false,
    unmanaged: false,
    because: "it has the highest score there",
    cells: nodes.map((_, node) => ({ state: node === at % NODES ? "active" : "stopped", role: node === at % NODES ? "started" : null, score: node * 10, wanted: node === at % NODES, banned: node === (at + 5) % NODES, "cannot-run-because": node === (at + 5) % NODES ? "It is banned." : null })),
  }));
  return { version: "0.1.1", nodes, rows };
}

async function thousandByThirtyTwo({ page }) {
  // A cluster of this size does not fit into a test; the page cannot tell.
  const body = JSON.stringify(grid());
  await page.route("**/v1/grid", (route) => route.fulfill({ contentType: "application/json", body }));
  await go(page, "#/overview");
  await page.reload();
  await page.getByText(`${ROWS} rows × ${NODES} nodes`).waitFor();
  const frames = await page.evaluate(async () => {
    const shown = document.querySelector("[role=grid]");
    const times = [];
    let before = await new Promise(requestAnimationFrame);
    for (let at = 0; at < 180; at++) {
      shown.scrollTop += 90;
      const now = await new Promise(requestAnimationFrame);
      times.push(now - before);
      before = now;
    }
    times.sort((a, b) => a - b);
    return { median: times[90], p95: times[171], lines: document.querySelectorAll("[role=row]").length };
  });
  console.log(`     a frame while scrolling: median ${frames.median.toFixed(1)} ms, 95 % under ${frames.p95.toFixed(1)} ms; ${frames.lines} rows in the page`);
  assert.ok(frames.lines < 80, "only the rows in sight are made");
  await page.getByRole("grid").focus();
  await page.keyboard.press("End");
  await page.locator(`[aria-label^="resource-${ROWS - 1} "]`).first().waitFor();
  await page.unroute("**/v1/grid");
}

export default { thousandByThirtyTwo };
