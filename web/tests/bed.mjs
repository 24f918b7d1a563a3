// A live demo cluster with its consoles, a user who may log in, and a browser.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { tmpdir } from "node:os";
import { extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const ROOT = resolve(fileURLToPath(import.meta.url), "../../..");
const ASSETS = join(ROOT, "crates/node/console/assets");
const KINDS = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html" };

export function program() {
  const named = process.env.QUORATE_PROGRAM;
  const found = [named, join(ROOT, "target/release/quorate"), join(ROOT, "target/debug/quorate")].find((path) => path && existsSync(path));
  if (!found) throw new Error("build quorate first, or name it in QUORATE_PROGRAM");
  return found;
}

/** A user of this machine who is in the group haclient, until `end`. */
export function makeUser() {
  const user = `qrweb${randomBytes(3).toString("hex")}`;
  const password = randomBytes(12).toString("base64url");
  execFileSync("groupadd", ["--force", "--system", "haclient"]);
  execFileSync("useradd", ["--no-create-home", "--groups", "haclient", "--shell", "/usr/sbin/nologin", user]);
  execFileSync("chpasswd", { input: `${user}:${password}\n` });
  return { user, password, end: () => execFileSync("userdel", [user], { stdio: "ignore" }) };
}

export async function startDemo() {
  const directory = mkdtempSync(join(tmpdir(), "quorate-web-"));
  // It takes keys from a terminal only, so it gets one.
  const demo = spawn("script", ["--quiet", "--flush", "--return", "--command", `${program()} demo --dir ${directory}`, "/dev/null"], { stdio: ["pipe", "pipe", "inherit"] });
  let said = "";
  const waiting = new Set();
  const look = () => [...waiting].forEach((one) => one());
  demo.stdout.setEncoding("utf8").on("data", (piece) => {
    said += piece;
    look();
  });
  let ended;
  const end = new Promise((done) => demo.on("exit", (code) => {
    ended = code;
    look();
    done(code);
  }));
  /** What it says that matches, from `from` on. */
  const until = (pattern, from = 0, wait = 120_000) =>
    new Promise((done, fail) => {
      const timer = setTimeout(() => fail(new Error(`the demo did not say ${pattern}:\n${said}`)), wait);
      const check = () => {
        const found = pattern.exec(said.slice(from));
        if (!found && ended === undefined) return;
        clearTimeout(timer);
        waiting.delete(check);
        if (found) done(found);
        else fail(new Error(`the demo ended with ${ended}:\n${said}`));
      };
      waiting.add(check);
      check();
    });
  const [, url] = await until(/console: (https:\/\/\S+)/);
  await until(/the service answers/);
  return {
    url,
    directory,
    said: () => said.length,
    until,
    /** A key of the demo: `a` kills the node that serves, `o` switches on what is down. */
    press: (key) => demo.stdin.write(`${key}\n`),
    node: (name) => ({ address: readFileSync(join(directory, name, "web/address"), "utf8").trim(), socket: join(directory, name, "api.sock") }),
    quorate: (name, ...words) => execFileSync(program(), ["--socket", join(directory, name, "api.sock"), ...words], { encoding: "utf8" }),
    end: async () => {
      if (ended === undefined) demo.stdin.write("q\n");
      await end;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

export async function startBrowser() {
  const path = ["/usr/bin/chromium", "/usr/bin/chromium-browser"].find(existsSync);
  if (!path) throw new Error("there is no /usr/bin/chromium");
  return chromium.launch({ executablePath: path, args: ["--no-sandbox", "--disable-dev-shm-usage", "--force-color-profile=srgb"] });
}

/** Where one works on the console: its files as they lie here, not as they are built into the program. */
export async function fromDisk(context) {
  if (!process.env.CONSOLE_FROM_DISK) return;
  await context.route(/\/(assets\/.*|icon\.svg|status\.css)?$/, async (route) => {
    const path = new URL(route.request().url()).pathname;
    const file = join(ASSETS, path === "/" ? "index.html" : path);
    if (!existsSync(file)) return route.continue();
    const headers = {
      "content-type": KINDS[extname(file)] ?? "application/octet-stream",
      "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types quorate",
    };
    return route.fulfill({ body: readFileSync(file), headers });
  });
}
