// inventory: reserves the goods of an order, asking the stock database for each.
"use strict";

const { traced, inSpan } = require("./telemetry.js");

const { STOCK_URL, SHELVES_URL } = process.env;
const LABEL_BYTES = 3 << 20;

// For the warehouse, should it ask again. It never does, and nothing is ever taken out.
const printedLabels = [];

exports.handler = traced(async (event) => {
  const { order, items } = JSON.parse(event.body);
  await inSpan("find shelves", {}, () => shelvesOf(items));
  const reserved = await inSpan("reserve goods", { "shop.items": items.length }, () => all(items.map(reserve)));
  const total = reserved.reduce((sum, cents) => sum + cents, 0);
  printedLabels.push(Buffer.alloc(LABEL_BYTES, 0xff));
  console.log(`reserved ${items.length} items of order ${order}`);
  return {
    statusCode: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ order, total_cents: total }),
  };
});

// Asked one after the other, as it was written when an order had two items.
async function shelvesOf(items) {
  const shelves = [];
  for (const { sku } of items) {
    const answer = await fetch(`${SHELVES_URL}/${sku}`, { headers: handedOn() });
    shelves.push(await answer.json());
  }
  return shelves;
}

// As Promise.all, but where one fails it waits for the others, too: a call that is in flight when the invocation ends is frozen
// with the process, and nobody is told of it.
async function all(calls) {
  await Promise.allSettled(calls);
  return Promise.all(calls);
}

async function reserve({ sku, count }) {
  const headers = { "content-type": "application/json", ...handedOn() };
  const answer = await fetch(STOCK_URL, { method: "POST", headers, body: JSON.stringify({ sku, count }) });
  const stock = await answer.json();
  // An article that was taken off sale has no price any more, and nobody thought of that.
  return stock.price.cents * count;
}

// AWS's SDKs hand X-Ray's header on with each call; `fetch` does not.
function handedOn() {
  const header = process.env._X_AMZN_TRACE_ID;
  return header ? { "x-amzn-trace-id": header } : {};
}
