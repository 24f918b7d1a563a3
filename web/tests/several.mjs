// Several clusters on one page: two real ones, and one that is not there.

import assert from "node:assert/strict";

import { enter, go } from "./helpers.mjs";

async function severalClusters({ visit, large, pair, who, shotOf }) {
  const page = await visit();
  await enter(page, large.url, who);
  await go(page, "#/clusters");
  const cluster = (name) => page.getByRole("list", { name: "Clusters" }).getByRole("listitem").filter({ has: page.getByRole("link", { name }) });
  // Before the node has what it needs for asking, it says what is missing.
  await cluster("pair").getByText("This node is not set up to ask it.").waitFor();
  await large.introduce(pair);
  await cluster("pair").getByText(/^Running, with less to spare\./).waitFor();
  await cluster("pair").getByText(/^1 of 2 nodes online; 0 resources; (no|1) problem/).waitFor();
  await cluster("pair").getByText(/as of (just now|\d+ s ago), by c1/).waitFor();
  await cluster("abandoned").getByText("It cannot be reached.").waitFor();
  await cluster("abandoned").getByText(/Connection refused/).waitFor();
  await page.getByText("Of 2 other clusters: 1 not reached and 1 running.").waitFor();
  // What calls for somebody comes first.
  const names = await page.getByRole("list", { name: "Clusters" }).getByRole("heading").allInnerTexts();
  assert.deepEqual(names.map((one) => one.trim().split(/\s/)[0]), ["large", "abandoned", "pair"]);
  await page.accessible("several clusters");
  await shotOf(page, "clusters");
  // By keys alone to the other one's console.
  await page.locator("#main").focus();
  for (let left = 12; left && !(await cluster("pair").getByRole("link").evaluate((one) => one === document.activeElement)); left--) await page.keyboard.press("Tab");
  const [other] = await Promise.all([page.context().waitForEvent("page"), page.keyboard.press("Enter")]);
  await other.getByRole("button", { name: "Log in" }).waitFor();
  await other.close();
  // It goes: the page says so by itself, and what was known last.
  pair.kill();
  await cluster("pair").getByText("It cannot be reached.").or(cluster("pair").getByText("It does not answer in time.")).waitFor();
  await cluster("pair").getByText(/ago it said: “Running, with less to spare\./).waitFor();
  await page.getByRole("status").getByText("pair is not reached now.").waitFor();
  await page.accessible("a cluster that is gone");
  await page.context().close();
}

export default { severalClusters };
