/** How long the spans of a trace usually take: marked below their bars, told in words, and absent where it is not known. */

import { expect, type Page, test } from "@playwright/test";

import { type FakeServer, serveFake } from "./src/fake-server.ts";
import { keep, LOOKS } from "./src/looks.ts";
import { currentSpan, details, grid } from "./src/walk.ts";
import { expectAccessible, watchForProblems } from "./src/watch.ts";

let server: FakeServer;

test.beforeAll(async () => {
  server = await serveFake("full");
});

test.afterAll(() => server.close());

interface FakeSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: string;
  readonly start: string;
  readonly end: string;
}

interface FakeTrace {
  readonly trace_ids: readonly string[];
  readonly start: string;
  readonly end: string;
  readonly spans: readonly FakeSpan[];
}

const legend = (page: Page) => page.getByRole("list", { name: "What the marks mean" });
const toggle = (page: Page) => page.getByRole("button", { name: "Usual lengths" });
/** What is drawn, as a picture. */
const drawn = (page: Page) => page.locator("canvas.bars").evaluate(one => (one as HTMLCanvasElement).toDataURL());

/** A trace of the shop that has more than one span. */
async function someTrace(): Promise<FakeTrace> {
  const get = async (path: string) => (await fetch(`${server.url}/api/v1/${path}`)).json();
  const { traces } = (await get("traces?sort=slowest")) as { traces: { trace_id: string; spans: string }[] };
  const found = traces.find(one => Number(one.spans) > 4);
  return (await get(`traces/${found?.trace_id}`)) as FakeTrace;
}

/** What the API tells of one operation, and of no other. */
function told(trace: FakeTrace, span: FakeSpan, percentiles: readonly number[], count: number) {
  const { service, name, kind } = span;
  const [from, to] = [-300n, 300n].map(seconds => String(BigInt(trace.start) + seconds * 1_000_000_000n));
  const one = {
    service,
    name,
    kind,
    from,
    to,
    is_part: false,
    count: String(count),
    percentiles: percentiles.map(String),
  };
  return { operations: [one], total: 1 };
}

for (const look of LOOKS) {
  test(`${look.name}: what is usual is marked, by key and in the address`, async ({ page }) => {
    const problems = watchForProblems(page);
    await page.setViewportSize(look.viewport);
    await page.emulateMedia({ colorScheme: look.theme });
    await page.goto(`${server.url}/invocations?start=cold`);
    await page.getByRole("row", { name: "checkout" }).getByRole("link").first().click();
    await expect(legend(page)).toContainText("usual, p50 to p95");
    await expect(
      grid(page)
        .getByRole("row", { name: /slower than \d+\s% of/ })
        .first(),
    ).toBeVisible();
    const marked = await drawn(page);
    await page.getByRole("region", { name: "The trace" }).evaluate(section => section.scrollIntoView());
    await keep(page, `usual-${look.name}`);
    await page.keyboard.press("m");
    await expect(page).toHaveURL(/usual=hidden/);
    await expect(legend(page)).not.toContainText("usual");
    await expect(grid(page).getByRole("row", { name: /slower than/ })).toHaveCount(0);
    expect(await drawn(page), "nothing is marked").not.toBe(marked);
    await page.reload();
    await expect(toggle(page)).toHaveAttribute("aria-pressed", "false");
    await toggle(page).click();
    await expect(page).not.toHaveURL(/usual/);
    await expect.poll(() => drawn(page), "marked as before").toBe(marked);
    await page.keyboard.press("?");
    await expect(page.getByRole("dialog")).toContainText("marks of what is usual, or none");
    await page.keyboard.press("Escape");
    await expectAccessible(page);
    expect(problems()).toEqual([]);
  });
}

test("the marks stand where half and where 95 % of the others would end", async ({ page }) => {
  const trace = await someTrace();
  const length = Number(BigInt(trace.end) - BigInt(trace.start));
  const [root] = trace.spans as [FakeSpan];
  const at = Number(BigInt(root.start) - BigInt(trace.start));
  // Straight, so that they are known by their place: half at 20 % of the trace and 95 % at 38 %.
  const steps = Array.from({ length: 100 }, (_, step) => Math.round(((step + 1) / 100) * 0.4 * length));
  await page.route("**/operations", route => route.fulfill({ json: told(trace, root, steps, 4210) }));
  await page.goto(`${server.url}/traces/${trace.trace_ids[0]}?span=${"0".repeat(15)}1`);
  await expect(legend(page)).toContainText("usual, p50 to p95");
  // Below the bar of the first row: what is there with marks and not without.
  const below = () =>
    page.locator("canvas.bars").evaluate(element => {
      const canvas = element as HTMLCanvasElement;
      return [...(canvas.getContext("2d")?.getImageData(0, 20, canvas.width, 1).data ?? [])];
    });
  const marked = await below();
  await page.keyboard.press("m");
  await expect(legend(page)).not.toContainText("usual");
  const plain = await below();
  const width = plain.length / 4;
  const line = Array.from({ length: width }, (_, x) => x).filter(x => marked[x * 4] !== plain[x * 4]);
  const place = (part: number) => Math.round(((at + part * length) / length) * width);
  expect([line[0], line.at(-1)]).toEqual([place(0.2), place(0.38)]);
});

test("the details say where a span stands, and of too few why nothing is said", async ({ page }) => {
  const trace = await someTrace();
  const [root] = trace.spans as [FakeSpan];
  let steps: readonly number[] = Array.from({ length: 100 }, (_, step) => (step + 1) * 1_000);
  let count = 4210;
  await page.route("**/operations", route => route.fulfill({ json: told(trace, root, steps, count) }));
  const open = async () => {
    await page.goto(`${server.url}/traces/${trace.trace_ids[0]}`);
    await expect(grid(page)).toBeVisible();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
  };
  await open();
  await expect(details(page)).toContainText(
    /: slower than all 4,210 like it within 5\smin of this trace\. Half of them/,
  );
  await expect(details(page)).toContainText(/Half of them took 50\.0\sµs at most, 95\s% 95\.0\sµs, 99\s% 99\.0\sµs\./);
  await expect(currentSpan(page)).toContainText("> p99");
  [steps, count] = [[], 7];
  await open();
  await expect(details(page)).toContainText("Only 7 like it were found within");
  await expect(page.getByText("Too few like these came in half a day to say what is usual.")).toBeVisible();
  await expect(legend(page)).not.toContainText("usual");
  await expect(toggle(page)).toHaveCount(0);
});

test("nobody waits for what is usual, and what goes wrong with it is said beside the trace", async ({ page }) => {
  let answer: (() => void) | undefined;
  const asked = new Promise<void>(resolve => {
    answer = resolve;
  });
  await page.route("**/operations", async route => {
    await asked;
    const error = { code: "unavailable", message: "The store does not answer." };
    await route.fulfill({ status: 503, json: { error } });
  });
  const trace = await someTrace();
  await page.goto(`${server.url}/traces/${trace.trace_ids[0]}`);
  await expect(grid(page).getByRole("row").first()).toBeVisible();
  await expect(page.getByText("failed", { exact: true })).toBeVisible();
  await expect(legend(page)).not.toContainText("usual");
  answer?.();
  await expect(page.getByText("What is usual can't be told: The store does not answer.")).toBeVisible();
  await expect(grid(page).getByRole("row").first()).toBeVisible();
});
