//! What makes a function attached, looked for in what a tool made of its recipe.

use anyhow::{Context as _, bail, ensure};
use serde_json::{Value, json};

/// What a function must have been given. Values are as the tool writes them: text, or a reference to a parameter.
#[derive(PartialEq)]
pub(super) struct Attachment {
    /// None for a container image, which brings the extension itself.
    pub(super) layers: Option<Value>,
    pub(super) architectures: Value,
    pub(super) endpoint: Value,
    pub(super) api_key: Value,
}

// === impl Attachment ===

impl Attachment {
    /// Reads the settings of a function of CloudFormation's, or of SAM's, which are called the same.
    pub(super) fn of_function(properties: &Value) -> Self {
        let variable = |name: &str| properties["Environment"]["Variables"][name].clone();
        Self {
            layers: properties.get("Layers").cloned(),
            architectures: properties["Architectures"].clone(),
            endpoint: variable("COLDTRACE_ENDPOINT"),
            api_key: variable("COLDTRACE_API_KEY"),
        }
    }

    /// Fails unless this is what was found.
    pub(super) fn expect(&self, found: &Self) -> anyhow::Result<()> {
        ensure!(
            self == found,
            "the function is not attached as it should be:\n    expected {}\n    found    {}",
            self.shown(),
            found.shown()
        );
        Ok(())
    }

    fn shown(&self) -> Value {
        json!({
            "layers": self.layers,
            "architectures": self.architectures,
            "endpoint": self.endpoint,
            "api key": self.api_key,
        })
    }
}

/// The settings of the one function of a template.
pub(super) fn only_function(template: &Value) -> anyhow::Result<&Value> {
    let resources = template["Resources"].as_object().context("no resources")?;
    let mut functions = resources.values().filter(|resource| {
        let kind = resource["Type"].as_str();
        matches!(
            kind,
            Some("AWS::Lambda::Function" | "AWS::Serverless::Function")
        )
    });
    match (functions.next(), functions.next()) {
        (Some(function), None) => Ok(&function["Properties"]),
        _ => bail!("expected one function in the template"),
    }
}

/// Fails unless the parameter is there, without a value, and is never shown.
pub(super) fn expect_hidden(template: &Value, parameter: &str) -> anyhow::Result<()> {
    let found = &template["Parameters"][parameter];
    ensure!(
        found["NoEcho"] == json!(true) && found.get("Default").is_none(),
        "the parameter {parameter} must have NoEcho and no default: {found}"
    );
    Ok(())
}

/// A reference to a parameter, as CloudFormation writes it.
pub(super) fn reference(parameter: &str) -> Value {
    json!({ "Ref": parameter })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(layers: &Value) -> Value {
        json!({ "Resources": {
            "Role": { "Type": "AWS::IAM::Role" },
            "Hello": { "Type": "AWS::Lambda::Function", "Properties": {
                "Architectures": ["arm64"],
                "Layers": layers,
                "Environment": { "Variables": {
                    "COLDTRACE_ENDPOINT": "http://collector:4317",
                    "COLDTRACE_API_KEY": { "Ref": "Key" },
                } },
            } },
        } })
    }

    fn expected() -> Attachment {
        Attachment {
            layers: Some(json!([{ "Ref": "Layer" }])),
            architectures: json!(["arm64"]),
            endpoint: json!("http://collector:4317"),
            api_key: reference("Key"),
        }
    }

    fn check(template: &Value) -> anyhow::Result<()> {
        expected().expect(&Attachment::of_function(only_function(template)?))
    }

    #[test]
    fn a_function_with_everything_is_attached() {
        let template = template(&json!([{ "Ref": "Layer" }]));
        assert!(check(&template).is_ok());
    }

    #[test]
    fn another_layer_or_a_missing_variable_is_told() {
        assert!(check(&template(&json!(["arn"]))).is_err());
        let mut without_key = template(&json!([{ "Ref": "Layer" }]));
        let function = &mut without_key["Resources"]["Hello"]["Properties"];
        function["Environment"]["Variables"] = json!({});
        assert!(check(&without_key).is_err());
    }

    #[test]
    fn a_second_function_is_told() {
        let mut two = template(&json!([{ "Ref": "Layer" }]));
        two["Resources"]["Other"] = json!({ "Type": "AWS::Lambda::Function" });
        assert!(only_function(&two).is_err());
    }

    #[test]
    fn a_key_that_is_shown_or_written_down_is_told() {
        let check = |parameter: Value| {
            expect_hidden(&json!({ "Parameters": { "Key": parameter } }), "Key").is_ok()
        };
        assert!(check(json!({ "NoEcho": true })));
        assert!(!check(json!({ "NoEcho": true, "Default": "ct_ingest_1" })));
        assert!(!check(json!({ "Type": "String" })));
    }
}
