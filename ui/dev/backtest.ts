/** When a rule would have fired, made up. */

import type { components } from "../src/api/generated/openapi.ts";
import { nanosAt } from "./alert-data.ts";
import { Random } from "./random.ts";

type Schemas = components["schemas"];

/** The same question has the same answer, but for the time. */
export function backtest({ rule, from, to }: Schemas["BacktestQuestion"], now: number): Schemas["Backtest"] {
  const end = BigInt(to ?? nanosAt(now));
  const start = BigInt(from ?? String(end - 86_400_000_000_000n));
  const count = 300;
  const step = (end - start) / BigInt(count);
  const isLength = typeof rule.when.above === "string" && rule.when.above.endsWith("s");
  const threshold = isLength ? 8e8 : 0.05;
  const names = rule.by === "all" ? [null] : ["inventory", "checkout", "mailer", "thumbnails"];
  const episodes: Schemas["Episode"][] = [];
  const series = names.map((name, at) => {
    const random = new Random(97 + at);
    const labels: Schemas["Labels"] = {
      alertname: rule.name,
      severity: rule.severity,
      ...(name !== null && { function: name }),
    };
    const peaks = Array.from({ length: at === 0 ? 4 : at === 1 ? 2 : 0 }, () => Math.floor(random.between(20, 295)));
    const values = Array.from({ length: count }, (_, index) => {
      const near = peaks.some(peak => index >= peak && index < peak + 6);
      if (at === 3 && index % 40 < 12) return null;
      return threshold * (near ? random.between(1.1, 1.9) : random.between(0.25, 0.55) + 0.1 * Math.sin(index / 24));
    });
    for (const peak of peaks) {
      const last = Math.min(count, peak + 6);
      episodes.push({
        labels,
        from: String(start + step * BigInt(peak)),
        to: last === count ? null : String(start + step * BigInt(last)),
        peak: Math.max(...values.slice(peak, last).map(value => value ?? 0)),
        summary: `${name ?? "everything"} is slow: p95 duration over 5 min is 1.3 s, above 800 ms.`,
      });
    }
    return { labels, values };
  });
  episodes.sort((left, right) => Number(BigInt(right.from) - BigInt(left.from)));
  const firing = episodes.reduce((sum, one) => sum + BigInt(one.to ?? end) - BigInt(one.from), 0n);
  return {
    from: String(start),
    to: String(end),
    step: String(step),
    episodes,
    total: episodes.length,
    firing: String(firing),
    series,
    threshold,
    unit: isLength ? "nanos" : "share",
  };
}
