// What Corosync says of its links and of a quorum device, by two real nodes of it.

import { apply, enter, plan } from "./helpers.mjs";

/** Who has not the right password waits, and is told no more than that. */
async function refusedLogin({ visit, pair, who }) {
  const page = await visit();
  await page.goto(pair.urls[1]);
  await page.getByLabel("User").fill(who.user);
  await page.getByLabel("Password").fill("not it");
  await page.accessible("the login");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").filter({ hasText: "wrong user or password" }).waitFor();
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("heading", { level: 1, name: /^Running, with less to spare\./ }).waitFor();
  await page.context().close();
}

async function linksAndTieBreaker({ visit, pair, who }) {
  const page = await visit();
  await enter(page, pair.urls[0], who);
  await page.getByRole("button", { name: "Links" }).waitFor();
  await page.getByText(/1 vote by the tie-breaker \(net at 10\.78\.1\.2\)\./).waitFor();
  await page.getByRole("button", { name: "Links" }).click();
  const dialog = page.getByRole("dialog");
  const row = (address, state) => dialog.getByRole("row").filter({ hasText: address }).filter({ hasText: state });
  await row("10.77.0.2", "connected").filter({ hasText: /\d (µs|ms)/ }).waitFor();
  await row("10.77.1.2", "connected").waitFor();
  // One of the ways is cut: the nodes see each other all the same.
  pair.cut();
  await row("10.77.1.2", "down").waitFor();
  await row("10.77.0.2", "connected").waitFor();
  await page.accessible("the links");
  await page.keyboard.press("Escape");
  await page.locator("svg.map text", { hasText: /\d (µs|ms), 1 down/ }).waitFor();
  await page.getByText("Quorum 3/3").waitFor();
  await page.context().close();
}

/** Where no device can, somebody's word must do; and the page asks for it. */
async function offByHand({ visit, pair, who }) {
  const page = await visit();
  await enter(page, pair.urls[0], who);
  await page.getByText("Quorum 3/3").waitFor();
  pair.off();
  const incident = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "c2 is lost, and nothing proves that it is off" }) });
  await incident.getByText("quorate node confirm-off c2").waitFor();
  await page.accessible("a node that is to be switched off by hand");
  await incident.getByRole("button", { name: "I switched it off…" }).click();
  await plan(page).getByText("Give your word that c2 is switched off").first().waitFor();
  await plan(page).getByRole("button", { name: /^Apply/ }).waitFor();
  await apply(page);
  await incident.waitFor({ state: "detached" });
  await page.getByRole("heading", { name: /^c2 was lost/ }).waitFor();
  await page.context().close();
}

export default { refusedLogin, linksAndTieBreaker, offByHand };
