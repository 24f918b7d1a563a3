// The console against live clusters, in one browser. What an operator does with the demo's goes in order; what is
// done with other clusters meanwhile, beside it.
//
// Nothing is retried and nothing sleeps: what is waited for is seen, or the step fails.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { fromDisk, makeUser, startBrowser, startDemo } from "./bed.mjs";
import { accessible } from "./accessible.mjs";
import forms from "./forms.mjs";
import largeSteps from "./large.mjs";
import { startLarge, startPair } from "./others.mjs";
import pairs from "./pair.mjs";
import several from "./several.mjs";
import steps from "./steps.mjs";

const SHOTS = resolve(fileURLToPath(import.meta.url), "../../../docs/guide/console");
// What takes so long does not happen.
const WAIT_MS = 60_000;

if (process.getuid() !== 0) {
  console.log("left out: the console's tests need root, who can make a user that may log in");
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const begun = Date.now();
const ends = [];
let failed = 0;

/** What browsers said was wrong. */
const wrong = [];

/** A page of its own, with no session. */
async function visit(browser) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } });
  await fromDisk(context);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.accessible = (what) => accessible(page, what);
  page.on("pageerror", (error) => wrong.push(`an error in the page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d|ERR_INTERNET_DISCONNECTED|net::ERR/.test(message.text())) wrong.push(`the browser says: ${message.text()}`);
  });
  return page;
}

async function main() {
  const who = makeUser();
  ends.push(() => who.end());
  const started = async (what) => {
    const one = await what();
    ends.push(() => one.end());
    return one;
  };
  // Only then a browser: it drops its connections when a network changes.
  const [demo, pair, large] = await Promise.all([startDemo, startPair, startLarge].map(started));
  const browser = await startBrowser();
  ends.push(() => browser.close());
  // Not the node that serves: that one dies in the play.
  const url = `https://${demo.node("n3").address}/`;
  const page = await visit(browser);
  /** Takes out what the browser says of its own doing. */
  const forgive = (pattern) => wrong.splice(0, wrong.length, ...wrong.filter((one) => !pattern.test(one)));
  const bed = { forgive, browser, context: page.context(), page, visit: () => visit(browser), demo, pair, large, who, url, accessible: page.accessible, shot: (name) => shot(page, name), shotOf: shot };
  const { thousandByThirtyTwo, ...aside } = largeSteps;
  await Promise.all([inOrder(bed, { ...steps, ...forms }), inOrder(bed, { ...pairs, ...several, ...aside })]);
  // By itself: it tells times.
  await inOrder(bed, { thousandByThirtyTwo });
}

/** Steps, each after the one before. */
async function inOrder(bed, all) {
  const only = process.argv.slice(2);
  for (const [name, step] of Object.entries(all)) {
    // What follows a step that failed would only fail for that.
    if (failed) return;
    if (only.length && name !== "logIn" && !only.includes(name)) continue;
    const started = Date.now();
    try {
      await step(bed);
      if (wrong.length) throw new Error(wrong.splice(0).join("\n"));
      console.log(`  ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`  FAILED ${name}: ${error.message}`);
      const pages = bed.browser.contexts().flatMap((one) => one.pages());
      for (const [at, page] of pages.entries()) await page.screenshot({ path: `/tmp/console-${name}-${at}.png` }).catch(() => undefined);
    }
  }
}

async function shot(page, name) {
  if (!process.env.WRITE_SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), scale: "css" });
}

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => finish(1));

let finishing = false;
async function finish(code) {
  if (finishing) return;
  finishing = true;
  for (const end of ends.reverse()) {
    try {
      await end();
    } catch (error) {
      console.log(`  cleaning up: ${error.message}`);
    }
  }
  console.log(`${code ? "the console's tests failed" : "the console's tests passed"} in ${Math.round((Date.now() - begun) / 1000)} s`);
  process.exit(code);
}

main().then(
  () => finish(failed ? 1 : 0),
  (error) => {
    console.log(error.stack);
    return finish(1);
  },
);
