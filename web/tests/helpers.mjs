// What steps have in common.

export const go = (page, hash) => page.evaluate((to) => (location.hash = to), hash);
export const plan = (page) => page.getByRole("complementary", { name: "Plan" });

/** The plan that is shown is made, and the page says so. */
export async function apply(page) {
  await plan(page).getByRole("button", { name: /^Apply/ }).click();
  await plan(page).getByRole("button", { name: "Done" }).waitFor();
}
