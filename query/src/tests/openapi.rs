//! Holds replies to `query/openapi.yaml`: both ways, so that nothing is missing and nothing is told that is not described.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

/// The API's description.
pub(super) struct Description(Value);

/// One path that can be got.
pub(super) struct Endpoint {
    pub(super) path: String,
    pub(super) parameters: Vec<Parameter>,
    /// Whether it answers once, in JSON; what else there is goes on until its reader leaves.
    pub(super) ends: bool,
}

/// What may be asked for with it.
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) is_in_path: bool,
    pub(super) is_required: bool,
    /// With its references followed.
    pub(super) schema: Value,
}

impl Description {
    pub(super) fn read() -> Self {
        let text = include_str!("../../openapi.yaml");
        Self(serde_saphyr::from_str(text).expect("openapi.yaml is YAML"))
    }

    /// Every operation with each status that it may answer: method and path, as in `GET /api/v1/functions`.
    pub(super) fn answers(&self) -> BTreeSet<(String, u16)> {
        let paths = self.0["paths"].as_object().expect("paths");
        let operations = paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().expect("operations").iter();
            let methods = methods.filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| {
                (format!("{} {path}", method.to_uppercase()), operation)
            })
        });
        operations
            .flat_map(|(named, operation)| {
                let responses = operation["responses"].as_object().expect("responses");
                let statuses = responses
                    .keys()
                    .map(|status| status.parse().expect("a status"));
                statuses.map(move |status| (named.clone(), status))
            })
            .collect()
    }

    /// Everything that can be got.
    pub(super) fn endpoints(&self) -> Vec<Endpoint> {
        let paths = self.0["paths"].as_object().expect("paths");
        paths
            .iter()
            .filter(|(_, item)| item.get("get").is_some())
            .map(|(path, item)| {
                let shared = item.get("parameters").and_then(Value::as_array);
                let own = item["get"]["parameters"].as_array();
                let parameters = shared.into_iter().chain(own).flatten();
                let answer = &item["get"]["responses"]["200"]["content"];
                Endpoint {
                    path: path.clone(),
                    parameters: parameters.map(|one| self.parameter(one)).collect(),
                    ends: answer.get("application/json").is_some(),
                }
            })
            .collect()
    }

    fn parameter(&self, parameter: &Value) -> Parameter {
        let parameter = self.resolved(parameter);
        Parameter {
            name: parameter["name"].as_str().expect("a name").to_owned(),
            is_in_path: parameter["in"] == "path",
            is_required: parameter["required"] == true,
            schema: self.resolved(&parameter["schema"]).clone(),
        }
    }

    /// Panics where the body is not what the description promises of this operation, such as `GET /api/v1/functions`.
    pub(super) fn check(&self, operation: &str, status: u16, body: &Value) {
        let (method, path) = operation.split_once(' ').expect("a method and a path");
        let described = &self.0["paths"][path][method.to_lowercase()];
        let response = &described["responses"][status.to_string()];
        assert!(
            !response.is_null(),
            "{operation} must not answer {status}: {body:#}"
        );
        let schema = &self.resolved(response)["content"]["application/json"]["schema"];
        let mut faults = Vec::new();
        self.compare(schema, body, "", &mut faults);
        assert!(
            faults.is_empty(),
            "{operation} {status}: {faults:#?}\n{body:#}"
        );
    }

    /// Panics where it is not what the description calls by this name.
    pub(super) fn check_as(&self, schema: &str, value: &Value) {
        let schema = &self.0["components"]["schemas"][schema];
        let mut faults = Vec::new();
        self.compare(schema, value, "", &mut faults);
        assert!(faults.is_empty(), "{faults:#?}\n{value:#}");
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema.get("$ref") else {
            return schema;
        };
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.0.pointer(pointer));
        found.unwrap_or_else(|| panic!("{reference} is not there"))
    }

    /// With what the parts of `allOf` say as one, since each tells some fields only.
    fn whole<'a>(&'a self, schema: &'a Value) -> Cow<'a, Value> {
        let schema = self.resolved(schema);
        let Some(parts) = schema.get("allOf") else {
            return Cow::Borrowed(schema);
        };
        let mut whole = schema.as_object().expect("a schema").clone();
        whole.remove("allOf");
        for part in parts.as_array().expect("a list") {
            let part = self.whole(part);
            for (keyword, rule) in part.as_object().expect("a schema") {
                match (whole.get_mut(keyword), rule) {
                    (Some(Value::Object(known)), Value::Object(more)) => known.extend(more.clone()),
                    (Some(Value::Array(known)), Value::Array(more)) => known.extend(more.clone()),
                    (Some(known), rule) => assert_eq!(known, rule, "{keyword}"),
                    (None, rule) => {
                        whole.insert(keyword.clone(), rule.clone());
                    }
                }
            }
        }
        Cow::Owned(whole.into())
    }

    fn compare(&self, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        let schema = self.whole(schema);
        for (keyword, rule) in schema.as_object().expect("a schema") {
            let holds = match keyword.as_str() {
                "type" => one_or_many(rule).any(|name| has_type(value, name)),
                "enum" => rule.as_array().expect("a list").contains(value),
                "pattern" => fits(rule.as_str().expect("a pattern"), value),
                "minLength" => {
                    value.as_str().map_or(0, str::len) as u64 >= rule.as_u64().expect("a number")
                }
                "maxLength" => {
                    value.as_str().map_or(0, |text| text.chars().count()) as u64
                        <= rule.as_u64().expect("a number")
                }
                "minimum" => value
                    .as_i64()
                    .is_none_or(|number| number >= rule.as_i64().expect("a number")),
                "maximum" => value
                    .as_i64()
                    .is_none_or(|number| number <= rule.as_i64().expect("a number")),
                "required" => one_or_many(rule)
                    .all(|name| value.as_object().is_none_or(|it| it.contains_key(name))),
                "oneOf" => self.fits_one(rule, value),
                "properties" => {
                    self.compare_fields(rule, value, at, faults);
                    true
                }
                "additionalProperties" => {
                    if rule.is_object() {
                        for (name, field) in value.as_object().into_iter().flatten() {
                            self.compare(rule, field, &format!("{at}/{name}"), faults);
                        }
                    }
                    true
                }
                "items" => {
                    let elements = value.as_array().into_iter().flatten();
                    for (index, element) in elements.enumerate() {
                        self.compare(rule, element, &format!("{at}/{index}"), faults);
                    }
                    true
                }
                "description" | "default" => true,
                other => panic!("the test does not know `{other}`"),
            };
            if !holds {
                faults.push(format!("{at}: {value} breaks {keyword} {rule}"));
            }
        }
    }

    fn compare_fields(&self, known: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
        for (name, field) in value.as_object().into_iter().flatten() {
            match known.get(name) {
                Some(schema) => self.compare(schema, field, &format!("{at}/{name}"), faults),
                None => faults.push(format!("{at}/{name} is not described")),
            }
        }
    }

    fn fits_one(&self, schemas: &Value, value: &Value) -> bool {
        let schemas = schemas.as_array().expect("a list").iter();
        let fitting = schemas.filter(|schema| {
            let mut faults = Vec::new();
            self.compare(schema, value, "", &mut faults);
            faults.is_empty()
        });
        fitting.count() == 1
    }
}

fn one_or_many(rule: &Value) -> impl Iterator<Item = &str> {
    let many = rule.as_array().into_iter().flatten();
    many.chain(rule.is_string().then_some(rule))
        .filter_map(Value::as_str)
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        other => panic!("the test does not know the type `{other}`"),
    }
}

/// The patterns of the description: digits, with or without a sign.
fn fits(pattern: &str, value: &Value) -> bool {
    let Some(text) = value.as_str() else {
        return true;
    };
    let digits = match pattern {
        "^[0-9]+$" => text,
        "^-?[0-9]+$" => text.strip_prefix('-').unwrap_or(text),
        other => panic!("the test does not know the pattern `{other}`"),
    };
    !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
}
