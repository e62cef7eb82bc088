/// <reference path="./.sst/platform/config.d.ts" />
// One function with the Coldtrace extension beside it.

export default $config({
  app() {
    return {
      name: "coldtrace-hello",
      home: "aws",
      providers: { aws: { version: "6.66.2", region: "eu-central-1" } },
    };
  },
  async run() {
    // `sst secret set ColdtraceApiKey` keeps it; it stands in no file.
    const apiKey = new sst.Secret("ColdtraceApiKey");
    const hello = new sst.aws.Function("Hello", {
      handler: "hello.handler",
      runtime: "nodejs22.x",
      architecture: "arm64", // of the function and the layer alike
      memory: "256 MB",
      timeout: "10 seconds",
      layers: [required("COLDTRACE_LAYER_ARN")],
      environment: {
        COLDTRACE_ENDPOINT: required("COLDTRACE_ENDPOINT"),
        COLDTRACE_API_KEY: apiKey.value,
      },
    });
    return { function: hello.name };
  },
});

/** A variable of the shell that deploys. */
function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`set ${name}`);
  return value;
}
