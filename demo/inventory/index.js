// inventory: reserves the goods of an order, asking the stock database for each.
"use strict";

const { traced, inSpan } = require("./telemetry.js");

const STOCK_URL = process.env.STOCK_URL;

exports.handler = traced(async (event) => {
  const { order, items } = JSON.parse(event.body);
  const reserved = await inSpan("reserve goods", { "shop.items": items.length }, () => Promise.all(items.map(reserve)));
  const total = reserved.reduce((sum, cents) => sum + cents, 0);
  console.log(`reserved ${items.length} items of order ${order}`);
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order, total_cents: total }),
  };
});

async function reserve({ sku, count }) {
  const headers = { "content-type": "application/json" };
  // AWS's SDKs hand X-Ray's header on with each call; `fetch` does not.
  if (process.env._X_AMZN_TRACE_ID) headers["x-amzn-trace-id"] = process.env._X_AMZN_TRACE_ID;
  const answer = await fetch(STOCK_URL, { method: "POST", headers, body: JSON.stringify({ sku, count }) });
  const stock = await answer.json();
  // An article that was taken off sale has no price any more, and nobody thought of that.
  return stock.price.cents * count;
}
