import { text } from "node:stream/consumers";

import type { Plugin } from "vite";

import { FakeApi, SCENARIOS } from "./fake-api.ts";
import { written } from "./in-blocks.ts";

/** Lets the development server answer the API itself. */
export function fakeApi(name: string): Plugin {
  const scenario = SCENARIOS.find(one => one === name);
  if (scenario === undefined) throw new Error(`COLDTRACE_FAKE is one of ${SCENARIOS.join(", ")}, not ${name}`);
  const api = new FakeApi(scenario);
  return {
    name: "coldtrace-fake-api",
    configureServer(server) {
      server.middlewares.use("/api", async (request, response) => {
        const url = new URL(request.originalUrl ?? "/", "http://localhost");
        response.setHeader("content-type", "text/event-stream");
        const end = api.follow(url, piece => response.write(piece));
        if (end !== undefined) return void request.on("close", end);
        const how = { method: request.method ?? "GET", body: await text(request) };
        const answer = api.answer(url, how);
        if (answer === undefined) return;
        response.writeHead(answer.status, { "content-type": "application/json" });
        response.end(written(answer.body, url));
      });
    },
  };
}
