// Prints what an sst.config.ts asks SST for. It runs with stand-ins for SST's globals, which write down how they are
// called; whether SST takes such arguments is for its types to say.
"use strict";

const fs = require("node:fs");
const typescript = require("typescript");

const asked = { functions: {}, secrets: [] };

class RecordedFunction {
  constructor(name, settings) {
    asked.functions[name] = settings;
    this.name = name;
  }
}

class RecordedSecret {
  constructor(name) {
    asked.secrets.push(name);
    this.value = { secret: name };
  }
}

async function main() {
  const source = fs.readFileSync(process.argv[2], "utf8");
  const loaded = { exports: {} };
  const { outputText } = typescript.transpileModule(source, { compilerOptions: { module: "commonjs", target: "es2022" } });
  const run = new Function("module", "exports", "$config", "sst", outputText);
  run(loaded, loaded.exports, (config) => config, { Secret: RecordedSecret, aws: { Function: RecordedFunction } });
  const config = loaded.exports.default;
  asked.app = config.app({ stage: "check" });
  await config.run();
  console.log(JSON.stringify(asked));
}

main();
