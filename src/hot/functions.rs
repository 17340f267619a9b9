//! The intrinsic functions: one value with functions in it becomes one without.

use serde_json::{Map, Value};

use super::python;

/// Why a value could not be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// It hangs on a resource that is not there yet. While validating, that is no fault.
    Pending,
    /// Heat's words for what is wrong.
    Wrong(String),
}

pub type Eval<T> = Result<T, Stop>;

pub(super) fn wrong<T>(message: impl Into<String>) -> Eval<T> {
    Err(Stop::Wrong(message.into()))
}

/// What functions look things up in.
pub trait Scope {
    /// A parameter's value; `None`: no such parameter.
    fn param(&self, name: &str) -> Eval<Option<Value>>;
    /// A named condition; `None`: no such condition.
    fn condition(&self, name: &str) -> Eval<Option<bool>>;
    /// What `get_resource` gives.
    fn reference(&self, resource: &str) -> Eval<Value>;
    /// What `get_attr` gives, the path walked.
    fn attribute(&self, resource: &str, attribute: &str, path: &[Value]) -> Eval<Value>;
    /// A file posted with the template.
    fn file(&self, name: &str) -> Option<String>;
}

/// Every function of HOT with the template version that brought it, as Heat's
/// `engine/hot/template.py` has them. `if` takes two arguments since 2021-04-16.
pub const SINCE: [(&str, &str); 26] = [
    ("get_param", "2013-05-23"),
    ("get_resource", "2013-05-23"),
    ("get_attr", "2013-05-23"),
    ("get_file", "2013-05-23"),
    ("str_replace", "2013-05-23"),
    ("list_join", "2013-05-23"),
    ("resource_facade", "2013-05-23"),
    ("repeat", "2015-04-30"),
    ("digest", "2015-04-30"),
    ("str_split", "2015-10-15"),
    ("map_merge", "2016-04-08"),
    ("yaql", "2016-10-14"),
    ("map_replace", "2016-10-14"),
    ("if", "2016-10-14"),
    ("equals", "2016-10-14"),
    ("not", "2016-10-14"),
    ("and", "2016-10-14"),
    ("or", "2016-10-14"),
    ("filter", "2017-02-24"),
    ("str_replace_strict", "2017-02-24"),
    ("make_url", "2017-09-01"),
    ("list_concat", "2017-09-01"),
    ("list_concat_unique", "2017-09-01"),
    ("str_replace_vstrict", "2017-09-01"),
    ("contains", "2017-09-01"),
    ("if without else", "2021-04-16"),
];

/// Functions of Heat that this evaluator does not do; a template with one is refused.
const NOT_DONE: [&str; 4] = ["yaql", "make_url", "resource_facade", "list_concat_unique"];
/// Functions that stand for a value.
pub(super) const VALUES: [&str; 16] = [
    "get_param",
    "get_resource",
    "get_attr",
    "get_file",
    "str_replace",
    "str_replace_strict",
    "str_replace_vstrict",
    "list_join",
    "list_concat",
    "str_split",
    "repeat",
    "map_merge",
    "map_replace",
    "if",
    "digest",
    "filter",
];
/// Functions that stand for a condition.
const CONDITIONS: [&str; 6] = ["equals", "not", "and", "or", "contains", "get_param"];
/// Deeper nesting than this is refused rather than followed.
const DEPTH: usize = 96;

/// The function a value is a call of, with its arguments.
pub fn call(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let (name, args) = map.iter().next()?;
    let known = VALUES.contains(&name.as_str()) || NOT_DONE.contains(&name.as_str());
    (map.len() == 1 && known).then_some((name, args))
}

/// The value with all functions carried out; an omitted one (`if` without an else) is `None`.
pub fn resolve(scope: &dyn Scope, value: &Value) -> Eval<Value> {
    Ok(walk(scope, value, DEPTH)?.unwrap_or(Value::Null))
}

fn walk(scope: &dyn Scope, value: &Value, depth: usize) -> Eval<Option<Value>> {
    let Some(depth) = depth.checked_sub(1) else { return wrong("The template is nested too deep") };
    if let Some((name, args)) = call(value) {
        return carry_out(scope, name, args, depth);
    }
    Ok(Some(match value {
        Value::Array(items) => {
            let mut out = Vec::with_capacity(items.len());
            for item in items {
                out.extend(walk(scope, item, depth)?);
            }
            Value::Array(out)
        }
        Value::Object(map) => {
            let mut out = Map::new();
            for (key, item) in map {
                if let Some(item) = walk(scope, item, depth)? {
                    out.insert(key.clone(), item);
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    }))
}

fn carry_out(scope: &dyn Scope, name: &str, args: &Value, depth: usize) -> Eval<Option<Value>> {
    let eval = |value: &Value| -> Eval<Value> { Ok(walk(scope, value, depth)?.unwrap_or(Value::Null)) };
    Ok(Some(match name {
        "if" => return branch(scope, args)?.map_or(Ok(None), |value| walk(scope, value, depth)),
        "get_param" => get_param(scope, &eval(args)?)?,
        "get_resource" => match eval(args)? {
            Value::String(resource) => scope.reference(&resource)?,
            other => {
                return wrong(format!(
                    "The specified reference \"{}\" (in unknown) is incorrect.",
                    python::text(&other)
                ));
            }
        },
        "get_attr" => {
            let args = eval(args)?;
            let (resource, attribute, path) = attribute_arguments(&args)?;
            match attribute {
                Some(attribute) => scope.attribute(resource, attribute, path)?,
                None => {
                    return wrong(
                        "Arguments to \"get_attr\" must be of the form [resource_name, attribute, (path), ...]",
                    );
                }
            }
        }
        "get_file" => match eval(args)? {
            Value::String(file) => match scope.file(&file) {
                Some(text) => Value::String(text),
                None => return wrong(format!("No content found in the \"files\" section for get_file path: {file}")),
            },
            _ => return wrong("Argument to \"get_file\" must be a string"),
        },
        "str_replace" | "str_replace_strict" | "str_replace_vstrict" => {
            let (template, params) = replace_arguments(name, args)?;
            replace(name, &eval(template)?, &eval(params)?)?
        }
        "list_join" => list_join(&arguments(name, args, join_example)?, &eval)?,
        "list_concat" => {
            let lists = match eval(args)? {
                Value::Array(lists) => lists,
                _ => {
                    return wrong(
                        "Incorrect arguments to \"list_concat\" should be: \"list_concat\" : [ [ <value 1>, <value 2> ], [ <value 3>, <value 4> ] ]",
                    );
                }
            };
            let mut out = Vec::new();
            for list in lists {
                match list {
                    Value::Null => {}
                    Value::Array(items) => out.extend(items),
                    other => {
                        return wrong(format!(
                            "Incorrect arguments: Items to concat must be lists. {} is not a list.",
                            python::dumps(&other)
                        ));
                    }
                }
            }
            Value::Array(out)
        }
        "str_split" => split(&eval(args)?)?,
        "repeat" => repeat(args, &eval)?,
        "map_merge" => {
            let Value::Array(maps) = eval(args)? else {
                return wrong(
                    "Incorrect arguments to \"map_merge\" should be: \"map_merge\" : [ { \"key1\": \"val1\" }, { \"key2\": \"val2\" } ]",
                );
            };
            let mut out = Map::new();
            for map in maps {
                match map {
                    Value::Null => {}
                    Value::Object(map) => out.extend(map),
                    _ => return wrong("Incorrect arguments: Items to merge must be maps."),
                }
            }
            Value::Object(out)
        }
        "map_replace" => map_replace(&eval(args)?)?,
        "filter" => match eval(args)? {
            Value::Array(args) => match args.as_slice() {
                [Value::Array(unwanted), Value::Array(list)] => {
                    list.iter().filter(|v| !unwanted.contains(v)).cloned().collect()
                }
                _ => return wrong("\"filter\" only works with lists"),
            },
            _ => return wrong("Argument to \"filter\" must be a list"),
        },
        "digest" => digest(&eval(args)?)?,
        other => return wrong(format!("The function \"{other}\" is not supported by this cloud")),
    }))
}

/// The branch an `if` takes; `None`: the value is to be left out.
pub fn branch<'v>(scope: &dyn Scope, args: &'v Value) -> Eval<Option<&'v Value>> {
    match args.as_array().map(Vec::as_slice) {
        Some([cond, yes, rest @ ..]) if rest.len() < 2 => {
            Ok(if condition(scope, cond)? { Some(yes) } else { rest.first() })
        }
        _ => wrong("Arguments to \"if\" must be of the form: [condition_name, value_if_true, value_if_false]"),
    }
}

/// A condition: a boolean, a name, or one of the condition functions.
pub fn condition(scope: &dyn Scope, value: &Value) -> Eval<bool> {
    let both = |args: &Value, name: &str| -> Eval<Vec<Value>> {
        match args {
            Value::Array(list) if list.len() >= 2 => Ok(list.clone()),
            Value::Array(_) => wrong(format!("The minimum number of condition arguments to \"{name}\" is 2.")),
            _ => wrong(format!("Arguments to \"{name}\" must be a list of conditions")),
        }
    };
    match value {
        Value::Bool(yes) => Ok(*yes),
        Value::String(name) => {
            scope.condition(name)?.map_or_else(|| wrong(format!("Invalid condition \"{name}\"")), Ok)
        }
        Value::Object(map) if map.len() == 1 => {
            let Some((name, args)) = map.iter().next() else { return wrong("Invalid condition") };
            match name.as_str() {
                "not" => Ok(!condition(scope, args)?),
                "and" => both(args, name)?.iter().try_fold(true, |all, c| Ok(all & condition(scope, c)?)),
                "or" => both(args, name)?.iter().try_fold(false, |any, c| Ok(any | condition(scope, c)?)),
                "equals" => match args.as_array().map(Vec::as_slice) {
                    Some([a, b]) => Ok(condition_value(scope, a)? == condition_value(scope, b)?),
                    _ => wrong("Arguments to \"equals\" must be of the form: [value_1, value_2]"),
                },
                "contains" => match args.as_array().map(Vec::as_slice) {
                    Some([needle, hay]) => {
                        let needle = condition_value(scope, needle)?;
                        match condition_value(scope, hay)? {
                            Value::Array(items) => Ok(items.contains(&needle)),
                            Value::Object(map) => Ok(needle.as_str().is_some_and(|key| map.contains_key(key))),
                            Value::String(text) => Ok(needle.as_str().is_some_and(|part| text.contains(part))),
                            _ => wrong("Second argument to \"contains\" should be a sequence."),
                        }
                    }
                    _ => wrong("Arguments to \"contains\" must be of the form: [value1, [value1, value2]]"),
                },
                "get_param" => match get_param(scope, &condition_value(scope, args)?)? {
                    Value::Bool(yes) => Ok(yes),
                    Value::String(name) => condition(scope, &Value::String(name)),
                    other => wrong(format!("Invalid condition \"{}\"", python::text(&other))),
                },
                name if VALUES.contains(&name) => wrong(format!("The function \"{name}\" is invalid in this context")),
                _ => wrong(format!("Invalid condition \"{}\"", python::text(value))),
            }
        }
        other => wrong(format!("Invalid condition \"{}\"", python::text(other))),
    }
}

/// A value inside a condition, where only `get_param` and conditions may stand.
fn condition_value(scope: &dyn Scope, value: &Value) -> Eval<Value> {
    match value {
        Value::Object(map) if map.len() == 1 => {
            let Some((name, args)) = map.iter().next() else { return Ok(value.clone()) };
            if name == "get_param" {
                return get_param(scope, &condition_value(scope, args)?);
            }
            if CONDITIONS.contains(&name.as_str()) {
                return Ok(Value::Bool(condition(scope, value)?));
            }
            if VALUES.contains(&name.as_str()) {
                return wrong(format!("The function \"{name}\" is invalid in this context"));
            }
            Ok(value.clone())
        }
        Value::Array(items) => items.iter().map(|item| condition_value(scope, item)).collect(),
        other => Ok(other.clone()),
    }
}

fn get_param(scope: &dyn Scope, args: &Value) -> Eval<Value> {
    let (name, path) = match args {
        Value::String(name) if !name.is_empty() => (name.as_str(), &[][..]),
        Value::Array(list) if !list.is_empty() => match &list[0] {
            Value::String(name) => (name.as_str(), &list[1..]),
            _ => return wrong("Parameter name in \"get_param\" must be string"),
        },
        args if !python::truth(args) => return wrong("Function \"get_param\" must have arguments"),
        _ => return wrong("Argument to \"get_param\" must be string or list"),
    };
    match scope.param(name)? {
        Some(value) if path.is_empty() => Ok(value),
        Some(value) => Ok(match select(&value, path) {
            Value::Null => Value::String(String::new()),
            found => found,
        }),
        None => wrong(format!("The Parameter ({name}) was not provided.")),
    }
}

/// Resource, attribute and path of a `get_attr`.
pub fn attribute_arguments(args: &Value) -> Eval<(&str, Option<&str>, &[Value])> {
    let Some(list) = args.as_array() else { return wrong("Argument to \"get_attr\" must be a list") };
    match list.as_slice() {
        [Value::String(resource), Value::String(attribute), path @ ..] => Ok((resource, Some(attribute), path)),
        [Value::String(resource)] => Ok((resource, None, &[])),
        _ => wrong("Arguments to \"get_attr\" must be of the form [resource_name, attribute, (path), ...]"),
    }
}

/// Walks a path of keys and indexes; what is not there is null.
pub fn select(value: &Value, path: &[Value]) -> Value {
    let mut at = value;
    for step in path {
        let next = match (at, step) {
            (Value::Array(items), Value::Number(n)) => n.as_u64().and_then(|n| items.get(usize::try_from(n).ok()?)),
            (Value::Array(items), Value::String(n)) => n.parse::<usize>().ok().and_then(|n| items.get(n)),
            (Value::Object(map), key) => map.get(&python::text(key)),
            _ => None,
        };
        match next {
            Some(next) => at = next,
            None => return Value::Null,
        }
    }
    at.clone()
}

/// `template` and `params` of the `str_replace` family.
pub fn replace_arguments<'v>(name: &str, args: &'v Value) -> Eval<(&'v Value, &'v Value)> {
    let Some(map) = args.as_object() else { return wrong(format!("Arguments to \"{name}\" must be a map")) };
    match (map.get("template"), map.get("params")) {
        (Some(template), Some(params)) => Ok((template, params)),
        _ => {
            let indent = "              ";
            wrong(format!(
                "'\"{name}\" syntax should be {name}:\\n{indent}template: This is var1 template var2\\n{indent}params:\\n{indent}  var1: a\\n{indent}  var2: string'"
            ))
        }
    }
}

fn replace(name: &str, template: &Value, params: &Value) -> Eval<Value> {
    let Some(template) = template.as_str() else { return wrong(format!("\"{name}\" template must be a string")) };
    let Some(params) = params.as_object() else { return wrong(format!("\"{name}\" params must be a map")) };
    let mut pairs = Vec::with_capacity(params.len());
    for (key, value) in params {
        let with = match value {
            Value::Null => String::new(),
            Value::Array(_) | Value::Object(_) => python::dumps(value),
            plain => python::text(plain),
        };
        let empty = with.is_empty()
            || matches!(value, Value::Array(v) if v.is_empty())
            || matches!(value, Value::Object(m) if m.is_empty());
        if name == "str_replace_vstrict" && empty {
            return wrong(format!(
                "{name} has an undefined or empty value for param {key}, must be a defined non-empty value"
            ));
        }
        pairs.push((key.as_str(), with));
    }
    // Heat prefers the longest placeholder, then the alphabetically first.
    pairs.sort_by(|a, b| b.0.chars().count().cmp(&a.0.chars().count()).then(a.0.cmp(b.0)));
    let mut pieces = vec![Piece::Raw(template.to_owned())];
    let mut unused = Vec::new();
    for (key, with) in &pairs {
        if key.is_empty() {
            return wrong("empty separator");
        }
        let mut found = false;
        let mut next = Vec::with_capacity(pieces.len());
        for piece in pieces {
            match piece {
                Piece::Raw(text) => {
                    for (nth, part) in text.split(key).enumerate() {
                        if nth > 0 {
                            found = true;
                            next.push(Piece::Done(with.clone()));
                        }
                        if !part.is_empty() {
                            next.push(Piece::Raw(part.to_owned()));
                        }
                    }
                }
                done @ Piece::Done(_) => next.push(done),
            }
        }
        pieces = next;
        if !found {
            unused.push(*key);
        }
    }
    if name != "str_replace" && !unused.is_empty() {
        return wrong(format!("The following params were not found in the template: {}", unused.join(",")));
    }
    Ok(Value::String(pieces.into_iter().map(|(Piece::Raw(text) | Piece::Done(text))| text).collect()))
}

/// Replaced text is not searched again.
enum Piece {
    Raw(String),
    Done(String),
}

fn join_example(name: &str) -> String {
    format!("Incorrect arguments to \"{name}\" should be: \"{name}\" : [ \" \", [ \"str1\", \"str2\"] ...]")
}

fn arguments(name: &str, args: &Value, example: fn(&str) -> String) -> Eval<Vec<Value>> {
    match args {
        Value::Array(list) if list.len() >= 2 => Ok(list.clone()),
        _ => wrong(example(name)),
    }
}

fn list_join(args: &[Value], eval: &dyn Fn(&Value) -> Eval<Value>) -> Eval<Value> {
    let mut strings = Vec::new();
    for list in &args[1..] {
        let list = eval(list)?;
        match list {
            Value::Array(items) => {
                for item in items {
                    strings.push(match item {
                        Value::Null => String::new(),
                        Value::String(text) => text,
                        Value::Array(_) | Value::Object(_) => python::dumps(&item),
                        other => {
                            return wrong(format!(
                                "Items to join must be string, map or list not {}",
                                python::repr(&other)
                            ));
                        }
                    });
                }
            }
            other if !python::truth(&other) => {}
            _ => return wrong("\"list_join\" must operate on a list"),
        }
    }
    match eval(&args[0])? {
        Value::String(delimiter) => Ok(Value::String(strings.join(&delimiter))),
        _ => wrong("\"list_join\" delimiter must be a string"),
    }
}

fn split(args: &Value) -> Eval<Value> {
    let example = "should be: \"str_split\" : [ \",\", \"apples,pears\", <index>]";
    match args.as_array().map(Vec::as_slice) {
        Some([_, Value::Null, ..]) => Ok(Value::Null),
        Some([Value::String(by), Value::String(text), rest @ ..]) if !by.is_empty() => {
            let parts: Vec<Value> = text.split(by.as_str()).map(Value::from).collect();
            let Some(index) = rest.first() else { return Ok(Value::Array(parts)) };
            let Some(index) = python::text(index).parse::<usize>().ok() else {
                return wrong(format!("Incorrect index to \"str_split\" {example}"));
            };
            let last = parts.len() - 1;
            parts
                .into_iter()
                .nth(index)
                .map_or_else(|| wrong(format!("Incorrect index to \"str_split\" should be between 0 and {last}")), Ok)
        }
        _ => wrong(format!("Incorrect arguments to \"str_split\" {example}")),
    }
}

/// At most this many copies from one `repeat`; more is a mistake or an attack.
const COPIES: usize = 4096;

fn repeat(args: &Value, eval: &dyn Fn(&Value) -> Eval<Value>) -> Eval<Value> {
    let Some(map) = args.as_object() else { return wrong("Arguments to \"repeat\" must be a map") };
    let (Some(template), Some(each)) = (map.get("template"), map.get("for_each")) else {
        return wrong(
            "'\"repeat\" syntax should be repeat:\\n              template: This is %var%\\n              for_each:\\n                %var%: [\\'a\\', \\'b\\', \\'c\\']'",
        );
    };
    let nested = map.get("permutations").is_none_or(python::truth);
    let Value::Object(each) = eval(each)? else {
        return wrong("The \"for_each\" argument to \"repeat\" must contain a map");
    };
    let template = eval(template)?;
    let mut rows: Vec<Vec<(String, Value)>> = vec![Vec::new()];
    let mut columns = Vec::new();
    for (key, list) in each {
        let list = match list {
            Value::Null => Vec::new(),
            Value::Array(items) => items,
            Value::Object(map) => map.into_iter().map(|(key, _)| Value::String(key)).collect(),
            _ => return wrong("The values of the \"for_each\" argument to \"repeat\" must be lists or maps"),
        };
        columns.push((key, list));
    }
    if nested {
        for (key, list) in columns {
            if rows.len().saturating_mul(list.len()) > COPIES {
                return wrong("\"repeat\" makes too many copies");
            }
            rows = rows
                .iter()
                .flat_map(|row| {
                    list.iter().map(|item| row.iter().cloned().chain([(key.clone(), item.clone())]).collect())
                })
                .collect();
        }
    } else {
        let length = columns.first().map_or(0, |(_, list)| list.len());
        if columns.iter().any(|(_, list)| list.len() != length) {
            return wrong("For repeat, the length of for_each values should be equal if no nested loop.");
        }
        rows =
            (0..length).map(|n| columns.iter().map(|(key, list)| (key.clone(), list[n].clone())).collect()).collect();
    }
    rows.iter().map(|row| substitute(&template, row)).collect()
}

fn substitute(template: &Value, row: &[(String, Value)]) -> Eval<Value> {
    let fill = |text: &str| -> Eval<String> {
        row.iter().try_fold(text.to_owned(), |text, (key, value)| match value {
            Value::String(value) => Ok(text.replace(key.as_str(), value)),
            other => wrong(format!("replace() argument 2 must be str, not {}", python::class(other))),
        })
    };
    match template {
        Value::String(text) => fill(text).map(Value::String),
        Value::Array(items) => items.iter().map(|item| substitute(item, row)).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| Ok((fill(key)?, substitute(value, row)?))).collect(),
        other => Ok(other.clone()),
    }
}

fn map_replace(args: &Value) -> Eval<Value> {
    let example = "Incorrect arguments to \"map_replace\" should be: \"map_replace\" : [ { \"key1\": \"val1\" }, {\"keys\": {\"key1\": \"key2\"}, \"values\": {\"val1\": \"val2\"}}]";
    let Some([Value::Object(map), Value::Object(how)]) = args.as_array().map(Vec::as_slice) else {
        return wrong(example);
    };
    let part = |name: &str| how.get(name).and_then(Value::as_object).cloned().unwrap_or_default();
    let (keys, values) = (part("keys"), part("values"));
    let mut out = Map::new();
    for (key, value) in map {
        let key = keys.get(key).map_or_else(|| key.clone(), python::text);
        let value = match value {
            Value::String(text) => values.get(text).unwrap_or(value),
            other => other,
        };
        if out.insert(key.clone(), value.clone()).is_some() {
            return wrong(format!("key replacement {key} collides with a key in the output map"));
        }
    }
    Ok(Value::Object(out))
}

fn digest(args: &Value) -> Eval<Value> {
    use aws_lc_rs::digest as hash;
    let (algorithm, text) = match args.as_array().map(Vec::as_slice) {
        Some([Value::String(algorithm), Value::String(text)]) => (algorithm, text),
        Some([_, _]) => return wrong("Argument to function \"digest\" must be a list of strings"),
        _ => return wrong("Function \"digest\" usage: [\"<algorithm>\", \"<value>\"]"),
    };
    let algorithm = match algorithm.as_str() {
        "sha1" => &hash::SHA1_FOR_LEGACY_USE_ONLY,
        "sha224" => &hash::SHA224,
        "sha256" => &hash::SHA256,
        "sha384" => &hash::SHA384,
        "sha512" => &hash::SHA512,
        _ => return wrong("Algorithm must be one of {'sha1', 'sha224', 'sha256', 'sha384', 'sha512'}"),
    };
    let digest = hash::digest(algorithm, text.as_bytes());
    Ok(Value::String(digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()))
}
