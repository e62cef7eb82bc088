// The runtime of Node functions: asks the Runtime API for invocations and hands them to the handler, one after another; on
// managed instances as many at once as it is told.
//
// Handlers of CommonJS and ECMAScript modules, asynchronous or with a callback. Not here: response streaming, waiting for
// an empty event loop after a callback (the reply is sent at once).
"use strict";

const { AsyncLocalStorage } = require("node:async_hooks");
const http = require("node:http");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { format } = require("node:util");

const [HOST, PORT] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
// Taken before the function's code can wrap it: the runtime's own calls are nobody's spans.
const request = http.request;
const agent = new http.Agent({ keepAlive: true });
const write = process.stdout.write.bind(process.stdout);

const MOST = process.env.AWS_LAMBDA_MAX_CONCURRENCY;
const IS_JSON = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
// With several invocations at once a line belongs to the one that wrote it.
const invocations = new AsyncLocalStorage();
let lastRequestId = "undefined";

class PlatformError extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

async function main() {
  patchConsole();
  let handler;
  try {
    handler = await load(process.argv[2]);
  } catch (error) {
    await fail("/2018-06-01/runtime/init/error", error);
    process.exit(1);
  }
  if (process.env.AWS_LAMBDA_INITIALIZATION_TYPE === "snap-start") {
    await call("GET", "/2018-06-01/runtime/restore/next");
  }
  await Promise.all(Array.from({ length: Number(MOST ?? 1) }, () => work(handler)));
}

async function work(handler) {
  for (;;) await serve(handler);
}

async function serve(handler) {
  const { headers, body } = await call("GET", "/2018-06-01/runtime/invocation/next");
  const requestId = headers["lambda-runtime-aws-request-id"];
  lastRequestId = requestId;
  // The environment is shared by those that run at once: they have it in their context.
  if (MOST === undefined) process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  await invocations.run(requestId, () => handle(handler, headers, body));
}

async function handle(handler, headers, body) {
  const invocation = `/2018-06-01/runtime/invocation/${invocations.getStore()}`;
  let reply;
  try {
    const result = await invoke(handler, JSON.parse(body), context(headers));
    reply = JSON.stringify(result === undefined ? null : result);
  } catch (error) {
    console.error("Invoke Error", describe(error));
    await fail(`${invocation}/error`, error);
    return;
  }
  await call("POST", `${invocation}/response`, reply);
}

function invoke(handler, event, lambda) {
  return new Promise((resolve, reject) => {
    const callback = (error, result) => (error ? reject(error) : resolve(result));
    const returned = handler(event, lambda, callback);
    const isAsync = returned !== null && typeof returned?.then === "function";
    if (isAsync) returned.then(resolve, reject);
    // A handler without a callback and without a promise has nothing to wait for.
    else if (handler.length < 3) resolve(null);
  });
}

function context(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    xRayTraceId: headers["lambda-runtime-trace-id"],
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: false,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}

// `folder/module.name` relative to the function's folder.
async function load(handler) {
  const [, folder, module, name] = /^(.*\/)?([^./]+)\.(.+)$/.exec(handler) ?? [];
  if (!module) throw new PlatformError("Runtime.MalformedHandlerName", `bad handler ${handler}`);
  const loaded = await loadModule(path.resolve(process.env.LAMBDA_TASK_ROOT, folder ?? "", module));
  const found = name.split(".").reduce((value, key) => value?.[key], loaded);
  if (typeof found !== "function") {
    throw new PlatformError("Runtime.HandlerNotFound", `${handler} is undefined or not exported`);
  }
  return found;
}

async function loadModule(file) {
  let found;
  try {
    found = require.resolve(file);
  } catch {
    found = `${file}.mjs`;
  }
  try {
    return found.endsWith(".mjs") ? await import(pathToFileURL(found).href) : require(found);
  } catch (error) {
    if (error.code === "ERR_REQUIRE_ESM") return import(pathToFileURL(found).href);
    if (error instanceof SyntaxError) throw named("Runtime.UserCodeSyntaxError", error);
    if (/^(ERR_)?MODULE_NOT_FOUND$/.test(error.code)) throw named("Runtime.ImportModuleError", error);
    throw error;
  }
}

function named(type, cause) {
  const error = new PlatformError(type, `${cause}`);
  error.stack = cause.stack;
  return error;
}

function describe(error) {
  const isError = error instanceof Error;
  return {
    errorType: isError ? error.name : typeof error,
    errorMessage: isError ? error.message : format("%s", error),
    stackTrace: isError ? String(error.stack).split("\n") : [],
  };
}

function fail(to, error) {
  const told = describe(error);
  // Header values are ASCII; the platform takes what is not its own for unknown.
  const type = /^[\w.]+$/.test(told.errorType) ? told.errorType : "Error";
  const { errorType, errorMessage, stackTrace } = told;
  const body = JSON.stringify({ errorType, errorMessage, trace: stackTrace, stackTrace });
  return call("POST", to, body, { "lambda-runtime-function-error-type": type });
}

function call(method, to, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const type = { "content-type": "application/json" };
    const options = { host: HOST, port: PORT, method, path: to, agent, headers: { ...type, ...length, ...headers } };
    const asked = request(options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const answer = { status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() };
        resolve(answer);
      });
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

// Lines as Lambda's Node runtime writes them, one per call: line breaks inside become carriage returns. Or objects.
function patchConsole() {
  const levels = { debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...what) => {
      const timestamp = new Date().toISOString();
      const requestId = invocations.getStore() ?? lastRequestId;
      const message = format(...what);
      const line = IS_JSON
        ? JSON.stringify({ timestamp, level, requestId, message })
        : [timestamp, requestId, level, message.replace(/\n/g, "\r")].join("\t");
      write(`${line}\n`);
    };
  }
}

main().catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`);
  process.exit(1);
});
