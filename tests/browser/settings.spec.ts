/** The settings: in each state, by key, with what is shown once and what is asked for twice. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { STILL, see } from "./src/looks.ts";
import { watchForProblems } from "./src/watch.ts";

type Served = "full" | "empty" | "readonly" | "error" | "loading";

/** Each test has its own: what is changed stays changed. */
async function open(page: Page, scenario: Served): Promise<FakeServer> {
  const server = await serveFake(scenario);
  await page.goto(`${server.url}/settings`);
  return server;
}

const STATES = [
  { scenario: "full", shown: (page: Page) => page.getByRole("table", { name: "Keys that are valid" }) },
  { scenario: "empty", shown: (page: Page) => page.getByRole("button", { name: "Make the first key" }) },
  { scenario: "readonly", shown: (page: Page) => page.getByRole("link", { name: "sign in with it" }) },
  { scenario: "error", shown: (page: Page) => page.getByRole("heading", { name: "No settings to show" }) },
  { scenario: "loading", shown: (page: Page) => page.getByRole("status", { name: "Loading settings" }) },
] as const;

for (const { scenario, shown } of STATES) {
  test(`the settings can be seen: ${scenario}`, async ({ page }) => {
    const problems = watchForProblems(page, scenario === "error");
    await page.clock.setFixedTime(STILL);
    const server = await serveFake(scenario, { still: STILL });
    await see(page, {
      name: `settings-${scenario}`,
      open: async () => void (await page.goto(`${server.url}/settings`)),
      shown: async () => {
        await expect(shown(page)).toBeVisible();
        await expect(page.getByRole("heading", { name: "Display" })).toBeVisible();
      },
      isPlain: true,
      isCompared: scenario === "full",
    });
    expect(problems()).toEqual([]);
    await server.close();
  });
}

test("a key is made by key, its secret shown once, then rotated and revoked", async ({ page }) => {
  const server = await open(page, "full");
  const valid = page.getByRole("table", { name: "Keys that are valid" });
  await expect(valid.getByRole("row")).toHaveCount(4);
  await page.keyboard.press("n");
  await expect(page.getByLabel("Name")).toBeFocused();
  await page.keyboard.type("thumbnails");
  await page.getByLabel("Lasts").selectOption("90 days");
  await page.getByLabel("Name").press("Enter");
  const secret = page.getByRole("status").filter({ hasText: "The secret of thumbnails" });
  await expect(secret.locator("code")).toHaveText(/^ct_ingest_/);
  await expect(valid.getByRole("row", { name: /thumbnails/ })).toContainText("valid, ends in 89 d");

  await page.getByRole("button", { name: "Rotate thumbnails" }).press("Enter");
  const first = await secret.locator("code").textContent();
  await expect(page.getByRole("button", { name: "Yes, rotate thumbnails" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "Rotate thumbnails" }), "the focus comes back").toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await expect(secret).toContainText("The one before is taken for another day");
  await expect(secret.locator("code")).not.toHaveText(first ?? "");

  await page.getByRole("button", { name: "Revoke operator" }).click();
  const question = page.getByRole("group", { name: "Revoke operator" });
  await expect(question).toContainText("It is the last key of scope admin");
  await question.getByRole("button", { name: "No" }).click();
  await page.getByRole("button", { name: "Revoke thumbnails" }).click();
  await expect(page.getByRole("group", { name: "Revoke thumbnails" })).toContainText("What sends with it is refused");
  await page.getByRole("button", { name: "Yes, revoke thumbnails" }).press("Enter");
  await expect(valid.getByRole("row")).toHaveCount(4);
  await page.getByText("3 that are over").click();
  await expect(page.getByRole("table", { name: "Keys that are over" })).toContainText("revoked just now");

  await page.reload();
  await expect(valid).toBeVisible();
  await expect(page.locator("main")).not.toContainText("ct_ingest_");
  await server.close();
});

test("the first key of an open service is an admin's, and what comes of it is said before", async ({ page }) => {
  const server = await open(page, "empty");
  await expect(page.getByText("every sender and every reader needs one")).toBeVisible();
  await page.getByRole("button", { name: "Make the first key" }).click();
  await expect(page.getByLabel("Scope")).toBeDisabled();
  await expect(page.getByLabel("Scope")).toHaveValue("admin");
  await expect(page.getByText("what sends without a key is refused")).toBeVisible();
  await page.getByRole("button", { name: "Make it, and demand keys" }).click();
  await expect(page.getByText(/^ct_admin_/)).toBeVisible();
  await expect(page.getByRole("link", { name: "Sign in with it" })).toHaveAttribute("href", "/login?next=/settings");
  await expect(page.getByRole("button", { name: "Make the first key" })).toBeHidden();
  await server.close();
});

test("limits are changed, and each mistake is told at its field", async ({ page }) => {
  const server = await open(page, "full");
  const form = page.getByRole("form", { name: "Limits" });
  const change = form.getByRole("button", { name: "Change" });
  await expect(change).toBeDisabled();
  await form.getByLabel("Bytes a second").fill("fast");
  await change.click();
  await expect(form.getByText("A size, such as 5 MB or 800 kB; empty for none.")).toBeVisible();
  await expect(form.getByLabel("Bytes a second")).toHaveAttribute("aria-invalid", "true");
  await form.getByLabel("Bytes a second").fill("8 MB");
  await form.getByLabel("Kept for").selectOption("90 days");
  await form.getByLabel("Spans a second").fill("20000");
  await change.click();
  await expect(
    page.getByText("What it sends is kept for 90 days. At most: 8 MB a second, 20,000 spans a second."),
  ).toBeVisible();
  await page.reload();
  await expect(form.getByLabel("Kept for")).toHaveValue("90");
  await server.close();
});

test("a reader sees who they are and where functions send to, and how to get at the rest", async ({ page }) => {
  const server = await open(page, "readonly");
  await expect(page.getByText("scope read")).toBeVisible();
  await expect(page.getByText("https://coldtrace.example:4318")).toBeVisible();
  await expect(page.getByRole("form")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /New key/ })).toHaveCount(0);
  await expect(page.getByText("coldtrace keys create --scope admin")).toBeVisible();
  await server.close();
});
