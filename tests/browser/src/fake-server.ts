/** The built ui as the query service serves it (same content security policy), with the API made up. */

import { readFile } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { text } from "node:stream/consumers";

import { FakeApi, type Scenario } from "../../../ui/dev/fake-api.ts";
import { written } from "../../../ui/dev/in-blocks.ts";

const DIST = join(import.meta.dirname, "../../../ui/dist");

/** As `query/src/http/ui.rs` has it. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

export interface FakeServer {
  readonly url: string;
  readonly close: () => Promise<void>;
}

export interface Served {
  /** Where its clock stands; without, the clock goes. */
  readonly still?: number;
  /** So many times something comes to who follows, and then nothing; without, it goes on. */
  readonly comes?: number;
}

export async function serveFake(scenario: Scenario, { still, comes }: Served = {}): Promise<FakeServer> {
  const api = new FakeApi(scenario, still);
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (!url.pathname.startsWith("/api/")) return void file(url.pathname, response);
    response.setHeader("content-type", "text/event-stream");
    const end = api.follow(url, piece => response.write(piece), comes);
    if (end !== undefined) return void request.on("close", end);
    const how = { method: request.method ?? "GET", body: await text(request) };
    const answer = api.answer(url, how);
    if (answer === undefined) return;
    response.writeHead(answer.status, { "content-type": "application/json" });
    response.end(written(answer.body, url));
  });
  await new Promise<void>(listening => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise(closed => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

async function file(path: string, response: ServerResponse): Promise<void> {
  const name = extname(path) === "" ? "index.html" : path;
  try {
    const body = await readFile(join(DIST, name));
    response.writeHead(200, {
      "content-type": TYPES[extname(name)] ?? "application/octet-stream",
      "content-security-policy": POLICY,
    });
    response.end(body);
  } catch {
    response.writeHead(404);
    response.end(`${name} is not in ui/dist; build it with \`npm run build\` in ui`);
  }
}
