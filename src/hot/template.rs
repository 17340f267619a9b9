//! A template's sections, taken apart and checked for form. No function is
//! carried out here.

use serde_json::{Map, Value};

use super::Refusal;
use super::parameters::Parameter;
use super::python;

/// Versions whose functions this evaluator follows, as Heat lists them.
const VERSIONS: [&str; 17] = [
    "2013-05-23",
    "2014-10-16",
    "2015-04-30",
    "2015-10-15",
    "2016-04-08",
    "2016-10-14",
    "2017-02-24",
    "2017-09-01",
    "2018-03-02",
    "2018-08-31",
    "2021-04-16",
    "newton",
    "ocata",
    "pike",
    "queens",
    "rocky",
    "wallaby",
];
/// Versions by the name of the release that brought them.
const RELEASES: [(&str, &str); 6] = [
    ("newton", "2016-10-14"),
    ("ocata", "2017-02-24"),
    ("pike", "2017-09-01"),
    ("queens", "2018-03-02"),
    ("rocky", "2018-08-31"),
    ("wallaby", "2021-04-16"),
];
const SECTIONS: [&str; 7] =
    ["heat_template_version", "description", "parameter_groups", "parameters", "resources", "outputs", "conditions"];
const RESOURCE_KEYS: [&str; 9] = [
    "type",
    "properties",
    "metadata",
    "depends_on",
    "deletion_policy",
    "update_policy",
    "description",
    "condition",
    "external_id",
];

/// A template with its sections apart.
#[derive(Debug, Clone)]
pub struct Template {
    /// As a date; the names of OpenStack's releases stand for one.
    pub version: String,
    pub description: String,
    pub parameters: Vec<Parameter>,
    pub conditions: Map<String, Value>,
    pub resources: Vec<Resource>,
    pub outputs: Vec<Output>,
}

/// A resource as written.
#[derive(Debug, Clone)]
pub struct Resource {
    pub name: String,
    pub kind: String,
    pub properties: Value,
    pub metadata: Value,
    pub depends_on: Vec<String>,
    pub condition: Option<Value>,
    pub description: String,
    /// `Retain`: left alone when the stack goes.
    pub retain: bool,
}

/// An output as written.
#[derive(Debug, Clone)]
pub struct Output {
    pub name: String,
    pub description: String,
    pub value: Value,
    pub condition: Option<Value>,
}

/// Parses YAML (or JSON) text as Heat reads templates and environments.
/// The error is the parser's words.
pub fn yaml(text: &str) -> Result<Value, String> {
    serde_saphyr::from_str::<Value>(text).map_err(|error| crate::model::text::clean(&error.to_string()))
}

/// A posted template, which is an object already or text.
pub fn read(posted: &Value) -> Result<Value, Refusal> {
    let value = match posted {
        Value::String(text) => yaml(text).map_err(|words| {
            Refusal::request(format!("Template not in valid format: Error parsing template [root stack] {words}"))
        })?,
        other => other.clone(),
    };
    if value.is_object() {
        Ok(value)
    } else {
        Err(Refusal::request("Template not in valid format: The template is not a JSON object or YAML mapping."))
    }
}

impl Template {
    pub fn parse(raw: &Value) -> Result<Self, Refusal> {
        let empty = Map::new();
        let map = raw.as_object().unwrap_or(&empty);
        check_version(map)?;
        if let Some(unknown) = map.keys().find(|key| !SECTIONS.contains(&key.as_str())) {
            return Err(Refusal::invalid(format!("The template section is invalid: {unknown}")));
        }
        let parameters = section(map, "parameters")?
            .iter()
            .map(|(name, schema)| Parameter::parse(name, schema))
            .collect::<Result<Vec<_>, _>>()?;
        let resources = section(map, "resources")?
            .iter()
            .map(|(name, snippet)| Resource::parse(name, snippet))
            .collect::<Result<Vec<_>, _>>()?;
        let outputs = section(map, "outputs")?
            .iter()
            .map(|(name, snippet)| Output::parse(name, snippet))
            .collect::<Result<Vec<_>, _>>()?;
        let conditions = section(map, "conditions")?.clone();
        let version = map.get("heat_template_version").map(python::text).unwrap_or_default();
        let date = RELEASES.iter().find(|(name, _)| *name == version).map(|(_, date)| (*date).to_owned());
        let template = Self {
            version: date.unwrap_or(version),
            description: map.get("description").map(python::text).unwrap_or_else(|| "No description".to_owned()),
            parameters,
            conditions,
            resources,
            outputs,
        };
        template.check_names()?;
        Ok(template)
    }

    /// A parameter and a resource must not share a name.
    fn check_names(&self) -> Result<(), Refusal> {
        let twice: Vec<String> = self
            .parameters
            .iter()
            .filter(|p| self.resources.iter().any(|r| r.name == p.name))
            .map(|p| format!("'{}'", p.name))
            .collect();
        if twice.is_empty() {
            Ok(())
        } else {
            Err(Refusal::invalid(format!("Duplicate names {{{}}}", twice.join(", "))))
        }
    }
}

fn check_version(map: &Map<String, Value>) -> Result<(), Refusal> {
    let kind = "InvalidTemplateVersion";
    let Some(version) = map.get("heat_template_version") else {
        return Err(Refusal::new(kind, "The template version is invalid: Template version was not provided"));
    };
    let version = python::text(version);
    if VERSIONS.contains(&version.as_str()) {
        return Ok(());
    }
    Err(Refusal::new(
        kind,
        format!(
            "The template version is invalid: \"heat_template_version: {version}\". \"heat_template_version\" should be one of: {}",
            VERSIONS.join(", ")
        ),
    ))
}

fn section<'v>(map: &'v Map<String, Value>, name: &str) -> Result<&'v Map<String, Value>, Refusal> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    match map.get(name) {
        None | Some(Value::Null) => Ok(&EMPTY),
        Some(Value::Object(section)) => Ok(section),
        Some(_) if name == "parameters" => Err(Refusal::stumble("AttributeError")),
        Some(other) => Err(Refusal::invalid(format!(
            "\"{name}\" must contain a map of {} maps. Found a [<class '{}'>] instead",
            name.trim_end_matches('s'),
            python::class(other)
        ))),
    }
}

impl Resource {
    /// Also used for the `resource_def` of a group.
    pub fn parse(name: &str, snippet: &Value) -> Result<Self, Refusal> {
        let Some(map) = snippet.as_object() else {
            return Err(Refusal::invalid(if python::truth(snippet) {
                format!(
                    "\"resources\" must contain a map of resource maps. Found a [<class '{}'>] instead",
                    python::class(snippet)
                )
            } else {
                "Each resource must contain a type key.".to_owned()
            }));
        };
        if let Some(key) = map.keys().find(|key| !RESOURCE_KEYS.contains(&key.as_str())) {
            return Err(Refusal::invalid(format!("\"{key}\" is not a valid keyword inside a resource definition")));
        }
        let kind = match map.get("type") {
            Some(Value::String(kind)) if !kind.is_empty() => kind.clone(),
            None => return Err(Refusal::invalid("Each resource must contain a type key.")),
            Some(_) => return Err(Refusal::at(&format!("resources.{name}.type"), "Resource type is not a string")),
        };
        let depends_on = match map.get("depends_on") {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(many)) if many.iter().all(Value::is_string) => many.iter().map(python::text).collect(),
            Some(_) => {
                return Err(Refusal::invalid(format!("Resource {name} depends_on type must be list or string")));
            }
        };
        let properties = match map.get("properties") {
            None | Some(Value::Null) => Value::Object(Map::new()),
            Some(map @ Value::Object(_)) => map.clone(),
            Some(_) => return Err(Refusal::invalid(format!("Resource {name} properties type must be object"))),
        };
        let retain = match map.get("deletion_policy").and_then(Value::as_str) {
            None => false,
            Some(policy) => match policy.to_lowercase().as_str() {
                "retain" => true,
                "delete" | "snapshot" => false,
                _ => return Err(Refusal::invalid(format!("Invalid deletion policy \"{policy}\""))),
            },
        };
        Ok(Self {
            name: name.to_owned(),
            kind,
            properties,
            metadata: map.get("metadata").cloned().unwrap_or_else(|| Value::Object(Map::new())),
            depends_on,
            condition: map.get("condition").filter(|c| !c.is_null()).cloned(),
            description: map.get("description").map(python::text).unwrap_or_default(),
            retain,
        })
    }
}

impl Output {
    fn parse(name: &str, snippet: &Value) -> Result<Self, Refusal> {
        let refuse = |words: &str| Refusal::output(&format!("outputs.{name}"), words);
        let no_value = || refuse("Each output definition must contain a value key.");
        let map = match snippet {
            Value::Object(map) => map,
            other => {
                return Err(refuse(&format!("Found a [{}] instead of a map", python::class(other))));
            }
        };
        if let Some(key) = map.keys().find(|key| !["description", "value", "condition"].contains(&key.as_str())) {
            return Err(refuse(&format!("\"{key}\" is not a valid keyword inside a output definition")));
        }
        Ok(Self {
            name: name.to_owned(),
            description: map.get("description").map_or_else(|| "No description given".to_owned(), python::text),
            value: map.get("value").cloned().ok_or_else(no_value)?,
            condition: map.get("condition").filter(|c| !c.is_null()).cloned(),
        })
    }
}
