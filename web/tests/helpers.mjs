// What steps have in common.

export const go = (page, hash) => page.evaluate((to) => (location.hash = to), hash);
export const plan = (page) => page.getByRole("complementary", { name: "Plan" });

/** The plan that is shown is made, and the page says so. */
export async function apply(page) {
  await plan(page).getByRole("button", { name: /^Apply/ }).click();
  await plan(page).getByRole("button", { name: "Done" }).waitFor();
}

/** Logs in to a console. */
export async function enter(page, url, who) {
  await page.goto(url);
  await page.getByLabel("User").fill(who.user);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
}
