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

const FRAMES = 180;

/** Tells how often frames come while the grid is scrolled, and what the page's thread computes for each. That is in
 *  processor time, because how often frames come says as much of how busy the machine is. */
async function scrolled(page, direction) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  const worked = async () => (await cdp.send("Performance.getMetrics")).metrics.find((one) => one.name === "TaskDuration").value * 1000;
  const before = await worked();
  const times = await page.evaluate(
    async ([frames, down]) => {
      const shown = document.querySelector("[role=grid]");
      const times = [];
      let last = await new Promise(requestAnimationFrame);
      for (let at = 0; at < frames; at++) {
        if (down) shown.scrollTop += 90;
        else shown.scrollLeft += 12;
        const now = await new Promise(requestAnimationFrame);
        times.push(now - last);
        last = now;
      }
      return times.sort((a, b) => a - b);
    },
    [FRAMES, direction === "down"],
  );
  const cost = ((await worked()) - before) / FRAMES;
  await cdp.detach();
  const at = (part) => times[Math.floor(part * (times.length - 1))].toFixed(1);
  console.log(`     scrolling ${direction}: frames ${at(0.5)} ms apart (p50), ${at(0.95)} ms (p95); ${cost.toFixed(1)} ms of work for each, of 16.7 ms`);
}

async function thousandByThirtyTwo({ page }) {
  // A cluster of this size does not fit into a test; the page cannot tell.
  const body = JSON.stringify(grid());
  await page.route("**/v1/grid", (route) => route.fulfill({ contentType: "application/json", body }));
  await go(page, "#/overview");
  await page.reload();
  await page.getByText(`${ROWS} rows × ${NODES} nodes`).waitFor();
  await scrolled(page, "down");
  await page.setViewportSize({ width: 900, height: 900 });
  await scrolled(page, "right");
  await page.setViewportSize({ width: 1440, height: 900 });
  assert.ok((await page.getByRole("row").count()) < 80, "only the rows in sight are made");
  await page.getByRole("grid").focus();
  await page.keyboard.press("End");
  await page.locator(`[aria-label^="resource-${ROWS - 1} "]`).first().waitFor();
  await page.unroute("**/v1/grid");
}

/** What Corosync says of its links and of a quorum device: the demo's own fabric has neither. */
async function linksAndTieBreaker({ page, accessible }) {
  await page.route("**/v1/topology", async (route) => {
    const answer = await (await route.fetch()).json();
    const path = (to, number, connected) => ({ to, "to-id": 1, number, address: `192.168.${number}.7`, connected, "latency-us": connected ? 412 : null, "loss-ppm": connected ? 250 : null, "times-down": number });
    for (const link of answer.links) {
      const other = link.from === "n3" ? link.to : link.to === "n3" ? link.from : undefined;
      if (other) Object.assign(link, { "latency-us": 412, "loss-ppm": 250, paths: [path(other, 0, true), path(other, 1, false)] });
    }
    answer.quorum["tie-breaker"] = { model: "net", host: "arbiter", algorithm: "ffsplit", votes: 1, alive: true, ours: true };
    await route.fulfill({ json: answer });
  });
  await go(page, "#/overview");
  await page.reload();
  await page.getByText("1 vote by the tie-breaker (net at arbiter).").waitFor();
  await page.getByText("412 µs, 1 down").first().waitFor();
  await page.getByRole("button", { name: "Links" }).click();
  await page.getByRole("dialog").getByRole("row").filter({ hasText: "192.168.1.7" }).filter({ hasText: "down" }).nth(1).waitFor();
  await accessible("the links");
  await page.keyboard.press("Escape");
  await page.unroute("**/v1/topology");
}

export default { linksAndTieBreaker, thousandByThirtyTwo };
