"use strict";
// A function that does what its event says.
exports.handler = async (event, context) => {
  console.log(`doing ${event.do}`);
  if (event.do === "fail") throw new TypeError("the teapot is empty");
  if (event.do === "nap") await new Promise((resolve) => setTimeout(resolve, event.seconds * 1000));
  if (event.do === "nap") console.log(`had a nap of ${event.seconds}`);
  if (event.do === "die") process.exit(7);
  return {
    requestId: context.awsRequestId,
    remaining: context.getRemainingTimeInMillis(),
    trace: process.env._X_AMZN_TRACE_ID ?? context.xRayTraceId,
    pid: process.pid,
  };
};
exports.callback = (event, context, callback) => {
  if (event.do === "fail") callback(new RangeError("too much tea"));
  else setTimeout(() => callback(null, { said: event.say }), 5);
};
