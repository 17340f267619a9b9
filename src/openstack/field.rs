//! Reading JSON that may be anything: a missing or odd field is empty, never an error.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

use crate::model::ServiceQuota;
use crate::model::service_quota::Item;
use crate::model::text::clean;

/// A string (or number, which some clouds send instead), cleaned; empty when there is none.
pub fn text(value: &Value, key: &str) -> String {
    match &value[key] {
        Value::String(text) => clean(text),
        Value::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

/// As [`text`], with empty as `None`.
pub fn some_text(value: &Value, key: &str) -> Option<String> {
    Some(text(value, key)).filter(|text| !text.is_empty())
}

/// An unsigned number, also when it came as a string.
pub fn number(value: &Value, key: &str) -> Option<u64> {
    let value = &value[key];
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

pub fn flag(value: &Value, key: &str) -> bool {
    match &value[key] {
        Value::Bool(flag) => *flag,
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        _ => false,
    }
}

pub fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// Texts of an array, cleaned; what is not a text is left out.
pub fn texts(value: &Value, key: &str) -> Vec<String> {
    array(&value[key]).iter().filter_map(Value::as_str).map(clean).collect()
}

/// A time, with or without zone (then UTC, as OpenStack means it) and fraction.
pub fn time(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    let text = value[key].as_str()?;
    let zoned = DateTime::parse_from_rfc3339(text).map(|time| time.with_timezone(&Utc));
    zoned.ok().or_else(|| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok().map(|time| time.and_utc()))
}

/// A limit below zero is none; what is used are the sums of several counts.
pub fn quota(item: Item, limit: &Value, used: &[&Value]) -> ServiceQuota {
    let limit = limit.as_i64().and_then(|limit| u64::try_from(limit).ok());
    let used = used.iter().filter_map(|used| used.as_u64()).fold(0, u64::saturating_add);
    ServiceQuota { item, limit, used }
}

/// Every string inside, cleaned; keys too. Depth is bounded by serde_json's own limit.
pub fn cleaned(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.iter().map(cleaned).collect(),
        Value::Object(map) => map.iter().map(|(key, value)| (clean(key), cleaned(value))).collect(),
        other => other.clone(),
    }
}

/// Items that `read` understands; the others are logged and left out.
pub fn read_all<T>(what: &str, items: &[Value], read: impl Fn(&Value) -> Option<T>) -> Vec<T> {
    let found: Vec<T> = items.iter().filter_map(read).collect();
    if found.len() < items.len() {
        tracing::warn!(what, left_out = items.len() - found.len(), "items of a list could not be understood");
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{flag, number, text, time};

    #[test]
    fn odd_fields_are_bent_or_empty() {
        let value = json!({"a": "x\u{1b}[m", "b": 7, "c": "8", "d": [], "t": "2026-11-23T07:30:36", "u": "2026-11-23T08:30:36.5+01:00", "f": "True"});
        assert_eq!(text(&value, "a"), "x\u{FFFD}[m");
        assert_eq!(
            (text(&value, "b"), text(&value, "d"), text(&value, "none")),
            ("7".into(), String::new(), String::new())
        );
        assert_eq!((number(&value, "b"), number(&value, "c"), number(&value, "a")), (Some(7), Some(8), None));
        assert_eq!(time(&value, "t").unwrap().to_rfc3339(), "2026-11-23T07:30:36+00:00");
        assert_eq!(time(&value, "u").unwrap().to_rfc3339(), "2026-11-23T07:30:36.500+00:00");
        assert_eq!(time(&value, "a"), None);
        assert!(flag(&value, "f") && !flag(&value, "a"));
        assert_eq!(text(&json!(null), "a"), "");
    }
}
