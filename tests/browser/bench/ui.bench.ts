/**
 * What people wait for in the real ui, on a real backend with stored traces: `cargo xtask bench ui` runs it and holds it to budgets.
 *
 * A frame's work is what the page's main thread ran for it: script, style, layout and the recording of what is painted, as the
 * browser's own trace tells each task, by the processor's clock. So neither the display's rhythm nor other programs count. Rasterizing happens
 * on other threads and is told beside it, as on a machine without a graphics processor.
 */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { type Browser, expect, type Page, test } from "@playwright/test";

import { type Backend, backend } from "../src/backend.ts";
import { type Sent, sendLongTrace } from "../src/long-trace.ts";
import { sendShop, shopListed } from "../src/shop.ts";
import { grid } from "../src/walk.ts";

const ROUNDS = Number(process.env.COLDTRACE_BENCH_ROUNDS ?? 5);
const SPANS = Number(process.env.COLDTRACE_BENCH_SPANS ?? 100_000);
const MANY_SPANS = Number(process.env.COLDTRACE_BENCH_MANY_SPANS ?? 1_000_000);
const OUTCOME = process.env.COLDTRACE_BENCH_OUTCOME ?? join(import.meta.dirname, "../screenshots/bench.json");
const LISTED_MS = 600_000;
const WHEELS = 60;

const figures: Record<string, number> = {};

test("what people wait for", async ({ browser }) => {
  const real = await backend();
  try {
    const otlp = real.otlp ?? "";
    const shop = await sendShop(otlp);
    const long = await sendLongTrace(otlp, "importer", SPANS, 11);
    const longer = await sendLongTrace(otlp, "archiver", MANY_SPANS, 13);
    const signal = AbortSignal.timeout(LISTED_MS);
    await stored(real, long, SPANS, signal);
    await stored(real, longer, MANY_SPANS, signal);
    await shopListed(real.url, shop, signal);
    await overview(browser, real.url);
    await trace(browser, real.url, long);
    await manySpans(browser, real.url, longer);
  } finally {
    await real.stop();
    await writeFile(OUTCOME, JSON.stringify(figures));
  }
});

/** Waits until all of its spans can be read. */
async function stored(real: Backend, { traceId }: Sent, spans: number, signal: AbortSignal): Promise<void> {
  for (;;) {
    const response = await fetch(`${real.url}/api/v1/traces?limit=100`, { signal });
    const { traces } = (await response.json()) as { traces: { trace_id: string; spans: string }[] };
    const found = traces.find(one => one.trace_id === traceId);
    if (Number(found?.spans ?? 0) >= spans) return;
    await new Promise(resolve => setTimeout(resolve, 500));
  }
}

/** From an empty cache: what is loaded, and when the first function can be read. */
async function overview(browser: Browser, url: string): Promise<void> {
  const paints: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage();
    const scripts: Promise<Buffer>[] = [];
    page.on("response", response => {
      if (response.request().resourceType() === "script") scripts.push(response.body());
    });
    await page.addInitScript(() => {
      const observer = new MutationObserver(() => {
        if (document.querySelector("tbody tr a") === null) return;
        observer.disconnect();
        // The frame after the next begins when the next has been painted.
        requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("readable")));
      });
      observer.observe(document, { childList: true, subtree: true });
    });
    await page.goto(url);
    paints.push(await marked(page, "readable"));
    await page.waitForLoadState("networkidle");
    const zipped = (await Promise.all(scripts)).map(body => gzipSync(body, { level: 9 }).byteLength);
    figures.first_route_script_gzip_kib = sum(zipped) / 1024;
    await page.close();
  }
  figures.overview_first_paint_ms = median(paints);
}

async function trace(browser: Browser, url: string, { function: name }: Sent): Promise<void> {
  const opened: Opened[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
    opened.push(await openByClick(page, url, name));
    if (round === ROUNDS - 1) {
      await unfold(page);
      figures.trace_rows = Number(await grid(page).getAttribute("aria-rowcount"));
      figures.trace_heap_mib = await heap(page);
      await frames(browser, page);
    }
    await page.close();
  }
  figures.trace_drawn_ms = median(opened.map(one => one.drawn));
  figures.trace_answered_ms = median(opened.map(one => one.answered));
}

async function manySpans(browser: Browser, url: string, { function: name }: Sent): Promise<void> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  const { drawn, answered } = await openByClick(page, url, name);
  figures.many_spans_drawn_ms = drawn;
  figures.many_spans_answered_ms = answered;
  figures.many_spans_rows = Number(await grid(page).getAttribute("aria-rowcount"));
  figures.many_spans_heap_mib = await heap(page);
  await page.close();
}

/** Every span in a row of its own: what is scrolled through and zoomed into is all of it. */
async function unfold(page: Page): Promise<void> {
  const folded = await grid(page).getAttribute("aria-rowcount");
  await page.keyboard.press("x");
  await expect(grid(page)).not.toHaveAttribute("aria-rowcount", folded ?? "");
}

/** In milliseconds since the click. */
interface Opened {
  /** The backend's answer was there. */
  readonly answered: number;
  readonly drawn: number;
}

/** From the click on its invocation until its first rows and bars are painted. */
async function openByClick(page: Page, url: string, name: string): Promise<Opened> {
  await page.goto(`${url}/invocations`);
  const link = page.getByRole("row", { name }).locator("a").first();
  await expect(link).toBeVisible();
  await page.evaluate(() => {
    document.addEventListener("click", event => performance.mark("clicked", { startTime: event.timeStamp }), true);
    const observer = new MutationObserver(() => {
      const spans = document.querySelector('[role="treegrid"]');
      if (!spans?.querySelector('[role="row"]') || !spans.querySelector("canvas")) return;
      observer.disconnect();
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("drawn")));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  await link.click();
  const drawn = await marked(page, "drawn");
  const clicked = await marked(page, "clicked");
  const answered = await page.evaluate(() => {
    const asked = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return asked.findLast(one => one.name.includes("/api/v1/invocations/"))?.responseEnd ?? 0;
  });
  return { answered: answered - clicked, drawn: drawn - clicked };
}

/** When a mark was set; waits until it is. */
async function marked(page: Page, name: string): Promise<number> {
  const handle = await page.waitForFunction(mark => performance.getEntriesByName(mark)[0]?.startTime, name, {
    timeout: LISTED_MS,
  });
  return (await handle.jsonValue()) ?? 0;
}

/** In use after what is not needed was collected. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize } = await session.send("Runtime.getHeapUsage");
  await session.detach();
  return usedSize / 1024 / 1024;
}

/** Scrolls through the trace, then zooms into it and out again, and adds up the work of each frame. */
async function frames(browser: Browser, page: Page): Promise<void> {
  const path = `${OUTCOME}.trace`;
  await grid(page).hover();
  await browser.startTracing(page, {
    path,
    categories: ["toplevel", "disabled-by-default-devtools.timeline", "devtools.timeline", "devtools.timeline.frame"],
  });
  for (let turn = 0; turn < WHEELS; turn++) {
    await page.mouse.wheel(0, 400);
    await frame(page);
  }
  await page.keyboard.down("Control");
  for (let turn = 0; turn < WHEELS; turn++) {
    await page.mouse.wheel(0, turn < WHEELS / 2 ? -120 : 120);
    await frame(page);
  }
  await page.keyboard.up("Control");
  await browser.stopTracing();
  const { traceEvents } = JSON.parse(await readFile(path, "utf8")) as { traceEvents: TraceEvent[] };
  const work = workOf(traceEvents);
  figures.frames = work.main.length;
  figures.frame_p50_ms = percentile(work.main, 0.5);
  figures.frame_p95_ms = percentile(work.main, 0.95);
  figures.frame_most_ms = percentile(work.main, 1);
  figures.frame_raster_p95_ms = percentile(work.raster, 0.95);
}

const frame = (page: Page): Promise<unknown> => page.evaluate(() => new Promise(done => requestAnimationFrame(done)));

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** In microseconds; `tdur` by the processor's clock. */
  readonly ts: number;
  readonly dur?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Milliseconds of work of each frame: the tasks that began since the one before was handed on. */
function workOf(events: readonly TraceEvent[]): { main: number[]; raster: number[] } {
  const page = mostFrequent(
    events.filter(one => one.name === "FireAnimationFrame").map(one => `${one.pid} ${one.tid}`),
  );
  const pid = Number(page.split(" ")[0]);
  const ends = events
    .filter(one => one.pid === pid && one.name === "BeginCommitCompositorFrame")
    .map(one => one.ts)
    .sort((one, other) => one - other);
  const isMain = (one: TraceEvent) => `${one.pid} ${one.tid}` === page && one.name === "RunTask";
  const isRaster = (one: TraceEvent) => one.pid === pid && one.name === "RasterTask";
  const added = (wanted: (one: TraceEvent) => boolean) => {
    const sums = ends.map(() => 0);
    for (const one of events.filter(event => event.ph === "X" && wanted(event))) {
      const place = ends.findIndex(end => end >= one.ts);
      if (place >= 0) sums[place] = (sums[place] ?? 0) + (one.tdur ?? one.dur ?? 0) / 1_000;
    }
    return sums.filter(worked => worked > 0).sort((one, other) => one - other);
  };
  return { main: added(isMain), raster: added(isRaster) };
}

function mostFrequent(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one)[0]?.[0] ?? "";
}

const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0);
const percentile = (ascending: readonly number[], part: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * part))] ?? 0;
const median = (values: readonly number[]): number =>
  percentile(
    [...values].sort((one, other) => one - other),
    0.5,
  );
