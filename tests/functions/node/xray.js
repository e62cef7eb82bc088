// A function as it is with AWS's X-Ray SDK.
"use strict";

const xray = require("aws-xray-sdk-core");

exports.handler = async () => {
  await xray.captureAsyncFunc("price basket", async (subsegment) => {
    subsegment.addAnnotation("basket_items", 3);
    subsegment.addMetadata("prices", [1, 2, 3], "shop");
    subsegment.close();
  });
  await xray
    .captureAsyncFunc("pay", async (subsegment) => {
      const error = new TypeError("card declined");
      subsegment.close(error);
    });
  return { paid: false };
};
