// The console against a live demo cluster: each step in order, in one browser, as an operator would.
//
// Nothing is retried and nothing sleeps: what is waited for is seen, or the step fails.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { fromDisk, makeUser, startBrowser, startDemo } from "./bed.mjs";
import { accessible } from "./accessible.mjs";
import forms from "./forms.mjs";
import large from "./large.mjs";
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

async function main() {
  const who = makeUser();
  ends.push(() => who.end());
  const demo = await startDemo();
  ends.push(() => demo.end());
  const browser = await startBrowser();
  ends.push(() => browser.close());
  // Not the node that serves: that one dies in the play.
  const url = `https://${demo.node("n3").address}/`;
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1440, height: 900 } });
  await fromDisk(context);
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const wrong = [];
  page.on("pageerror", (error) => wrong.push(`an error in the page: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4\d\d|ERR_INTERNET_DISCONNECTED|net::ERR/.test(message.text())) wrong.push(`the browser says: ${message.text()}`);
  });
  /** Takes out what the browser says of its own doing. */
  const forgive = (pattern) => wrong.splice(0, wrong.length, ...wrong.filter((one) => !pattern.test(one)));
  const bed = { forgive, browser, context, page, demo, who, url, accessible: (what) => accessible(page, what), shot: (name) => shot(page, name) };
  const only = process.argv.slice(2);
  const all = Object.entries({ ...steps, ...forms, ...large });
  for (const [name, step] of all) {
    if (only.length && name !== "logIn" && !only.includes(name)) continue;
    const started = Date.now();
    try {
      await step(bed);
      if (wrong.length) throw new Error(wrong.splice(0).join("\n"));
      console.log(`  ok ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
    } catch (error) {
      failed++;
      console.log(`  FAILED ${name}: ${error.message}`);
      await page.screenshot({ path: `/tmp/console-${name}.png` }).catch(() => undefined);
      // What follows would only fail for this.
      break;
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
