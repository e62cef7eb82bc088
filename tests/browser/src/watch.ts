/** What must not happen on any page: errors in the console, requests to elsewhere, what keeps people out. */

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { expect, type Page } from "@playwright/test";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Collects problems from now on. A failed answer is told in the console by the browser itself: that may be wanted. */
export function watchForProblems(page: Page, failuresWanted = false): () => string[] {
  const problems: string[] = [];
  page.on("console", message => {
    const wanted = failuresWanted && message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !wanted) problems.push(message.text());
  });
  page.on("pageerror", error => problems.push(String(error)));
  page.on("request", request => {
    if (!page.url().startsWith("http")) return;
    if (new URL(request.url()).host !== new URL(page.url()).host) problems.push(`asked ${request.url()}`);
  });
  return () => problems;
}

/** What is used of it; it puts itself into the page. */
interface Axe {
  run(of: Document, options: { runOnly: string[] }): Promise<{ violations: Violation[] }>;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[] }[];
}

/** What axe finds of the levels A and AA. It needs a way around the page's content security policy, and takes it back. */
export async function expectAccessible(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send("Page.setBypassCSP", { enabled: true });
  // Into a page that is looked at in several looks it is put once.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(await readFile(AXE, "utf8"));
  const violations = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"] });
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(node => node.target.join(" ")).join(", ")}`);
  });
  await session.send("Page.setBypassCSP", { enabled: false });
  await session.detach();
  expect(violations).toEqual([]);
}
