/**
 * `coldtrace up` on a fresh data folder and on ports that the system chose; or one that runs already (`COLDTRACE_URL`).
 * `COLDTRACE_BINARY` names another one than what tests are built with.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const ROOT = join(import.meta.dirname, "../../..");
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");

/** For the engine to start and the addresses to be printed, on a busy machine. */
const START_MS = 60_000;
const STOP_MS = 40_000;

export interface Backend {
  /** Of the ui and API. */
  readonly url: string;
  /** Of OTLP over HTTP; null where somebody else's backend is used. */
  readonly otlp: string | null;
  readonly stop: () => Promise<void>;
}

export async function backend(): Promise<Backend> {
  const running = process.env.COLDTRACE_URL;
  if (running !== undefined) return { url: running.replace(/\/$/, ""), otlp: null, stop: async () => {} };
  const folder = await mkdtemp(join(tmpdir(), "coldtrace-browser-"));
  const child = start(folder, await engineLibrary());
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

async function engineLibrary(): Promise<string> {
  const told = process.env.COLDTRACE_STORE__ENGINE_LIBRARY;
  if (told !== undefined) return told;
  const noted = join(TARGET, "setup.json");
  const text = await readFile(noted, "utf8").catch(() => {
    throw new Error(`${noted} is not there; run \`cargo xtask setup\``);
  });
  return JSON.parse(text).engine_library;
}

function start(folder: string, library: string): ChildProcess {
  return spawn(
    process.env.COLDTRACE_BINARY ?? join(TARGET, "debug/coldtrace"),
    ["up", "--data-dir", join(folder, "data")],
    {
      stdio: ["ignore", "pipe", "inherit"],
      env: {
        ...process.env,
        COLDTRACE_COLLECTOR__GRPC_LISTEN: "127.0.0.1:0",
        COLDTRACE_COLLECTOR__HTTP_LISTEN: "127.0.0.1:0",
        COLDTRACE_QUERY__LISTEN: "127.0.0.1:0",
        COLDTRACE_STORE__ENGINE_PORT: "0",
        COLDTRACE_STORE__ENGINE_LIBRARY: library,
      },
    },
  );
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
