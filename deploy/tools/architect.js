// Prints the SAM template that Architect deploys for an app: its inventory, then its packager, as `arc deploy` calls them.
"use strict";

const inventory = require("@architect/inventory");
const packaged = require("@architect/package");

const [cwd, stage, variables] = process.argv.slice(2);

async function main() {
  const app = await inventory({ cwd, deployStage: stage });
  // `arc deploy` asks AWS's parameter store here for what `arc env` put there.
  app.inv._project.env.aws = { [stage]: JSON.parse(variables) };
  const template = packaged(app);
  // The packager's own notes, which `arc deploy` takes out before it sends the template.
  for (const resource of Object.values(template.Resources)) delete resource.ArcMetadata;
  console.log(JSON.stringify(template));
}

main();
