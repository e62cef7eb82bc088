/** The made-up API's alerts. What is changed stays changed until the server ends. */

import type { components } from "../src/api/generated/openapi.ts";
import { alerts, nanosAt, ruleFiles, rules, transitions } from "./alert-data.ts";
import { channels, deliveries, silences } from "./alert-delivery.ts";
import { backtest } from "./backtest.ts";

type Schemas = components["schemas"];

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Asked {
  readonly method: string;
  readonly path: readonly string[];
  readonly search: URLSearchParams;
  readonly body: unknown;
}

export class FakeAlerts {
  readonly #clock: () => number;
  /** When it began. */
  readonly #now: number;
  readonly #isEmpty: boolean;
  readonly #examples: readonly Schemas["Invocation"][];
  #rules: Schemas["Rule"][];
  #silences: Schemas["Silence"][];
  #channels: Schemas["Channel"][];
  #deliveries: Schemas["DeliveryDetail"][];
  #made = 0;

  constructor(clock: () => number, isEmpty: boolean, examples: readonly Schemas["Invocation"][]) {
    const now = clock();
    this.#clock = clock;
    this.#now = now;
    this.#isEmpty = isEmpty;
    this.#examples = examples;
    this.#rules = isEmpty ? [] : rules(now);
    this.#silences = isEmpty ? [] : silences(now);
    this.#channels = isEmpty ? [] : channels(now);
    this.#deliveries = isEmpty ? [] : deliveries(now);
  }

  answer(asked: Asked): Answer {
    const [resource, id, action] = asked.path;
    switch (resource) {
      case undefined:
        return ok({ alerts: this.#alerts(), evaluated: nanosAt(this.#now - 40_000) });
      case "history":
        return this.#history(asked.search);
      case "backtest":
        return this.#backtest(asked.body as Schemas["BacktestQuestion"]);
      case "rules":
        return id === undefined ? this.#allRules(asked) : this.#rule(asked, id);
      case "silences":
        return id === undefined ? this.#allSilences(asked) : this.#endSilence(id);
      case "channels":
        return id === undefined ? this.#allChannels(asked) : this.#channel(asked, id, action);
      case "deliveries":
        return id === undefined ? this.#allDeliveries(asked.search) : this.#delivery(id, action);
      default:
        return this.#alert(resource);
    }
  }

  #alerts(): Schemas["Alert"][] {
    return this.#isEmpty ? [] : alerts(this.#now);
  }

  #transitions(): Schemas["Transition"][] {
    return this.#isEmpty ? [] : transitions(this.#now, this.#examples);
  }

  #alert(id: string): Answer {
    const alert = this.#alerts().find(one => one.alert === id);
    if (alert === undefined) return missing(`No alert ${id} is known.`);
    const body: Schemas["AlertDetail"] = {
      alert,
      transition: this.#transitions().find(one => one.alert === id && one.change === "firing") ?? null,
    };
    return ok(body);
  }

  #history(search: URLSearchParams): Answer {
    const has = (name: string, value: string) => (search.get(name) ?? value) === value;
    const found = this.#transitions().filter(one => has("alert", one.alert) && has("rule", one.rule));
    return ok({ transitions: found, total: found.length, next_cursor: null });
  }

  #backtest(question: Schemas["BacktestQuestion"]): Answer {
    return wrongRule(question.rule) ?? ok(backtest(question, this.#now));
  }

  #allRules({ method, body }: Asked): Answer {
    if (method === "GET") return ok({ rules: this.#rules, files: this.#isEmpty ? [] : ruleFiles(this.#now) });
    const definition = body as Schemas["RuleDefinition"];
    const wrong = wrongRule(definition);
    if (wrong !== null) return wrong;
    if (this.#rules.some(one => one.definition.name === definition.name)) {
      return refused(409, "conflict", `A rule is called ${definition.name} already.`);
    }
    const made = nanosAt(this.#clock());
    const rule: Schemas["Rule"] = {
      rule: `r-${++this.#made}`,
      origin: "api",
      file: null,
      definition,
      created: made,
      updated: made,
      pending: 0,
      firing: 0,
    };
    this.#rules = [...this.#rules, rule];
    return { status: 201, body: rule };
  }

  #rule({ method, body }: Asked, id: string): Answer {
    const found = this.#rules.find(one => one.rule === id);
    if (found === undefined) return missing(`No rule ${id} is there.`);
    if (method === "GET") return ok(found);
    if (found.origin === "file") return refused(409, "conflict", `It stands in ${found.file}; change it there.`);
    if (method === "DELETE") {
      this.#rules = this.#rules.filter(one => one !== found);
      return ok(found);
    }
    const definition = body as Schemas["RuleDefinition"];
    const wrong = wrongRule(definition);
    if (wrong !== null) return wrong;
    const changed = { ...found, definition };
    this.#rules = this.#rules.map(one => (one === found ? changed : one));
    return ok(changed);
  }

  #allSilences({ method, body }: Asked): Answer {
    if (method === "GET") return ok({ silences: this.#silences });
    const { matchers, ends, comment, created_by } = body as Schemas["NewSilence"];
    if (matchers.some(one => one.op === "=~" && one.value.startsWith("*"))) {
      const mistakes = [
        { at: "matchers[0].value", message: "this is no regular expression: nothing to repeat before *" },
      ];
      return refused(400, "invalid", "the silence has a mistake", mistakes);
    }
    const made = nanosAt(this.#clock());
    const silence: Schemas["Silence"] = {
      silence: `s-${++this.#made}`,
      matchers,
      starts: made,
      ends,
      comment: comment ?? "",
      created_by: created_by ?? "",
      created: made,
      state: "active",
    };
    this.#silences = [silence, ...this.#silences];
    return { status: 201, body: silence };
  }

  #endSilence(id: string): Answer {
    const found = this.#silences.find(one => one.silence === id);
    if (found === undefined) return missing(`No silence ${id} is there.`);
    const ended: Schemas["Silence"] = { ...found, ends: nanosAt(this.#clock()), state: "expired" };
    this.#silences = this.#silences.map(one => (one === found ? ended : one));
    return ok(ended);
  }

  #allChannels({ method, body }: Asked): Answer {
    if (method === "GET") return ok({ channels: this.#channels });
    const made = body as Schemas["NewChannel"];
    const wrong = wrongChannel(made);
    if (wrong !== null) return wrong;
    const channel: Schemas["Channel"] = {
      channel: `c-${++this.#made}`,
      name: made.name,
      kind: made.kind,
      is_default: made.is_default,
      url: made.url ?? "https://events.pagerduty.com/v2/enqueue",
      settings: made.settings ?? {},
      secrets: made.kind === "webhook" ? ["signing_key"] : [],
      disabled: made.enabled ? null : "It was switched off.",
      created: nanosAt(this.#clock()),
      updated: nanosAt(this.#clock()),
      waiting: 0,
    };
    this.#channels = [...this.#channels, channel];
    const answer: Schemas["CreatedChannel"] = { channel, shown_once: keyOf(made.kind, made.signing) };
    return { status: 201, body: answer };
  }

  #channel({ method, body }: Asked, id: string, action: string | undefined): Answer {
    const found = this.#channels.find(one => one.channel === id);
    if (found === undefined) return missing(`No channel ${id} is there.`);
    if (action === "rotate") return ok({ channel: found, shown_once: keyOf(found.kind, "hmac") });
    if (action === "test") return ok(this.#test(found));
    if (method === "GET") return ok(found);
    if (method === "DELETE") {
      this.#channels = this.#channels.filter(one => one !== found);
      return ok(found);
    }
    const { name, is_default, enabled, url, settings } = body as Schemas["NewChannel"];
    const disabled = enabled ? null : (found.disabled ?? "It was switched off.");
    const changed = { ...found, name, is_default, url: url ?? found.url, settings: settings ?? {}, disabled };
    this.#channels = this.#channels.map(one => (one === found ? changed : one));
    return ok(changed);
  }

  #test({ channel, name, disabled }: Schemas["Channel"]): Schemas["DeliveryDetail"] {
    const [sample] = deliveries(this.#now);
    const [attempt] = sample?.attempts ?? [];
    if (sample === undefined || attempt === undefined) throw new Error("there is a sample");
    const status = disabled === null ? 204 : 410;
    const delivery: Schemas["Delivery"] = {
      ...sample.delivery,
      delivery: `msg_test${++this.#made}`,
      channel,
      channel_name: name,
      state: disabled === null ? "delivered" : "failed",
      summary: "A test: nothing is wrong.",
      attempts: 1,
      next_attempt: null,
      last_status: status,
      last_error: null,
    };
    return {
      delivery,
      body: JSON.stringify({ type: "test", data: { text: "A test: nothing is wrong." } }),
      attempts: [
        {
          ...attempt,
          number: 1,
          at: nanosAt(this.#clock()),
          status,
          answer: status === 410 ? "gone" : "",
          error: null,
        },
      ],
    };
  }

  #allDeliveries(search: URLSearchParams): Answer {
    const has = (name: string, value: string) => (search.get(name) ?? value) === value;
    const all = this.#deliveries.map(one => one.delivery);
    const found = all.filter(one => has("state", one.state) && has("channel", one.channel));
    return ok({ deliveries: found, total: found.length, next_cursor: null });
  }

  #delivery(id: string, action: string | undefined): Answer {
    const found = this.#deliveries.find(one => one.delivery.delivery === id);
    if (found === undefined) return missing(`No delivery ${id} is there.`);
    if (action !== "replay") return ok(found);
    if (found.delivery.state === "waiting") return refused(409, "conflict", "It waits to be sent anyway.");
    const waiting: Schemas["Delivery"] = { ...found.delivery, state: "waiting", next_attempt: nanosAt(this.#clock()) };
    const again = { ...found, delivery: waiting };
    this.#deliveries = this.#deliveries.map(one => (one === found ? again : one));
    return ok(again);
  }
}

const ok = (body: unknown): Answer => ({ status: 200, body });

const missing = (message: string): Answer => refused(404, "not_found", message);

function refused(
  status: number,
  code: Schemas["Error"]["error"]["code"],
  message: string,
  mistakes: Schemas["Mistake"][] = [],
): Answer {
  const body: Schemas["Error"] = { error: { code, message, ...(mistakes.length > 0 && { mistakes }) } };
  return { status, body };
}

/** Some of what the server says of a rule. */
function wrongRule({ name, when }: Schemas["RuleDefinition"]): Answer | null {
  const mistakes: Schemas["Mistake"][] = [];
  if (name === "") mistakes.push({ at: "name", message: "is empty; names have 1 to 100 characters" });
  if (typeof when.above === "number" && when.measure === "p95") {
    mistakes.push({
      at: "when.above",
      message: `found ${when.above}; allowed is a length of time such as "800ms", "1.5s" or "2m"`,
    });
  }
  if (when.window === "150m") {
    mistakes.push({
      at: "when.window",
      message: "found 150m; windows are whole minutes up to 2h or whole hours from 3h to 7d",
    });
  }
  if (mistakes.length === 0) return null;
  return refused(400, "invalid", "the rule has mistakes", mistakes);
}

function wrongChannel({ kind, url }: Schemas["NewChannel"]): Answer | null {
  if (kind === "pagerduty" || (url ?? "").startsWith("http")) return null;
  const mistakes = [{ at: "url", message: `found "${url ?? ""}"; allowed is an address that begins with https://` }];
  return refused(400, "invalid", "the channel has a mistake", mistakes);
}

function keyOf(kind: Schemas["Channel"]["kind"], signing: string): Record<string, string> | null {
  if (kind !== "webhook") return null;
  if (signing === "ed25519") return { public_key: "whpk_MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=" };
  return { signing_key: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDazfqvTpLgCk=" };
}
