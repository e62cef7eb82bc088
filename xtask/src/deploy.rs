//! `cargo xtask deploy`: each recipe of `deploy/` is taken by its own tool, and what the tool makes of it is read.
//!
//! A tool that ends with 0 has found no mistake; that the function is attached is not its concern. So each check reads
//! the layer, the environment and the architecture from what came out. Nothing is deployed and no account is asked:
//! where a tool can't go without, the table says what stood in for it. Recipes run in a copy, so that nothing that
//! tools leave behind lies in the tree.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use crate::run::quiet;

use recipes::Recipe;
use workshop::Workshop;

mod attached;
mod recipes;
mod workshop;

/// The tools of Python, for the recipes that are checked on every run.
pub(crate) const REQUIREMENTS: &str = "deploy/tools/requirements.txt";

/// One run of one tool.
struct ToolRun {
    /// Its name and the version that ran.
    tool: String,
    /// What it could not do here, or what ran in its place.
    replaced: String,
    took: Duration,
}

/// A CloudFormation template, for the linter.
struct Template {
    path: PathBuf,
    /// What people wrote must be free of warnings; what a tool made, of errors.
    by_hand: bool,
}

/// What came of a recipe.
#[derive(Default)]
struct Checked {
    runs: Vec<ToolRun>,
    templates: Vec<Template>,
}

/// A line of the table.
type Line = (&'static str, ToolRun);

/// Checks the recipes that take seconds.
pub(crate) fn run_quick(root: &Path) -> anyhow::Result<()> {
    run(root, &recipes::QUICK.map(str::to_owned))
}

/// Checks the recipes of these names, or all where none is named; tells everything that is wrong.
pub(crate) fn run(root: &Path, names: &[String]) -> anyhow::Result<()> {
    let known = recipes::RECIPES.map(|recipe| recipe.name);
    if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
        bail!(
            "no recipe is called {unknown}; there are {}",
            known.join(", ")
        );
    }
    let workshop = Workshop::open(root)?;
    let mut wrong = Vec::new();
    let mut lines: Vec<Line> = Vec::new();
    let mut templates = Vec::new();
    for recipe in recipes::RECIPES {
        let name = recipe.name;
        if !names.is_empty() && !names.iter().any(|asked| asked == name) {
            continue;
        }
        match check(&workshop, &recipe) {
            Ok(checked) => {
                lines.extend(checked.runs.into_iter().map(|run| (name, run)));
                templates.extend(checked.templates);
            }
            Err(error) => wrong.push(format!("{name}: {error:#}")),
        }
    }
    if !templates.is_empty() {
        let linted = lint(&workshop, &templates, &mut wrong)?;
        lines.push(("(templates)", linted));
    }
    print(&lines);
    if !wrong.is_empty() {
        bail!("deploy:\n  {}", wrong.join("\n  "));
    }
    Ok(())
}

fn check(workshop: &Workshop<'_>, recipe: &Recipe) -> anyhow::Result<Checked> {
    let copy = workshop.copy(recipe.name)?;
    let answer = workshop.call(&copy.join(recipe.handler))?;
    ensure!(
        answer["statusCode"] == 200,
        "{} answered {answer}",
        recipe.handler
    );
    (recipe.check)(workshop, &copy)
}

/// All templates in one run: most of the linter's time is its start.
fn lint(
    workshop: &Workshop<'_>,
    templates: &[Template],
    wrong: &mut Vec<String>,
) -> anyhow::Result<ToolRun> {
    let started = Instant::now();
    let mut command = workshop.python_tool("cfn-lint");
    command
        .args(["--format", "json", "--non-zero-exit-code", "none"])
        .args(["--regions", recipes::REGION, "--"])
        .args(templates.iter().map(|template| &template.path));
    let printed = quiet("cfn-lint", &mut command)?;
    let findings: Vec<Value> = serde_json::from_str(&printed).context("read cfn-lint's report")?;
    for finding in &findings {
        let text = |pointer: &str| finding.pointer(pointer).and_then(Value::as_str);
        let path = Path::new(text("/Filename").context("a finding names no file")?);
        let template = templates.iter().find(|template| template.path == path);
        let template = template.context("a finding is of another file")?;
        if template.by_hand || text("/Level") == Some("Error") {
            wrong.push(format!(
                "{}: {}: {}",
                workshop.shown(path).display(),
                text("/Rule/Id").unwrap_or_default(),
                text("/Message").unwrap_or_default()
            ));
        }
    }
    Ok(ToolRun {
        tool: format!("cfn-lint {}", workshop.python_version("cfn_lint")?),
        replaced: format!(
            "{} templates; the linter's own rules, no account was asked",
            templates.len()
        ),
        took: started.elapsed(),
    })
}

fn print(lines: &[Line]) {
    let tool_width = lines.iter().map(|(_, run)| run.tool.len()).max();
    let tool_width = tool_width.unwrap_or_default();
    for (recipe, run) in lines {
        eprintln!(
            "{recipe:>12}  {:<tool_width$}  {:>5.1} s  {}",
            run.tool,
            run.took.as_secs_f64(),
            run.replaced
        );
    }
}
