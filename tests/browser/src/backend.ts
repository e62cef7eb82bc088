/**
 * `coldtrace up` on a data folder of its own, empty or with what the demo stored, and on ports that the system chose; or one that
 * runs already (`COLDTRACE_URL`). `COLDTRACE_BINARY` names another one than what tests are built with.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../..");
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
/** Where the demo stored what it saw; `xtask/src/demo.rs` names it too. */
const DEMO_DATA = join(TARGET, "demo-data");
/** Where it stored a bad release and what came of it, if it was asked to; named there as well. */
const INCIDENT_DATA = join(TARGET, "incident-data");
const RENEW = "run `cargo xtask browser`, which has the demo run once and then these tests";

/** For the engine to start and the addresses to be printed, on a busy machine. */
const START_MS = 60_000;
const STOP_MS = 40_000;
/** The tests themselves take some minutes of the hour. */
const OLDEST_MS = 45 * 60_000;

export interface Backend {
  /** Of the ui and API. */
  readonly url: string;
  /** Of OTLP over HTTP; null where somebody else's backend is used. */
  readonly otlp: string | null;
  readonly stop: () => Promise<void>;
}

/** With an empty data folder. */
export function backend(): Promise<Backend> {
  return open({}, async () => {});
}

/** With what the demo stored, and the shop's own rule of alerts. */
export async function demoBackend(): Promise<Backend> {
  if (process.env.COLDTRACE_URL === undefined) {
    const age = await ageOf(DEMO_DATA);
    if (age === null) throw new Error(`${DEMO_DATA} is not there; ${RENEW}`);
    if (age > OLDEST_MS) throw new Error(`${DEMO_DATA} is ${Math.round(age / 60_000)} minutes old; ${RENEW}`);
  }
  return openStored(DEMO_DATA);
}

/** With what the demo stored of its incident; null where that did not happen of late. */
export async function incidentBackend(): Promise<Backend | null> {
  const age = await ageOf(INCIDENT_DATA);
  return age === null || age > OLDEST_MS ? null : openStored(INCIDENT_DATA);
}

function openStored(stored: string): Promise<Backend> {
  const settings = {
    COLDTRACE_ALERTS__RULES: join(ROOT, "demo/alerts.toml"),
    // All that rules look at is stored already.
    COLDTRACE_ALERTS__DELAY: "1s",
  };
  // A copy: tests make rules in it, and the next run looks at it again.
  return open(settings, data => cp(stored, data, { recursive: true, verbatimSymlinks: true }));
}

async function open(settings: NodeJS.ProcessEnv, fill: (data: string) => Promise<void>): Promise<Backend> {
  const running = process.env.COLDTRACE_URL;
  if (running !== undefined) return { url: running.replace(/\/$/, ""), otlp: null, stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), "coldtrace-browser-"));
  const data = join(folder, "data");
  await fill(data);
  const child = start(data, { COLDTRACE_STORE__ENGINE_LIBRARY: await engineLibrary(), ...settings });
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await addresses(child)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In milliseconds, of what the demo stored: pages show the last hour. Null where nothing is there. */
async function ageOf(stored: string): Promise<number | null> {
  const made = await stat(join(stored, "up.log")).catch(() => null);
  return made === null ? null : Date.now() - made.mtimeMs;
}

async function engineLibrary(): Promise<string> {
  const told = process.env.COLDTRACE_STORE__ENGINE_LIBRARY;
  if (told !== undefined) return told;
  const noted = join(TARGET, "setup.json");
  const text = await readFile(noted, "utf8").catch(() => {
    throw new Error(`${noted} is not there; run \`cargo xtask setup\``);
  });
  return JSON.parse(text).engine_library;
}

function start(data: string, settings: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.env.COLDTRACE_BINARY ?? join(TARGET, "debug/coldtrace"), ["up", "--data-dir", data], {
    stdio: ["ignore", "pipe", "inherit"],
    env: {
      ...process.env,
      COLDTRACE_COLLECTOR__GRPC_LISTEN: "127.0.0.1:0",
      COLDTRACE_COLLECTOR__HTTP_LISTEN: "127.0.0.1:0",
      COLDTRACE_QUERY__LISTEN: "127.0.0.1:0",
      COLDTRACE_STORE__ENGINE_PORT: "0",
      ...settings,
    },
  });
}

/** The addresses that it prints, each at the end of its line. */
async function addresses(child: ChildProcess): Promise<{ url: string; otlp: string }> {
  if (child.stdout === null) throw new Error("its standard output is a pipe");
  const lines = createInterface({ input: child.stdout });
  const deadline = AbortSignal.timeout(START_MS);
  const found = new Map<string, string>();
  const address = (name: string) => found.get(name);
  return new Promise((resolve, reject) => {
    deadline.addEventListener("abort", () => reject(new Error("coldtrace did not print its addresses in time")));
    child.once("error", reject);
    child.once("exit", code => reject(new Error(`coldtrace ended with ${code} before it printed its addresses`)));
    lines.on("line", line => {
      for (const name of ["ui and API", "OTLP over HTTP"]) {
        if (line.trimStart().startsWith(name)) found.set(name, line.trim().split(/\s+/).at(-1) ?? "");
      }
      const [url, otlp] = [address("ui and API"), address("OTLP over HTTP")];
      if (url !== undefined && otlp !== undefined) resolve({ url, otlp });
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise(resolve => child.once("exit", resolve));
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}
