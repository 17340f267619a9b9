//! All templates together, under every choice of environment files: what a type stands for,
//! what a nested template takes and gives, which files are needed, how much a server is told.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::template::{Anything, calls, first, parameters, values};
use super::{Findings, MANIFEST, Subject, is_yaml};
use crate::hot::schema::Type;
use crate::hot::template::{self, Resource, Template};
use crate::hot::{Blueprint, Environment, Inputs, validate};

/// Bytes of user data that Nova takes: 65 535 once it is written in base64.
/// <https://docs.openstack.org/api-ref/compute/#create-server>
const USER_DATA_MAX: usize = 65_535 / 4 * 3;
/// Environment files are tried in every combination of up to this many choices.
const CHOICES_MAX: u32 = 8;
/// Templates nested deeper than this are Heat's to refuse.
const DEEPEST: usize = 6;
/// Types that stand for a template and are made several times.
const GROUP: &str = "OS::Heat::ResourceGroup";
/// Attributes of every resource, and of groups.
const COMMON: [&str; 6] = ["show", "refs", "refs_map", "attributes", "removed_rsrc_list", "outputs"];

/// A template where it is used.
struct Frame<'a> {
    file: &'a str,
    template: &'a Template,
    /// Its parameters' values in the template above, when there is one.
    above: Option<(&'a Frame<'a>, &'a Map<String, Value>)>,
}

struct Walk<'a, 'f> {
    subject: &'a Subject<'a>,
    environment: &'a Environment,
    /// The environment files, for messages.
    chosen: String,
    found: &'f mut Findings,
    used: &'f mut BTreeSet<String>,
    /// Type as written -> templates it was seen to stand for.
    stands_for: &'f mut BTreeMap<String, BTreeSet<String>>,
    /// There is a type whose properties nobody here knows.
    strange: bool,
}

/// Gives the files that are needed under any choice.
pub fn check(subject: &Subject<'_>, found: &mut Findings) -> BTreeSet<String> {
    let manifest = subject.manifest;
    let main = manifest.template.as_str();
    let mut used = BTreeSet::from([main.to_owned()]);
    let Some(template) = subject.templates.get(main) else {
        if subject.files.get(main).is_some_and(|text| !text.contains("heat_template_version")) {
            found.error(main, "not a template: it has no heat_template_version");
        }
        return subject.files.keys().cloned().collect();
    };
    ends(subject, template, found);
    for choice in &manifest.environments {
        for name in choice.then.iter().chain(&choice.otherwise) {
            used.insert(name.clone());
            if subject.files.contains_key(name)
                && let Err(refusal) = Environment::merge(None, std::slice::from_ref(name), subject.files)
            {
                found.error(name, refusal.message());
            }
        }
    }
    let mut stands_for = BTreeMap::new();
    for names in combinations(subject) {
        let Ok(environment) = Environment::merge(None, &names, subject.files) else { continue };
        let before = found.has_errors();
        let mut walk = Walk {
            subject,
            environment: &environment,
            chosen: if names.is_empty() { String::new() } else { format!(" with {}", names.join(", ")) },
            found,
            used: &mut used,
            stands_for: &mut stands_for,
            strange: false,
        };
        walk.template(&Frame { file: main, template, above: None }, 0);
        if !walk.strange && !before && !found.has_errors() {
            rehearse(subject, &environment, found);
        }
    }
    idle_parameters(subject, &stands_for, &used, found);
    for name in used.iter().filter(|name| **name != *main && !is_environment(subject, name)) {
        if !manifest.files.contains(name) && subject.files.contains_key(name) {
            found.error(MANIFEST, format!("files does not name {name}: Heat would not get it"));
        }
    }
    let packed = manifest.archives.values().flat_map(BTreeMap::values);
    used.extend(packed.filter(|source| subject.files.contains_key(*source)).cloned());
    used
}

fn is_environment(subject: &Subject<'_>, name: &str) -> bool {
    subject
        .manifest
        .environments
        .iter()
        .any(|choice| [&choice.then, &choice.otherwise].contains(&&Some(name.to_owned())))
}

/// What goes into the main template and what is read from it.
fn ends(subject: &Subject<'_>, template: &Template, found: &mut Findings) {
    let manifest = subject.manifest;
    let sent: BTreeSet<&String> = manifest.parameters.keys().chain(manifest.archives.keys()).collect();
    for name in &sent {
        if !template.parameters.iter().any(|parameter| parameter.name == **name) {
            found.error(MANIFEST, format!("parameter {name} is sent, but {} does not declare it", manifest.template));
        }
    }
    for parameter in &template.parameters {
        if parameter.default.is_none() && !sent.contains(&parameter.name) {
            let told = format!("parameters.{}: has no default and {MANIFEST} does not send it", parameter.name);
            found.error(&manifest.template, told);
        }
    }
    let outputs = serde_json::to_value(&manifest.outputs).unwrap_or_default();
    for (attribute, name) in outputs.as_object().into_iter().flatten() {
        let Some(name) = name.as_str() else { continue };
        if !template.outputs.iter().any(|output| output.name == name) {
            let told = format!("outputs: {attribute} is read from {name}, which {} does not have", manifest.template);
            found.error(MANIFEST, told);
        }
    }
}

/// Every choice of environment files; with too many choices, each switch for itself.
fn combinations(subject: &Subject<'_>) -> Vec<Vec<String>> {
    let choices = &subject.manifest.environments;
    let bits = u32::try_from(choices.len()).unwrap_or(u32::MAX);
    let masks: Vec<u64> = if bits <= CHOICES_MAX {
        (0..1u64 << bits).collect()
    } else {
        [0, u64::MAX].into_iter().chain((0..bits.min(63)).flat_map(|bit| [1 << bit, !(1u64 << bit)])).collect()
    };
    let chosen = |mask: u64| {
        let files = choices.iter().enumerate().filter_map(|(nth, choice)| {
            if mask >> nth.min(63) & 1 == 1 { choice.then.clone() } else { choice.otherwise.clone() }
        });
        files.filter(|name| subject.files.contains_key(name)).collect()
    };
    let all: BTreeSet<Vec<String>> = masks.into_iter().map(chosen).collect();
    all.into_iter().collect()
}

impl<'a> Walk<'a, '_> {
    fn template(&mut self, frame: &Frame<'_>, depth: usize) {
        if depth > DEEPEST {
            let told = format!("templates are nested deeper than {DEEPEST}{}: do they name each other?", self.chosen);
            self.found.error(frame.file, told);
            return;
        }
        for (place, value) in values(frame.template) {
            calls(value, &place, &mut |function, args, place| match (function, first(args)) {
                ("get_file", Some(name)) => {
                    self.used.insert(name.to_owned());
                }
                ("get_attr", Some(name)) => self.attribute(frame, name, args, place),
                _ => {}
            });
        }
        for resource in &frame.template.resources {
            self.resource(frame, &resource.name, &resource.kind, &resource.properties, depth);
        }
    }

    fn target(&self, name: &str, kind: &str) -> String {
        self.environment.target(kind, name)
    }

    fn resource(&mut self, frame: &Frame<'_>, name: &str, kind: &str, properties: &Value, depth: usize) {
        let target = self.target(name, kind);
        let place = format!("resources.{name}");
        let empty = Map::new();
        let properties = properties.as_object().unwrap_or(&empty);
        if is_yaml(&target) {
            self.used.insert(target.clone());
            self.stands_for.entry(kind.to_owned()).or_default().insert(target.clone());
            match self.subject.templates.get_key_value(target.as_str()) {
                Some((file, template)) => {
                    self.taken(frame.file, &place, file, template, properties);
                    self.template(&Frame { file, template, above: Some((frame, properties)) }, depth + 1);
                }
                None if !self.subject.files.contains_key(&target) => {
                    self.found.error(frame.file, format!("{place}: there is no file {target}{}", self.chosen));
                }
                None => {}
            }
        } else if target == GROUP {
            let Some(definition) = properties.get("resource_def").and_then(Value::as_object) else { return };
            if let Some(kind) = definition.get("type").and_then(Value::as_str) {
                let inner = definition.get("properties").unwrap_or(&Value::Null);
                self.resource(frame, name, kind, inner, depth);
            }
        } else if Type::named(&target).is_none() {
            if target.starts_with("OS::") {
                self.strange = true;
                self.found.warning(frame.file, format!("{place}: type {target} is not known here and not checked"));
            } else {
                let told = format!("{place}: type {target} stands for nothing{}", self.chosen);
                self.found.error(frame.file, told);
            }
        } else if target == "OS::Nova::Server"
            && let Some(data) = properties.get("user_data")
        {
            let mut sources = BTreeSet::new();
            self.sources(frame, data, &mut sources, 0);
            let size: usize = sources.iter().filter_map(|name| self.subject.files.get(name)).map(String::len).sum();
            if size > USER_DATA_MAX {
                let told = format!(
                    "{place}: its user data is made of files of {size} bytes; Nova takes {USER_DATA_MAX}: {}",
                    sources.into_iter().collect::<Vec<_>>().join(", ")
                );
                self.found.error(frame.file, told);
            }
        }
    }

    /// A nested template's parameters are its properties.
    fn taken(&mut self, file: &str, place: &str, inner: &str, template: &Template, given: &Map<String, Value>) {
        for name in given.keys().filter(|name| !template.parameters.iter().any(|p| p.name == **name)) {
            self.found.error(file, format!("{place}: {inner} has no parameter {name}"));
        }
        for parameter in &template.parameters {
            if parameter.default.is_none() && !given.contains_key(&parameter.name) {
                self.found.error(file, format!("{place}: {inner} needs the parameter {}", parameter.name));
            }
        }
    }

    /// What `get_attr` asks of a nested template must be one of its outputs.
    fn attribute(&mut self, frame: &Frame<'_>, resource: &str, args: &Value, place: &str) {
        let Some(asked) = args.get(1).and_then(Value::as_str).filter(|name| !COMMON.contains(name)) else { return };
        let Some(resource) = frame.template.resources.iter().find(|known| known.name == resource) else { return };
        let mut target = self.target(&resource.name, &resource.kind);
        let mut asked = asked;
        if target == GROUP {
            let member = member_type(resource).unwrap_or_default();
            target = self.target(&resource.name, member);
            // `resource.0.address` is one member's.
            if let Some(rest) = asked.strip_prefix("resource.") {
                asked = rest.split_once('.').map_or("", |(_, attribute)| attribute);
            }
        }
        if asked.is_empty() || COMMON.contains(&asked) {
            return;
        }
        if let Some(template) = self.subject.templates.get(target.as_str()) {
            let asked = if asked == "OS::stack_id" { None } else { Some(asked) };
            if let Some(asked) = asked.filter(|asked| !template.outputs.iter().any(|output| output.name == **asked)) {
                let told = format!("{place}: {target} has no output {asked}{}", self.chosen);
                self.found.error(frame.file, told);
            }
        } else if let Some(kind) = Type::named(&target)
            && kind.name != "OS::Heat::None"
            && !kind.attributes.iter().any(|known| known == asked)
        {
            self.found.error(frame.file, format!("{place}: {target} has no attribute {asked}{}", self.chosen));
        }
    }

    /// Files whose text becomes part of a value, through parameters, values and outputs.
    fn sources(&self, frame: &Frame<'_>, value: &Value, found: &mut BTreeSet<String>, depth: usize) {
        if depth > 24 {
            return;
        }
        calls(value, "", &mut |function, args, _| match (function, first(args)) {
            ("get_file", Some(name)) => {
                found.insert(name.to_owned());
            }
            ("get_param", Some(name)) => {
                if let Some((above, given)) = frame.above
                    && let Some(value) = given.get(name)
                {
                    self.sources(above, value, found, depth + 1);
                }
            }
            ("get_attr", Some(name)) => {
                let Some(resource) = frame.template.resources.iter().find(|known| known.name == name) else { return };
                let target = self.target(name, &resource.kind);
                let properties = resource.properties.as_object();
                match (self.subject.templates.get_key_value(target.as_str()), properties) {
                    (Some((file, template)), Some(properties)) => {
                        let inner = Frame { file, template, above: Some((frame, properties)) };
                        let asked = args.get(1).and_then(Value::as_str);
                        for output in template.outputs.iter().filter(|output| Some(output.name.as_str()) == asked) {
                            self.sources(&inner, &output.value, found, depth + 1);
                        }
                    }
                    (None, _) if target == "OS::Heat::Value" => {
                        self.sources(frame, &resource.properties, found, depth + 1);
                    }
                    _ => {}
                }
            }
            _ => {}
        });
    }
}

fn member_type(group: &Resource) -> Option<&str> {
    group.properties.get("resource_def")?.get("type")?.as_str()
}

/// Declared and taken by nothing. Templates that stand for the same type take the same
/// parameters, so one that only its siblings use is no fault; and what the manifest sends to
/// the main template may be there to be read off the stack, as `revision` is.
fn idle_parameters(
    subject: &Subject<'_>,
    stands_for: &BTreeMap<String, BTreeSet<String>>,
    used: &BTreeSet<String>,
    found: &mut Findings,
) {
    for (name, template) in subject.templates.iter().filter(|(name, _)| used.contains(**name)) {
        let siblings = stands_for.values().filter(|all| all.contains(*name)).flatten();
        let taken: BTreeSet<&str> = siblings
            .filter_map(|sibling| subject.templates.get(sibling.as_str()))
            .chain([template])
            .flat_map(parameters)
            .collect();
        let is_main = **name == subject.manifest.template;
        let sent = |name: &String| is_main && subject.manifest.parameters.contains_key(name);
        let untaken = template.parameters.iter().filter(|parameter| !taken.contains(parameter.name.as_str()));
        for idle in untaken.filter(|parameter| !sent(&parameter.name)) {
            found.warning(name, format!("parameters.{} is declared but not used", idle.name));
        }
    }
}

/// Heat's own checks, with what the manifest sends not known yet.
fn rehearse(subject: &Subject<'_>, environment: &Environment, found: &mut Findings) {
    let manifest = subject.manifest;
    let Some(raw) = subject.files.get(&manifest.template).and_then(|text| template::yaml(text).ok()) else { return };
    let sent = manifest.parameters.keys().chain(manifest.archives.keys());
    let parameters = sent.map(|name| (name.clone(), None)).collect();
    let inputs = Inputs {
        stack_name: "checked",
        stack_id: "checked",
        project_id: "checked",
        parameters: &parameters,
        environment,
        files: subject.files,
        lookup: &Anything,
    };
    let checked = Blueprint::draw(&raw, &inputs).and_then(|blueprint| validate::check(&blueprint, &inputs));
    if let Err(refusal) = checked {
        found.error(&manifest.template, refusal.message());
    }
}
