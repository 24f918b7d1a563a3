import { chromium } from "playwright-core"; import { readFileSync } from "node:fs"; import { fromDisk } from "./bed.mjs";
const info = JSON.parse(readFileSync("/tmp/shots/info.json"));
const names = process.argv.slice(2);
const b = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
for (const [tag, size, scheme] of [["wl", { width: 1440, height: 900 }, "light"], ["wd", { width: 1440, height: 900 }, "dark"], ["nl", { width: 390, height: 844 }, "light"]]) {
  if (process.env.ONLY && !process.env.ONLY.split(",").includes(tag)) continue;
  const c = await b.newContext({ ignoreHTTPSErrors: true, viewport: size, colorScheme: scheme });
  await fromDisk(c);
  const p = await c.newPage();
  p.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log("console:", m.text()));
  p.on("pageerror", (e) => console.log("pageerror:", e.message));
  p.on("response", (r) => r.status() >= 400 && console.log(r.status(), r.url()));
  await p.goto(info.url);
  if (tag !== "none") { await p.waitForSelector("form"); if (names.includes("login")) await p.screenshot({ path: `/tmp/shots/login-${tag}.png` }); }
  await p.fill("input[type=text]", info.user); await p.fill("input[type=password]", info.password); await p.click("button[type=submit]");
  await p.waitForSelector(".frame", { timeout: 15000 });
  await p.waitForTimeout(1200);
  for (const n of names) { if (n === "login") continue;
    const [hash, name] = n.split("=");
    await p.evaluate((h) => { location.hash = h; }, hash);
    await p.waitForTimeout(900);
    await p.screenshot({ path: `/tmp/shots/${name ?? hash.replace(/[^a-z]/g, "")}-${tag}.png` });
  }
  await c.close();
}
await b.close();
