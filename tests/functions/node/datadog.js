// A function as it is with Datadog's tracer.
"use strict";

const tracer = require("dd-trace").init({ flushInterval: 0 });

exports.handler = async () => {
  await tracer.trace("price basket", { service: "shop", tags: { "basket.items": 3 } }, async () => {
    try {
      await tracer.trace("pay", async () => {
        throw new TypeError("card declined");
      });
    } catch {
      // Told by its span.
    }
  });
  // Its exporter sends when the event loop is free.
  await new Promise((resolve) => setTimeout(resolve, 200));
  return { paid: false };
};
