// Prints a Terraform file as JSON, read by HashiCorp's own parser, with what is wrong by the providers' schemas: arguments
// that they do not know, that they miss, or of another kind; and references to what is not there. The schemas are read
// from the declarations that HashiCorp generated for its CDK, each of which names the argument that it stands for.
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const { parse } = require("@cdktf/hcl2json");
const typescript = require("typescript");

const [file, declarations] = process.argv.slice(2);

// Terraform's own, of any resource.
const META = new Set(["count", "depends_on", "for_each", "lifecycle", "provider"]);

const problems = [];
const versions = {};

async function main() {
  const config = await parse(path.basename(file), fs.readFileSync(file, "utf8"));
  // The declarations are named like the types, without the provider's name for resources.
  checkBlocks(config.resource, "resource", (type, provider) => type.slice(provider.length + 1));
  checkBlocks(config.data, "data", (type) => `data_${type}`);
  for (const [name, [settings]] of Object.entries(config.provider ?? {})) {
    checkArguments(settings, schema(name, "provider"), `provider.${name}`);
  }
  checkReferences(config);
  console.log(JSON.stringify({ config, problems, versions }));
}

function checkBlocks(blocks, kind, declaredAs) {
  for (const [type, byName] of Object.entries(blocks ?? {})) {
    const provider = type.split("_")[0];
    for (const [name, [settings]] of Object.entries(byName)) {
      checkArguments(settings, schema(provider, declaredAs(type, provider)), `${kind}.${type}.${name}`);
    }
  }
}

function checkArguments(settings, known, where) {
  if (!known) {
    problems.push(`${where}: no schema of it was fetched`);
    return;
  }
  for (const [name, value] of Object.entries(settings)) {
    if (META.has(name)) continue;
    const argument = known.get(name);
    if (!argument) {
      problems.push(`${where}: unknown argument ${name}`);
    } else if (argument.block) {
      for (const block of [value].flat()) checkArguments(block, argument.block, `${where}.${name}`);
    } else if (!fits(value, argument.type)) {
      problems.push(`${where}: ${name} must be ${argument.type}`);
    }
  }
  for (const [name, { isRequired }] of known) {
    if (isRequired && !(name in settings)) problems.push(`${where}: misses ${name}`);
  }
}

// An expression may be of any type; what is written out is compared.
function fits(value, type) {
  if (typeof value === "string" && value.includes("${")) return true;
  const kinds = type.split("|").map((kind) => kind.trim());
  return kinds.some((kind) => {
    if (kind.endsWith("[]")) return Array.isArray(value);
    if (kind.startsWith("{")) return typeof value === "object" && !Array.isArray(value);
    return typeof value === kind;
  });
}

// Arguments by name, of the type `snake` of a provider; undefined where its declarations are not there.
function schema(provider, snake) {
  const declared = path.join(declarations, provider, `${snake.replaceAll("_", "-")}.d.ts`);
  if (!fs.existsSync(declared)) return undefined;
  const source = typescript.createSourceFile(declared, fs.readFileSync(declared, "utf8"), typescript.ScriptTarget.ES2022, true);
  const interfaces = new Map(source.statements.filter(typescript.isInterfaceDeclaration).map((one) => [one.name.text, one]));
  versions[provider] = /providers\/[a-z]+\/[a-z]+\/([0-9.]+)\//.exec(source.text)[1];
  const root = [...interfaces.values()].find((one) => one.name.text.endsWith("Config") && one.heritageClauses)
    ?? interfaces.get(`${provider[0].toUpperCase()}${provider.slice(1)}ProviderConfig`);
  return argumentsOf(root, interfaces);
}

function argumentsOf(declaration, interfaces) {
  const found = new Map();
  for (const member of declaration.members) {
    const name = /#([a-z0-9_]+) /.exec(member.getFullText())?.[1];
    const type = member.type.getText();
    const block = interfaces.get(type.replace("cdktf.IResolvable", "").replace(/[[\]| ]/g, ""));
    found.set(name, { isRequired: !member.questionToken, type, block: block && argumentsOf(block, interfaces) });
  }
  return found;
}

function checkReferences(config) {
  const text = JSON.stringify([config.resource, config.data, config.provider, config.output, config.variable]);
  for (const [, name] of text.matchAll(/\bvar\.([a-z0-9_]+)/g)) {
    if (!config.variable?.[name]) problems.push(`var.${name} is not declared`);
  }
  for (const [, isData, type, name] of text.matchAll(/(data\.)?\b((?:aws|archive)_[a-z0-9_]+)\.([a-z0-9_]+)/g)) {
    const blocks = isData ? config.data : config.resource;
    if (!blocks?.[type]?.[name]) problems.push(`${isData ?? ""}${type}.${name} is not declared`);
  }
}

main();
