//! Types that only Heat knows: strings, values, configs, handles.

use chrono::Utc;
use serde_json::{Value, json};

use super::{Wish, signal_token};
use crate::demo::engine::Failure;
use crate::demo::world::{World, new_hex_id, new_id, stamp};
use crate::hot::python;

pub fn begin(world: &mut World, stack: &str, uid: u64, kind: &str, wish: &Wish<'_>) -> Result<String, Failure> {
    let (physical, data) = match kind {
        "OS::Heat::RandomString" => (wish.label.clone(), json!({"value": random_string(wish)?})),
        "OS::Heat::Value" => (wish.label.clone(), json!({"value": value(wish)?})),
        "OS::Heat::WaitConditionHandle" => (new_hex_id(), handle(world, stack, uid)),
        "OS::Heat::SoftwareConfig" => (config(world, wish, wish.text("config")), json!({})),
        "OS::Heat::CloudConfig" => {
            let map = wish.get("cloud_config");
            let text = serde_saphyr::to_string(&map).map_err(|error| Failure::new("ValueError", error.to_string()))?;
            (config(world, wish, format!("#cloud-config\n{text}")), json!({}))
        }
        "OS::Heat::MultipartMime" => {
            let text = multipart(world, &wish.get("parts"));
            (config(world, wish, text), json!({}))
        }
        "OS::Heat::None" => (wish.label.clone(), json!({})),
        other => return Err(Failure::new("StackValidationFailed", format!("{other} cannot be made by this cloud"))),
    };
    if let (Some(resource), Value::Object(data)) = (world.resource_mut(stack, uid), data) {
        resource.data = data;
    }
    Ok(physical)
}

fn config(world: &mut World, wish: &Wish<'_>, text: String) -> String {
    let id = new_id();
    let group = wish.text("group");
    let row = json!({
        "id": id, "name": wish.label, "group": if group.is_empty() { "Heat::Ungrouped".to_owned() } else { group },
        "creation_time": stamp(Utc::now()), "config": text, "inputs": [], "outputs": [], "options": {},
    });
    if let Value::Object(row) = row {
        world.heat.configs.insert(id.clone(), row.into());
    }
    id
}

fn handle(world: &mut World, stack: &str, uid: u64) -> Value {
    let token = signal_token(world);
    let name = world.resource(stack, uid).map(|resource| resource.name.clone()).unwrap_or_default();
    let stack_name = world.stack(stack).map(|stack| stack.name.clone()).unwrap_or_default();
    let endpoint = format!(
        "{}/orchestration/v1/{}/stacks/{stack_name}/{stack}/resources/{name}/signal",
        world.base, world.ids.stack_project
    );
    json!({
        "curl_cli": format!(
            "curl -i -X POST -H 'X-Auth-Token: {token}' -H 'Content-Type: application/json' -H 'Accept: application/json' {endpoint}"
        ),
        "signal": "null", "token": token, "endpoint": endpoint,
    })
}

fn random_string(wish: &Wish<'_>) -> Result<String, Failure> {
    let length = usize::try_from(wish.get("length").as_u64().unwrap_or(32)).unwrap_or(32).min(512);
    let mut classes: Vec<(&str, usize)> = Vec::new();
    for class in wish.get("character_classes").as_array().into_iter().flatten() {
        let characters = match class["class"].as_str().unwrap_or("lettersdigits") {
            "lettersdigits" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
            "letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "lowercase" => "abcdefghijklmnopqrstuvwxyz",
            "uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "digits" => "0123456789",
            "hexdigits" => "0123456789abcdefABCDEF",
            "octdigits" => "01234567",
            _ => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
        };
        classes.push((characters, usize::try_from(class["min"].as_u64().unwrap_or(1)).unwrap_or(1)));
    }
    if classes.is_empty() {
        classes.push(("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 0));
    }
    if classes.iter().map(|(_, least)| least).sum::<usize>() > length {
        return Err(Failure::new(
            "StackValidationFailed",
            "Length property cannot be smaller than combined character class and character sequence minimums",
        ));
    }
    let mut out = Vec::with_capacity(length);
    for (characters, least) in &classes {
        out.extend((0..*least).map(|_| pick(characters)));
    }
    while out.len() < length {
        let (characters, _) = classes[usize::from(byte()) % classes.len()];
        out.push(pick(characters));
    }
    // So that the classes' minimums do not all stand in front.
    for at in (1..out.len()).rev() {
        out.swap(at, usize::from(byte()) % (at + 1));
    }
    Ok(out.into_iter().collect())
}

fn byte() -> u8 {
    uuid::Uuid::new_v4().into_bytes()[0]
}

fn pick(characters: &str) -> char {
    let at = usize::from(byte()) % characters.len();
    characters.chars().nth(at).unwrap_or('a')
}

/// The value in the type it was said to have.
pub fn value(wish: &Wish<'_>) -> Result<Value, Failure> {
    use crate::hot::parameters::{boolean, number};
    let value = wish.get("value");
    let wrong = |words: String| Failure::new("StackValidationFailed", words);
    match wish.text("type").as_str() {
        "string" => Ok(python::text(&value).into()),
        "number" => number(&value).map_err(wrong),
        "boolean" => boolean(&value).map(Value::Bool).map_err(wrong),
        "comma_delimited_list" => match value {
            Value::String(text) => Ok(text.split(',').map(Value::from).collect()),
            other => Ok(other),
        },
        "json" => match value {
            Value::String(text) => serde_json::from_str(&text).map_err(|error| wrong(error.to_string())),
            other => Ok(other),
        },
        _ => Ok(value),
    }
}

fn multipart(world: &World, parts: &Value) -> String {
    let boundary = format!("==============={}==", new_hex_id());
    let mut out = format!("Content-Type: multipart/mixed; boundary=\"{boundary}\"\nMIME-Version: 1.0\n");
    for part in parts.as_array().into_iter().flatten() {
        let named = python::text(&part["config"]);
        let text = world.config_text(&named).unwrap_or(named);
        let kind = if text.starts_with("#cloud-config") {
            "cloud-config"
        } else if text.starts_with("#!") {
            "x-shellscript"
        } else {
            "plain"
        };
        let kind = match part["subtype"].as_str() {
            Some(said) if !said.is_empty() => said,
            _ => kind,
        };
        let file =
            part["filename"].as_str().map(|name| format!("Content-Disposition: attachment; filename=\"{name}\"\n"));
        out.push_str(&format!(
            "\n--{boundary}\nContent-Type: text/{kind}; charset=\"us-ascii\"\nMIME-Version: 1.0\n{}\n{text}\n",
            file.unwrap_or_default()
        ));
    }
    out.push_str(&format!("\n--{boundary}--\n"));
    out
}
