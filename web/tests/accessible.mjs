// axe on the page as it is, in light; and in dark what colours are about.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const OF_COLOURS = ["color-contrast", "link-in-text-block"];

export async function accessible(page, what) {
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme });
    // Not by a script element: the page's policy refuses those, as it should.
    const found = await page.evaluate(async ([source, rules]) => {
      if (!window.axe) (0, eval)(source);
      const only = rules ? { runOnly: { type: "rule", values: rules } } : {};
      const answer = await window.axe.run(document, { resultTypes: ["violations"], ...only });
      return answer.violations.map((one) => `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => `${node.target} ${node.failureSummary?.split("\n")[1] ?? ""}`).join(" | ")}`);
    }, [AXE, colorScheme === "light" ? undefined : OF_COLOURS]);
    if (found.length) throw new Error(`${what} in ${colorScheme}:\n    ${found.join("\n    ")}`);
  }
  await page.emulateMedia({ colorScheme: "light" });
}
