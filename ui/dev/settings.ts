/** Settings, keys and limits of the made-up service; what is changed stays changed until the server ends. */

import type { components } from "../src/api/generated/openapi.ts";
import type { Answer } from "./alerts.ts";

type Schemas = components["schemas"];

const DAY_MILLIS = 86_400_000;
const DEFAULT_DAYS = 14;

/** Whose the reader's key is: none is demanded where the service is open. */
export type Access = "open" | "admin" | "read";

export class FakeSettings {
  readonly #now: number;
  readonly #access: Access;
  readonly #received: Schemas["ServiceSettings"]["received"];
  #keys: Schemas["Key"][];
  #limits: Schemas["Limits"] = { keep_days: null, bytes_per_second: null, spans_per_second: null, log_share: null };
  #made = 0;

  constructor(now: number, access: Access) {
    this.#now = now;
    this.#access = access;
    this.#received = access === "open" ? null : { first: this.#at(-12), last: this.#at(0) };
    this.#keys = access === "open" ? [] : this.#firstKeys();
    if (access !== "open") this.#limits = { ...this.#limits, keep_days: 30, bytes_per_second: String(5 * 1024 ** 2) };
  }

  answer(method: string, [resource, id, action]: readonly string[], body: unknown): Answer {
    if (resource === "settings") return ok(this.#settings());
    if (this.#access === "read") return failed(403, "forbidden", "This key has the scope read; this takes admin.");
    if (resource === "limits") {
      this.#limits = body as Schemas["Limits"];
      return ok(this.#limits);
    }
    if (id === undefined) return method === "POST" ? this.#create(body as Schemas["NewKey"]) : ok({ keys: this.#keys });
    return this.#change(id, action);
  }

  #settings(): Schemas["ServiceSettings"] {
    const isOpen = this.#access === "open";
    return {
      version: "0.1.0",
      tenant: "default",
      scope: isOpen ? null : this.#access === "read" ? "read" : "admin",
      demands_keys: !isOpen,
      otlp_grpc: isOpen ? "http://127.0.0.1:4317" : "https://coldtrace.example:4317",
      otlp_http: isOpen ? "http://127.0.0.1:4318" : "https://coldtrace.example:4318",
      limits: this.#limits,
      keep_days: DEFAULT_DAYS,
      received: this.#received,
    };
  }

  #firstKeys(): Schemas["Key"][] {
    const common = { tenant: "default", state: "valid", rotated: null, expires: null, revoked: null } as const;
    return [
      { ...common, id: "k5x2v9", name: "grafana", scope: "read", created: this.#at(-2), expires: this.#at(88) },
      { ...common, id: "q8d1mz", name: "checkout and friends", scope: "ingest", created: this.#at(-9) },
      { ...common, id: "a3c7ty", name: "operator", scope: "admin", created: this.#at(-12), rotated: this.#at(-1) },
      {
        ...common,
        ...{ id: "p0f4wr", name: "load test", scope: "ingest", state: "expired" },
        ...{ created: this.#at(-11), expires: this.#at(-4) },
      },
      {
        ...common,
        ...{ id: "z6j8nb", name: "old laptop", scope: "write", state: "revoked" },
        ...{ created: this.#at(-12), revoked: this.#at(-5) },
      },
    ];
  }

  #create({ name, scope, expires_in }: Schemas["NewKey"]): Answer {
    if (this.#keys.some(key => key.name === name && key.state === "valid")) {
      return failed(409, "conflict", `A key with the name ${name} is there already.`);
    }
    if (this.#keys.length === 0 && scope !== "admin") {
      return failed(409, "conflict", "The first key has to be of scope admin.");
    }
    this.#made += 1;
    const key: Schemas["Key"] = {
      ...{ id: `made${this.#made}`, name, scope, tenant: "default", state: "valid" },
      ...{ created: this.#at(0), rotated: null, revoked: null },
      expires: typeof expires_in === "string" ? String(BigInt(this.#at(0)) + BigInt(expires_in)) : null,
    };
    this.#keys = [key, ...this.#keys];
    return { status: 201, body: { key, secret: this.#secret(key) } satisfies Schemas["CreatedKey"] };
  }

  #change(id: string, action: string | undefined): Answer {
    const key = this.#keys.find(one => one.id === id);
    if (key === undefined) return failed(404, "not_found", `There is no key ${id}.`);
    const changed: Schemas["Key"] =
      action === "rotate" ? { ...key, rotated: this.#at(0) } : { ...key, state: "revoked", revoked: this.#at(0) };
    this.#keys = this.#keys.map(one => (one.id === id ? changed : one));
    if (action !== "rotate") return ok(changed);
    this.#made += 1;
    return ok({ key: changed, secret: this.#secret(changed) } satisfies Schemas["CreatedKey"]);
  }

  #secret = ({ scope, id }: Schemas["Key"]): string => `ct_${scope}_${id}_${String(this.#made).padStart(28, "0")}`;

  /** So many days from when it began. */
  #at = (days: number): string => `${this.#now + days * DAY_MILLIS}000000`;
}

const ok = (body: unknown): Answer => ({ status: 200, body });

function failed(status: number, code: Schemas["Error"]["error"]["code"], message: string): Answer {
  const body: Schemas["Error"] = { error: { code, message } };
  return { status, body };
}
