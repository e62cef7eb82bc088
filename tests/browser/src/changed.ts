/** Answers that hold a trace, changed on their way to the page. */

import type { Page, Route } from "@playwright/test";

import { written } from "../../../ui/dev/in-blocks.ts";

/** As the API tells it to who asks for rows. */
// biome-ignore lint/suspicious/noExplicitAny: what is changed is a test's business.
type Answer = any;

/** Changes what is answered below `invocations/` and `traces/` to an id; the page gets it in the form that it asked for. */
export async function changeTraces(page: Page, change: (answer: Answer, url: URL) => void): Promise<void> {
  await page.route(/\/api\/v1\/(invocations|traces)\/[0-9a-f-]{32,36}(\?|$)/, async (route: Route) => {
    const url = new URL(route.request().url());
    const rows = new URL(url);
    rows.searchParams.delete("spans");
    const response = await route.fetch({ url: rows.href });
    const answer = await response.json();
    change(answer, url);
    await route.fulfill({ response, body: written(answer, url) });
  });
}
