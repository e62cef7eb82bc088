/** From an alert to its silence, from a rule to when it would have fired, from a channel to its key. */

import { expect, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { openRow } from "./src/walk.ts";
import { watchForProblems } from "./src/watch.ts";

let server: FakeServer;
let readOnly: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
  readOnly = await serveFake("readonly");
});

test.afterAll(async () => {
  await server.close();
  await readOnly.close();
});

test("an alert is silenced from its page, by key", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(server.url);
  await expect(page.getByRole("link", { name: "Alerts 4 fire now" })).toBeVisible();
  await page.keyboard.press("g");
  await page.keyboard.press("a");
  await openRow(page, "inventory is slow");
  await expect(page.getByText("97 % of the bad")).toBeVisible();

  await page.keyboard.press("s");
  await expect(page.getByLabel("Value 2")).toHaveValue("inventory");
  await expect(page.getByText("1 alert of those")).toBeVisible();
  await page.getByLabel("Why").fill("We know");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row", { name: "We know" })).toContainText("in force");

  await page.getByRole("row", { name: "We know" }).getByRole("button", { name: "End now" }).click();
  await expect(page.getByRole("row", { name: "We know" })).toContainText("over");
  expect(problems()).toEqual([]);
});

test("a rule is tried before it is saved", async ({ page }) => {
  const problems = watchForProblems(page);
  await page.goto(`${server.url}/alerts/rules`);
  await expect(page.getByRole("table", { name: "Rules" })).toBeVisible();
  await page.keyboard.press("n");
  await page.getByLabel("Name", { exact: true }).fill("mailer is slow");
  await page.getByLabel("Functions", { exact: true }).fill("mailer*");
  await page.getByLabel("Threshold").fill("1.5s");
  await expect(page.getByText("above 1.5s, of each function called mailer*.")).toBeVisible();
  await expect(page.getByText('above = "1.5s"')).toBeVisible();

  await page.getByRole("button", { name: "Back-test" }).click();
  const told = page.getByRole("status").filter({ hasText: /would have fired 6\stimes, for .* in all/ });
  await expect(told).toBeVisible();
  await expect(page.getByRole("table", { name: "When it would have fired" }).getByRole("row")).toHaveCount(7);
  await expect(page, "how far back it was tried is in the URL").toHaveURL(/test=1d/);

  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "mailer is slow" })).toBeVisible();
  await page.keyboard.press("u");
  await openRow(page, "mailer is slow");
  await page.getByRole("button", { name: "End this rule" }).click();
  await page.getByRole("button", { name: "Yes, end this rule" }).click();
  await expect(page.getByRole("row", { name: "too slow" })).toContainText("made here");
  await expect(page.getByRole("row", { name: "mailer is slow" })).toHaveCount(0);
  expect(problems()).toEqual([]);
});

test("what is wrong with a rule stands at its field", async ({ page }) => {
  await page.goto(`${server.url}/alerts/rules/r41aa7`);
  const threshold = page.getByLabel("Threshold");
  await threshold.fill("800");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(threshold).toBeFocused();
  await expect(threshold).toHaveAccessibleDescription(/found 800; allowed is a length of time/);
  await threshold.fill("900ms");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
});

test("a rule of a file can be tried, and copied, not changed", async ({ page }) => {
  await page.goto(`${server.url}/alerts/rules/file:fails`);
  await expect(page.getByLabel("Threshold")).toBeDisabled();
  await expect(page.getByRole("button", { name: "Save" })).toHaveCount(0);
  await page.keyboard.press("b");
  await expect(page.getByRole("status").filter({ hasText: "would have fired" })).toBeVisible();
  await page.getByRole("link", { name: "Copy to a new rule" }).click();
  await expect(page.getByLabel("Name", { exact: true })).toHaveValue("fails (copy)");
  await expect(page.getByLabel("Threshold")).toBeEnabled();
});

test("a key is shown once", async ({ page }) => {
  await page.goto(`${server.url}/alerts/channels/new`);
  await page.getByLabel("Name", { exact: true }).fill("tickets of the shop");
  await page.getByLabel("Address").fill("https://tickets.example.com/hooks/shop");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("whsec_")).toBeVisible();
  await page.getByRole("link", { name: "Go on, and test it" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "tickets of the shop" })).toBeVisible();
  await expect(page.getByText("whsec_")).toHaveCount(0);

  await page.getByRole("button", { name: "Rotate the key" }).click();
  await expect(page.getByText("whsec_"), "it is asked once more").toHaveCount(0);
  await page.getByRole("button", { name: "Yes, rotate the key" }).click();
  await expect(page.getByText("whsec_")).toBeVisible();
});

test("a message that failed is sent again", async ({ page }) => {
  await page.goto(`${server.url}/alerts/deliveries`);
  await page.getByRole("button", { name: "failed" }).click();
  await expect(page).toHaveURL(/state=failed/);
  await openRow(page, "CardDeclined");
  await page.getByRole("button", { name: "Send it again" }).click();
  await page.getByRole("button", { name: "Yes, send it again" }).click();
  await expect(page.getByText("waiting")).toBeVisible();
});

test("who may only read is told so", async ({ page }) => {
  await page.goto(`${readOnly.url}/alerts/silences`);
  await page.getByRole("button", { name: "End now" }).first().click();
  await expect(page.getByRole("alert")).toContainText("This key may only read.");
});
