// What an operator does on duty.

import assert from "node:assert/strict";

import { apply, enter, go, plan } from "./helpers.mjs";

const cell = (page, words) => page.locator(`[role=gridcell][aria-label^="${words}"]`);
async function logIn({ page, url, who }) {
  await enter(page, url, who);
  await page.getByRole("heading", { level: 1, name: /^Healthy\./ }).waitFor();
}

async function overview({ page, accessible, shot }) {
  await cell(page, "web is started on n1").waitFor();
  await page.getByText("Quorum 3/3").waitFor();
  assert.equal(await page.getByRole("group", { name: "Nodes and links" }).getByRole("link").count(), 3);
  await accessible("the overview");
  await shot("overview");
}

async function withoutJavaScript({ browser, url, who }) {
  const plain = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false });
  const page = await plain.newPage();
  await page.goto(`${url}status`);
  await page.getByLabel("User").fill(who.user);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByText("Healthy.").first().waitFor();
  assert.equal(await page.getByRole("row").filter({ hasText: "counters" }).count(), 1);
  await page.getByRole("link", { name: "Log out" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Quorate: log in" }).waitFor();
  await plain.close();
}

async function keyboard({ page }) {
  await page.getByRole("grid").focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("dialog", { name: "web on n2" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.keyboard.type("count");
  await cell(page, "web is started on n1").waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await page.keyboard.press("g");
  await page.keyboard.press("n");
  await page.getByRole("main").getByRole("heading", { name: "Nodes" }).waitFor();
  await go(page, "#/overview");
}

async function why({ page, accessible, shot }) {
  await cell(page, "web could run on n2").click();
  const dialog = page.getByRole("dialog", { name: "web on n2" });
  await dialog.getByText("Made of").first().waitFor();
  await dialog.getByText("It would be otherwise").first().waitFor();
  await accessible("why");
  await shot("why");
  await page.keyboard.press("Escape");
}

async function moveAndUndo({ page, accessible, shot, demo }) {
  await page.getByRole("grid").focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("m");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await plan(page).getByText("Move web to n2").first().waitFor();
  await plan(page).getByText(/from n1 to n2/).first().waitFor();
  await plan(page).getByText(/without it/).first().waitFor();
  await accessible("the plan");
  await shot("plan");
  await apply(page);
  await cell(page, "web is started on n2").waitFor();
  await plan(page).getByRole("button", { name: "Undo" }).click();
  await plan(page).getByText("Back to the configuration before").waitFor();
  await plan(page).getByRole("button", { name: /^Apply/ }).waitFor();
  await apply(page);
  await plan(page).getByRole("button", { name: "Done" }).click();
  assert.ok(!demo.quorate("n3", "config", "show").includes("cli-prefer-web"));
}

async function drag({ page }) {
  const [from, to] = await Promise.all(["web is started on n2", "web could run on n3"].map((words) => cell(page, words).boundingBox()));
  await page.mouse.move(from.x + 20, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(from.x + 60, from.y + 12, { steps: 4 });
  await page.mouse.move(to.x + 20, to.y + 10, { steps: 6 });
  await page.mouse.up();
  await plan(page).getByText("Move web to n3").first().waitFor();
  await plan(page).getByRole("button", { name: "Discard" }).click();
  await plan(page).waitFor({ state: "detached" }).catch(() => page.keyboard.press("p"));
}

async function stale({ page, demo }) {
  await go(page, "#/resources");
  await page.getByRole("button", { name: "What to do with counters" }).click();
  await page.getByRole("menuitem", { name: "Unmanage" }).click();
  await plan(page).getByRole("button", { name: /^Apply/ }).waitFor();
  demo.quorate("n2", "attribute", "set", "n2", "rack", "b", "--kept", "--yes");
  await plan(page).getByRole("alert").filter({ hasText: "changed meanwhile" }).waitFor();
  assert.equal(await plan(page).getByRole("button", { name: /^Apply/ }).count(), 0);
  await plan(page).getByRole("button", { name: "Plan it anew" }).click();
  await plan(page).getByRole("button", { name: /^Apply/ }).waitFor();
  await plan(page).getByRole("button", { name: "Discard" }).click();
}

/** One that waits for its time, and is called off before. */
async function later({ page, demo, accessible }) {
  const schedule = async (at) => {
    await go(page, "#/resources");
    await page.getByRole("button", { name: "What to do with counters" }).click();
    await page.getByRole("menuitem", { name: "Unmanage" }).click();
    await plan(page).getByRole("button", { name: "Later…" }).click();
    if (at) await plan(page).getByLabel("When").fill(at);
  };
  await schedule("2020-01-01T00:00");
  await plan(page).getByText("That is past.").waitFor();
  assert.ok(await plan(page).getByRole("button", { name: "Schedule" }).isDisabled());
  await plan(page).getByRole("button", { name: "Discard" }).click();
  await schedule();
  await accessible("the plan for later");
  await plan(page).getByRole("button", { name: "Schedule" }).click();
  await plan(page).getByText("waits").waitFor();
  await plan(page).getByRole("button", { name: /^Do not: / }).click();
  await plan(page).getByText("waits").waitFor({ state: "detached" });
  assert.ok(!demo.quorate("n3", "config", "show").includes("is-managed"));
  await plan(page).getByRole("button", { name: "Hide the plan" }).click();
}

/** Two for seconds from now: the first is made, seen by who looks on, and stands in the log; the second, made for
 *  the document as it was before, is refused, and the overview says so. */
async function laterMade({ page, demo, who }) {
  await go(page, "#/resources");
  await page.getByRole("button", { name: "What to do with counters" }).click();
  await page.getByRole("menuitem", { name: "Unmanage" }).click();
  await plan(page).getByRole("button", { name: "Later…" }).click();
  const [at, field] = await page.evaluate(() => {
    const at = new Date(Math.ceil(Date.now() / 1000 + 1) * 1000);
    const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
    // A field's value has no seconds where they are none.
    return [at.getTime() / 1000, local.toISOString().slice(0, 19).replace(/:00$/, "")];
  });
  await plan(page).getByLabel("When").fill(field);
  const overtaken = await ask(page, "/v1/plans", { change: { attribute: { node: "n1", name: "later", value: "1" } } });
  await plan(page).getByRole("button", { name: "Schedule" }).click();
  await plan(page).getByText("waits").waitFor();
  await ask(page, `/v1/plans/${overtaken.id}/schedule`, { at: at + 1 });
  assert.ok(!demo.quorate("n3", "config", "show").includes("is-managed"), "not before its time");
  await go(page, "#/overview");
  await page.getByRole("row").filter({ hasText: "counters" }).getByText("unmanaged").first().waitFor();
  assert.ok(Date.now() / 1000 >= at, "at its time");
  await plan(page).getByText("done", { exact: true }).waitFor();
  await page.locator(".events").getByText(new RegExp(`^${who.user}: `)).first().waitFor();
  await page.getByRole("heading", { name: "A plan for later was refused" }).waitFor();
  await page.getByRole("button", { name: "Forget it" }).click();
  await page.getByRole("heading", { name: "A plan for later was refused" }).waitFor({ state: "detached" });
  await go(page, "#/audit");
  await page.getByRole("row").filter({ hasText: who.user }).filter({ hasText: "schedule" }).first().waitFor();
  await plan(page).getByRole("button", { name: "Undo the last change…" }).click();
  await apply(page);
  await plan(page).getByRole("button", { name: "Done" }).click();
  assert.ok(!demo.quorate("n3", "config", "show").includes("is-managed"));
}

/** Asks as the page does. */
function ask(page, path, body) {
  const asked = async ([path, body]) => {
    const { proof } = await (await fetch("/v1/session")).json();
    const headers = { "content-type": "application/json", "quorate-proof": proof };
    const answer = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
    return answer.json();
  };
  return page.evaluate(asked, [path, body]);
}

async function failure({ page, demo }) {
  await go(page, "#/overview");
  await cell(page, "server is started").first().waitFor();
  demo.press("w");
  await page.getByRole("heading", { name: /server: monitor failed on/ }).waitFor();
  await page.getByRole("button", { name: "Plan it" }).click();
  await plan(page).getByText("Forget the failures of server").first().waitFor();
  await apply(page);
  await plan(page).getByRole("button", { name: "Done" }).click();
  await page.getByRole("heading", { name: /server: monitor failed on/ }).waitFor({ state: "detached" });
}

async function nodeDies({ page, demo, accessible }) {
  await go(page, "#/overview");
  const serving = (await cell(page, "web is started on").first().getAttribute("aria-label")).match(/started on (\w+)/)[1];
  assert.notEqual(serving, "n3");
  // Everything that the page shows from now on is noted, so that nothing is missed for being short.
  await page.evaluate(() => {
    window.seen = [];
    new MutationObserver(() => {
      const now = document.querySelector("header.verdict h1")?.textContent + " | " + document.querySelector("svg.map")?.textContent;
      if (window.seen.at(-1) !== now) window.seen.push(now);
    }).observe(document.body, { subtree: true, childList: true, characterData: true });
  });
  const said = demo.said();
  demo.press("a");
  await demo.until(/answers from/, said);
  await page.locator(`[role=gridcell][aria-label^="web is started on"]:not([aria-label*="${serving}"])`).first().waitFor();
  await page.locator(".events").getByText(`${serving} is proven off`).first().waitFor();
  const seen = await page.evaluate(() => window.seen);
  assert.ok(seen.length > 1, "the head of the page changed while it happened");
  demo.press("o");
  await page.getByRole("heading", { level: 1, name: /^Healthy\./ }).waitFor();
  // All is well again, and who comes now still sees what it was.
  const story = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: `${serving} was lost` }) });
  await story.getByText(new RegExp(`It was proven off by power.*address.* started on.*${serving} is back\\.`)).waitFor();
  await accessible("what happened lately");
}

async function timeline({ page, accessible, shot }) {
  await go(page, "#/timeline");
  await page.locator("svg.chart .bar").first().waitFor();
  await page.getByRole("list", { name: "What happened, in order" }).getByRole("button", { name: /is proven off/ }).first().click();
  await page.locator("svg.chart .bar.fencing.marked").waitFor();
  await page.getByRole("list", { name: "What happened, in order" }).getByRole("button", { name: /plan \d+ .*fence|plan \d+ .*start/ }).first().click();
  await page.getByText("Decided:").waitFor();
  await page.getByRole("group", { name: /^Timeline/ }).focus();
  await page.keyboard.press("ArrowRight");
  await page.getByRole("list", { name: "What happened, in order" }).getByRole("button", { name: /is proven off/ }).first().click();
  await page.getByText(/As this node kept it at/).waitFor();
  await accessible("the timeline");
  await shot("timeline");
  await page.getByRole("button", { name: "Compare with another" }).click();
  await page.getByRole("button", { name: "All", exact: true }).click();
  await page.getByRole("list", { name: "What happened, in order" }).getByRole("button").first().click();
  await page.getByText("What differs between the two moments").waitFor();
  await page.getByText(/^Configuration .*, then /).waitFor();
  await page.getByRole("button", { name: "End comparing" }).click();
}

/** To moments that were before the page was opened, by keys, and back. */
async function scrubbing({ page, demo }) {
  demo.quorate("n2", "attribute", "set", "n2", "rack", "c", "--kept", "--yes");
  await go(page, "#/timeline");
  await page.reload();
  const slider = page.getByRole("slider", { name: "Moment" });
  await slider.waitFor();
  await slider.focus();
  await page.keyboard.press("Home");
  await page.getByRole("heading", { name: /^How the cluster was/ }).waitFor();
  await page.getByRole("grid", { name: "Resources by nodes, as it was" }).waitFor();
  const first = await slider.getAttribute("aria-valuetext");
  await page.keyboard.press("ArrowRight");
  await page.getByRole("button", { name: "Compare with now" }).click();
  await page.getByRole("columnheader", { name: "Later: now" }).waitFor();
  // Somebody changed the configuration meanwhile, and how is told.
  await page.getByLabel("What changes in the document").getByText('name="rack" value="c"').waitFor();
  await page.getByRole("button", { name: "End comparing" }).click();
  await page.getByRole("button", { name: "The moment before" }).click();
  assert.equal(await slider.getAttribute("aria-valuetext"), first);
  await slider.focus();
  await page.keyboard.press("End");
  await page.getByRole("button", { name: "The moment before" }).click();
  await page.locator('.then [role=gridcell][aria-label^="web "]').first().click();
  await page.getByRole("dialog").getByText("Made of").first().waitFor();
  await page.keyboard.press("Escape");
  // Not one step on: meanwhile another moment may have been kept.
  await slider.focus();
  await page.keyboard.press("End");
  await page.getByRole("heading", { name: "How the cluster was", exact: true }).waitFor();
}

async function connectionLost({ context, page }) {
  await go(page, "#/overview");
  await context.setOffline(true);
  const alert = page.getByRole("alert").filter({ hasText: "Connection lost." });
  await alert.waitFor();
  // Read out once: what counts the seconds is no part of it.
  await page.evaluate(() => {
    window.read = 0;
    new MutationObserver(() => window.read++).observe(document.querySelector("[role=alert]"), { subtree: true, childList: true, characterData: true });
  });
  const banner = page.locator(".stale");
  const age = async () => Number(/What you see is (\d+) s old/.exec(await banner.innerText())?.[1]);
  const before = await age();
  await banner.getByText(`What you see is ${before + 2} s old`).waitFor();
  assert.equal(await page.evaluate(() => window.read), 0);
  assert.deepEqual(await banner.getByRole("link").allInnerTexts(), ["n1", "n2"]);
  await context.setOffline(false);
  await alert.waitFor({ state: "detached" });
  await page.getByRole("status").getByText("Connected again.").waitFor();
}

async function maintenance({ page, demo }) {
  await go(page, "#/nodes");
  await page.getByRole("button", { name: "What to do with n2" }).click();
  await page.getByRole("menuitem", { name: /^Maintenance/ }).click();
  await page.getByLabel("Why").fill("new memory");
  await page.getByRole("button", { name: "Show the plan" }).click();
  await apply(page);
  await page.getByText(/Maintenance by .*: new memory\. It ends 20/).waitFor();
  await page.locator(".tag", { hasText: /^maintenance$/ }).waitFor();
  assert.match(demo.quorate("n3", "config", "show"), /date_expression[^>]*operation="lt"/);
  await page.getByRole("button", { name: "What to do with n2" }).click();
  await page.getByRole("menuitem", { name: "End maintenance" }).click();
  await plan(page).getByText("End maintenance of n2").first().waitFor();
  await plan(page).getByRole("button", { name: /^Apply/ }).waitFor();
  await apply(page);
  await plan(page).getByRole("button", { name: "Done" }).click();
  await page.locator(".tag", { hasText: /^maintenance$/ }).waitFor({ state: "detached" });
}

async function everyPage({ page, accessible, shot }) {
  for (const [name, heading] of [
    ["resources", "Resources"],
    ["resources/web", "web"],
    ["constraints", "Constraints"],
    ["nodes", "Nodes"],
    ["nodes/n2?tab=attributes", "n2"],
    ["fencing", "Fencing"],
    ["settings", "Settings"],
    ["access", "Access"],
    ["configuration", "Configuration"],
    ["wizards", "Wizards"],
    ["wizards/web", "Web server"],
    ["audit", "Audit"],
    ["clusters", "Clusters"],
  ]) {
    await go(page, `#/${name}`);
    await page.getByRole("main").getByRole("heading", { name: new RegExp(heading) }).first().waitFor();
    await page.getByText("Asking…").waitFor({ state: "detached" });
    await accessible(name);
    if (name === "fencing") await shot(name);
  }
}

async function whoDidWhat({ page, who }) {
  await go(page, "#/audit");
  await page.getByRole("row").filter({ hasText: who.user }).first().waitFor();
}

async function onAPhone({ browser, context, url }) {
  const phone = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 390, height: 844 }, hasTouch: true, storageState: await context.storageState() });
  const page = await phone.newPage();
  await page.goto(url);
  await cell(page, "web is started on").first().tap();
  await page.getByRole("dialog").waitFor();
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, "nothing is wider than the screen");
  await phone.close();
}

export default { logIn, overview, withoutJavaScript, keyboard, why, moveAndUndo, drag, stale, later, laterMade, failure, nodeDies, timeline, scrubbing, connectionLost, maintenance, everyPage, whoDidWhat, onAPhone };
