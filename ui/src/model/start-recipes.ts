/** What to write and to run so that a function sends here, with the real address and key. As `docs/guides/attach.md` has it. */

import type { StartTab, Target } from "./start.ts";

export interface Recipe {
  /** As the address has it. */
  readonly id: string;
  readonly name: string;
  /** What to know before. */
  readonly note: string | null;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly title: string;
  readonly text: string;
}

export function recipesOf(tab: StartTab, target: Target): readonly Recipe[] {
  switch (tab) {
    case "lambda":
      return lambdaRecipes(target);
    case "otlp":
      return sdkRecipes(target);
    case "platforms":
      return platformRecipes(target);
    case "here":
      return hereRecipes(target);
  }
}

const step = (title: string, text: string): Step => ({ title, text });

const LAYER = step(
  "Publish the layer, once for each region and architecture",
  `coldtrace layer --out layers
aws lambda publish-layer-version --layer-name coldtrace-arm64 \\
  --zip-file fileb://layers/coldtrace-layer-arm64.zip \\
  --compatible-architectures arm64 --query LayerVersionArn --output text`,
);

const INVOKE = step("Invoke it", "aws lambda invoke --function-name NAME /dev/stdout");

function lambdaRecipes({ grpc, key }: Target): readonly Recipe[] {
  const variables = [`export COLDTRACE_ENDPOINT=${grpc}`, `export COLDTRACE_API_KEY=${key ?? "KEY"}`].join("\n");
  const named = step(
    "Say where it sends to; the first line is what the command above printed",
    `export COLDTRACE_LAYER_ARN=arn:aws:lambda:eu-central-1:123456789012:layer:coldtrace-arm64:1\n${variables}`,
  );
  const first = [LAYER, named];
  return [
    {
      id: "sam",
      name: "SAM",
      note: null,
      steps: [
        ...first,
        step(
          "Add to template.yaml",
          `Parameters:
  ColdtraceLayerArn:
    Type: String
  ColdtraceEndpoint:
    Type: String
  ColdtraceApiKey:
    Type: String
    NoEcho: true

Globals:
  Function:
    Layers: [!Ref ColdtraceLayerArn]
    Environment:
      Variables:
        COLDTRACE_ENDPOINT: !Ref ColdtraceEndpoint
        COLDTRACE_API_KEY: !Ref ColdtraceApiKey`,
        ),
        step(
          "Deploy",
          `sam build
sam deploy --capabilities CAPABILITY_IAM --parameter-overrides ColdtraceLayerArn=$COLDTRACE_LAYER_ARN \\
  ColdtraceEndpoint=$COLDTRACE_ENDPOINT ColdtraceApiKey=$COLDTRACE_API_KEY`,
        ),
        INVOKE,
      ],
    },
    {
      id: "cdk",
      name: "CDK",
      note: null,
      steps: [
        ...first,
        step(
          "Add to the stack",
          `const layerArn = new CfnParameter(this, "ColdtraceLayerArn");
const endpoint = new CfnParameter(this, "ColdtraceEndpoint");
const apiKey = new CfnParameter(this, "ColdtraceApiKey", { noEcho: true });

// In the properties of the function:
layers: [lambda.LayerVersion.fromLayerVersionArn(this, "Coldtrace", layerArn.valueAsString)],
environment: {
  COLDTRACE_ENDPOINT: endpoint.valueAsString,
  COLDTRACE_API_KEY: apiKey.valueAsString,
},`,
        ),
        step(
          "Deploy",
          `npx cdk deploy --parameters ColdtraceLayerArn=$COLDTRACE_LAYER_ARN \\
  --parameters ColdtraceEndpoint=$COLDTRACE_ENDPOINT --parameters ColdtraceApiKey=$COLDTRACE_API_KEY`,
        ),
        INVOKE,
      ],
    },
    {
      id: "serverless",
      name: "Serverless",
      note: null,
      steps: [
        ...first,
        step(
          "Keep the key where CloudFormation finds it, in the region of the function",
          `aws secretsmanager create-secret --name coldtrace/api-key --secret-string "$COLDTRACE_API_KEY"`,
        ),
        step(
          "Add to the function in serverless.yml",
          `layers:
  - \${env:COLDTRACE_LAYER_ARN}
environment:
  COLDTRACE_ENDPOINT: \${env:COLDTRACE_ENDPOINT}
  COLDTRACE_API_KEY: "{{resolve:secretsmanager:coldtrace/api-key}}"`,
        ),
        step("Deploy", "npx serverless deploy"),
        step("Invoke it", "npx serverless invoke --function NAME"),
      ],
    },
    {
      id: "sst",
      name: "SST",
      note: "sst dev runs functions on your machine, without layers: they are seen when they are deployed.",
      steps: [
        ...first,
        step(
          "Add to the function in sst.config.ts",
          `const apiKey = new sst.Secret("ColdtraceApiKey");

// In the arguments of the function:
layers: [process.env.COLDTRACE_LAYER_ARN!],
environment: {
  COLDTRACE_ENDPOINT: process.env.COLDTRACE_ENDPOINT!,
  COLDTRACE_API_KEY: apiKey.value,
},`,
        ),
        step(
          "Deploy",
          `npx sst secret set ColdtraceApiKey "$COLDTRACE_API_KEY" --stage production
npx sst deploy --stage production`,
        ),
        INVOKE,
      ],
    },
    {
      id: "architect",
      name: "Architect",
      note: "Architect gives variables to all functions of the app; attached are those with the layer.",
      steps: [
        ...first,
        step(
          "Add to config.arc beside the function, with the layer’s ARN",
          `@aws
architecture arm64
layers
  arn:aws:lambda:eu-central-1:123456789012:layer:coldtrace-arm64:1`,
        ),
        step(
          "Deploy",
          `npx arc env --add --env production COLDTRACE_ENDPOINT $COLDTRACE_ENDPOINT
npx arc env --add --env production COLDTRACE_API_KEY $COLDTRACE_API_KEY
npx arc deploy --production`,
        ),
        step("Invoke it at the address that was printed", "curl https://ADDRESS"),
      ],
    },
    {
      id: "terraform",
      name: "Terraform",
      note: "Terraform keeps the key in its state: keep the state where secrets may be.",
      steps: [
        ...first,
        step(
          "Add to the configuration",
          `variable "coldtrace_layer_arn" { type = string }
variable "coldtrace_endpoint" { type = string }
variable "coldtrace_api_key" {
  type      = string
  sensitive = true
}

# In the resource "aws_lambda_function":
layers = [var.coldtrace_layer_arn]
environment {
  variables = {
    COLDTRACE_ENDPOINT = var.coldtrace_endpoint
    COLDTRACE_API_KEY  = var.coldtrace_api_key
  }
}`,
        ),
        step(
          "Apply",
          `export TF_VAR_coldtrace_layer_arn=$COLDTRACE_LAYER_ARN TF_VAR_coldtrace_endpoint=$COLDTRACE_ENDPOINT \\
  TF_VAR_coldtrace_api_key=$COLDTRACE_API_KEY
terraform apply`,
        ),
        INVOKE,
      ],
    },
    {
      id: "image",
      name: "Container image",
      note: "A function from an image has no layers: the image brings the extension, of its own architecture.",
      steps: [
        step(
          "Put the extension beside the Dockerfile",
          "coldtrace layer --out layers\nunzip layers/coldtrace-layer-arm64.zip",
        ),
        step("Add to the Dockerfile", "COPY --chmod=0755 extensions/coldtrace /opt/extensions/coldtrace"),
        step(
          "Build and push",
          "docker build --platform linux/arm64 --provenance=false --tag $IMAGE .\ndocker push $IMAGE",
        ),
        step(
          "Deploy it with these variables of the function",
          `COLDTRACE_ENDPOINT=${grpc}\nCOLDTRACE_API_KEY=${key ?? "KEY"}`,
        ),
        INVOKE,
      ],
    },
  ];
}

/** By `x-api-key`: a value without a space is read alike by every SDK. */
function headers(key: string | null): readonly string[] {
  return key === null ? [] : [`OTEL_EXPORTER_OTLP_HEADERS=x-api-key=${key}`];
}

function variables({ http, key }: Target): readonly string[] {
  return [
    "OTEL_SERVICE_NAME=hello",
    `OTEL_EXPORTER_OTLP_ENDPOINT=${http}`,
    "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
    ...headers(key),
  ];
}

const exported = (lines: readonly string[]): string => lines.map(line => `export ${line}`).join("\n");

function sdkRecipes(target: Target): readonly Recipe[] {
  const where = step("Say where it sends to", exported(variables(target)));
  return [
    {
      id: "node",
      name: "Node",
      note: null,
      steps: [
        step("Install", "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node"),
        where,
        step("Run", "node --require @opentelemetry/auto-instrumentations-node/register app.js"),
      ],
    },
    {
      id: "python",
      name: "Python",
      note: null,
      steps: [
        step(
          "Install",
          "pip install opentelemetry-distro opentelemetry-exporter-otlp\nopentelemetry-bootstrap --action=install",
        ),
        where,
        step("Run", "opentelemetry-instrument python app.py"),
      ],
    },
    {
      id: "go",
      name: "Go",
      note: null,
      steps: [
        step(
          "Install",
          "go get go.opentelemetry.io/otel go.opentelemetry.io/otel/sdk \\\n  go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp",
        ),
        where,
        step(
          "Add where the program starts: the exporter reads the variables",
          `exporter, err := otlptracehttp.New(ctx)
if err != nil {
	return err
}
provider := trace.NewTracerProvider(trace.WithBatcher(exporter)) // go.opentelemetry.io/otel/sdk/trace
defer provider.Shutdown(ctx)
otel.SetTracerProvider(provider)`,
        ),
      ],
    },
    {
      id: "java",
      name: "Java",
      note: null,
      steps: [
        step(
          "Get the agent",
          "curl -LO https://github.com/open-telemetry/opentelemetry-java-instrumentation/releases/latest/download/opentelemetry-javaagent.jar",
        ),
        where,
        step("Run", "java -javaagent:opentelemetry-javaagent.jar -jar app.jar"),
      ],
    },
  ];
}

function platformRecipes(target: Target): readonly Recipe[] {
  const { http, key } = target;
  const destination = [
    `Traces:  ${http}/v1/traces`,
    `Logs:    ${http}/v1/logs`,
    ...(key === null ? [] : [`Header:  x-api-key: ${key}`]),
  ].join("\n");
  const [, ...unnamed] = variables(target);
  return [
    {
      id: "cloudflare",
      name: "Cloudflare Workers",
      note: "Workers make spans by themselves, and send them as OTLP to destinations of the account.",
      steps: [
        step("Make destinations for traces and logs in the dashboard, under Observability", destination),
        step(
          "Name them in wrangler.jsonc, as you called them",
          `"observability": {
  "traces": { "enabled": true, "destinations": ["coldtrace-traces"] },
  "logs": { "enabled": true, "destinations": ["coldtrace-logs"] }
}`,
        ),
        step("Deploy", "npx wrangler deploy"),
      ],
    },
    {
      id: "vercel",
      name: "Vercel",
      note: "Drains of traces are a part of paid plans.",
      steps: [step("Add a drain of traces in the team’s settings, as OTLP over HTTP, to", destination)],
    },
    {
      id: "deno",
      name: "Deno",
      note: "Deno makes spans by itself for what it serves and fetches.",
      steps: [
        step(
          "Run with these variables",
          `${exported(["OTEL_DENO=true", ...variables(target)])}\ndeno run --allow-net main.ts`,
        ),
      ],
    },
    {
      id: "gcf",
      name: "Google Cloud Functions",
      note: "The function brings an OpenTelemetry SDK, here that of Node; its detector of resources names the function.",
      steps: [
        step("Install", "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node"),
        step(
          "Add to the command that deploys it",
          `--set-env-vars "${[
            "NODE_OPTIONS=--require @opentelemetry/auto-instrumentations-node/register",
            ...variables(target),
          ].join(",\\\n")}"`,
        ),
      ],
    },
    {
      id: "azure",
      name: "Azure Functions",
      note: "The host makes spans by itself once it is told to.",
      steps: [
        step("Add to host.json", `"telemetryMode": "OpenTelemetry"`),
        step(
          "Set in the app’s settings",
          `az functionapp config appsettings set --name NAME --resource-group GROUP --settings \\\n  ${unnamed.map(line => `"${line}"`).join(" \\\n  ")}`,
        ),
      ],
    },
  ];
}

function hereRecipes(target: Target): readonly Recipe[] {
  return [
    {
      id: "now",
      name: "One invocation, now",
      note: "A span of a function named hello, as its SDK would send it.",
      steps: [step("Paste into a terminal", oneInvocation(target))],
    },
    {
      id: "invoke",
      name: "A function of yours",
      note: "In an emulated sandbox, with the real extension beside it. It prints where the time went, and stores nothing.",
      steps: [step("Run in the folder of the function", "coldtrace invoke app.handler --event event.json")],
    },
  ];
}

/** One span of a function, as OTLP has it in JSON. */
function oneInvocation({ http, key }: Target): string {
  const attribute = (key: string, value: unknown) => ({ key, value });
  const span = {
    traceId: "TRACE",
    spanId: "SPAN",
    name: "hello",
    kind: 2,
    startTimeUnixNano: "START",
    endTimeUnixNano: "END",
    attributes: [
      attribute("faas.invocation_id", { stringValue: "REQUEST" }),
      attribute("faas.coldstart", { boolValue: true }),
    ],
  };
  const resource = { attributes: [attribute("service.name", { stringValue: "hello" })] };
  const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] })
    .replace("TRACE", "'$(openssl rand -hex 16)'")
    .replace("SPAN", "'$(openssl rand -hex 8)'")
    .replace("REQUEST", "'$(openssl rand -hex 8)'")
    .replace("START", "'$(date +%s)'000000000")
    .replace("END", "'$(date +%s)'042000000");
  const header = key === null ? "" : ` -H 'x-api-key: ${key}'`;
  return `curl ${http}/v1/traces -H 'content-type: application/json'${header} -d '${body}'`;
}
