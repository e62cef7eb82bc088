// Calls the handler of a file with an empty event and prints its answer as the last line.
"use strict";

const { pathToFileURL } = require("node:url");

async function main() {
  const { handler } = await import(pathToFileURL(process.argv[2]));
  console.log(JSON.stringify(await handler({})));
}

main();
