// A thousand resources on thirty-two nodes: what is drawn stays small, whatever is scrolled.

import assert from "node:assert/strict";

import { enter } from "./helpers.mjs";
import { COLUMNS, ROWS } from "./others.mjs";

const FRAMES = 120;
/** What there is for one (ms), on a screen that shows sixty in a second. */
const FRAME_MS = 1000 / 60;

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
  assert.ok(cost < FRAME_MS, "a frame's work is done within a frame");
}

/** Of a real node's document of that size; and each row is as the document has it. */
async function thousandByThirtyTwo({ visit, large, who }) {
  const page = await visit();
  await enter(page, large.url, who);
  await page.getByText(`${ROWS} rows × ${COLUMNS} nodes`).waitFor();
  await scrolled(page, "down");
  await page.setViewportSize({ width: 900, height: 900 });
  await scrolled(page, "right");
  await page.setViewportSize({ width: 1440, height: 900 });
  const rows = page.getByRole("row");
  assert.ok((await rows.count()) < 80, "only the rows in sight are made");
  // Who reads the page as text meets them in order, once it rests.
  const inOrder = () => {
    const found = [...document.querySelectorAll(".line")].map((one) => Number(one.getAttribute("aria-rowindex")));
    return found.every((one, at) => at === 0 || one === found[at - 1] + 1);
  };
  await page.waitForFunction(inOrder);
  await page.getByRole("grid").focus();
  await page.keyboard.press("End");
  await page.locator(`[aria-label^="resource-${ROWS - 1} "]`).first().waitFor();
  await page.waitForFunction(inOrder);
  await page.context().close();
}

/** A node that is silent is told from one where nothing happens, and is believed when it speaks again. */
async function silence({ visit, large, who }) {
  const page = await visit();
  await page.clock.install();
  await enter(page, large.url, who);
  await page.getByText(`${ROWS} rows × ${COLUMNS} nodes`).waitFor();
  large.pause();
  await page.clock.fastForward(21_000);
  await page.getByRole("alert").filter({ hasText: "Connection lost." }).waitFor();
  large.goOn();
  await page.clock.fastForward(6_000);
  await page.getByRole("alert").waitFor({ state: "detached" });
  await page.context().close();
}

export default { silence, thousandByThirtyTwo };
