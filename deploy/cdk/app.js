// One function with the Coldtrace extension beside it.
"use strict";

const path = require("node:path");
const { App, CfnOutput, CfnParameter, Duration, Stack } = require("aws-cdk-lib");
const lambda = require("aws-cdk-lib/aws-lambda");

// Of the function and the layer alike; for Intel: X86_64.
const ARCHITECTURE = lambda.Architecture.ARM_64;

class HelloStack extends Stack {
  constructor(scope, id) {
    super(scope, id);
    const layerArn = new CfnParameter(this, "ColdtraceLayerArn", {
      description: `What \`aws lambda publish-layer-version\` printed, for ${ARCHITECTURE.name}.`,
      allowedPattern: "^arn:aws[a-z-]*:lambda:[a-z0-9-]+:\\d{12}:layer:[A-Za-z0-9_-]+:\\d+$",
    });
    const endpoint = new CfnParameter(this, "ColdtraceEndpoint", {
      description: "The collector's gRPC address, as the function reaches it.",
      allowedPattern: "^https?://.+$",
    });
    const apiKey = new CfnParameter(this, "ColdtraceApiKey", {
      description: "A key of scope ingest.",
      noEcho: true,
    });
    const hello = new lambda.Function(this, "Hello", {
      code: lambda.Code.fromAsset(path.join(__dirname, "function")),
      handler: "index.handler",
      runtime: lambda.Runtime.NODEJS_22_X,
      architecture: ARCHITECTURE,
      memorySize: 256,
      timeout: Duration.seconds(10),
      layers: [lambda.LayerVersion.fromLayerVersionArn(this, "Coldtrace", layerArn.valueAsString)],
      environment: {
        COLDTRACE_ENDPOINT: endpoint.valueAsString,
        COLDTRACE_API_KEY: apiKey.valueAsString,
      },
    });
    new CfnOutput(this, "Function", { value: hello.functionName });
  }
}

new HelloStack(new App(), "ColdtraceHello");
