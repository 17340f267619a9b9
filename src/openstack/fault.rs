//! What a service says when it refuses: each words it in a shape of its own.

use std::time::Duration;

use chrono::{DateTime, Utc};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};
use serde_json::Value;

use super::catalog::{HEAT, Service};
use crate::cloud::{CloudError, CloudErrorKind};
use crate::model::text::clean;

/// Characters kept of a service's words: Heat's validation errors are long, a proxy's page is longer.
const WORDS_MAX: usize = 2000;

/// The error that an answer other than 2xx means.
pub fn from_answer(service: Service, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> CloudError {
    let kind = match status.as_u16() {
        401 => CloudErrorKind::Unauthenticated,
        403 => CloudErrorKind::Forbidden,
        // Nothing that is deleted or given up for lost may rest on a misrouted request.
        404 | 410 if service.name == HEAT.name && !is_heats(body) => CloudErrorKind::Protocol,
        404 | 410 => CloudErrorKind::NotFound,
        409 => CloudErrorKind::Conflict,
        413 | 429 => CloudErrorKind::OverLimit,
        400..=499 => CloudErrorKind::BadRequest,
        500..=599 => CloudErrorKind::Server,
        _ => CloudErrorKind::Protocol,
    };
    let mut message = words(body);
    if message.is_empty() {
        message = status.canonical_reason().unwrap_or("no reason given").to_owned();
    }
    if kind == CloudErrorKind::Protocol && status == StatusCode::NOT_FOUND {
        message = format!("what answers 404 there is not Heat: {message}");
    }
    CloudError {
        kind,
        service: service.name.to_owned(),
        status: Some(status.as_u16()),
        request_id: request_id(headers),
        message,
        retry_after: retry_after(headers, Utc::now()),
    }
}

/// Whether Heat itself says that something is not there: it names what kind of error that is
/// (`EntityNotFound`, once `StackNotFound`). A proxy before it does not, nor a wrong address.
fn is_heats(body: &[u8]) -> bool {
    let value: Option<Value> = serde_json::from_slice(body).ok();
    value.and_then(|value| text_of(&value["error"], &["type"])).is_some_and(|kind| kind.ends_with("NotFound"))
}

/// The id under which the service's operator finds the call in the logs.
pub fn request_id(headers: &HeaderMap) -> Option<String> {
    let value = ["x-openstack-request-id", "x-compute-request-id"].iter().find_map(|name| headers.get(*name))?;
    value.to_str().ok().map(|id| cut(&clean(id), 80)).filter(|id| !id.is_empty())
}

/// `Retry-After`, in seconds or as a date.
pub fn retry_after(headers: &HeaderMap, now: DateTime<Utc>) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    match text.parse::<u64>() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => {
            let until = DateTime::parse_from_rfc2822(text).ok()?.with_timezone(&Utc) - now;
            Some(until.to_std().unwrap_or_default())
        }
    }
}

/// The service's own words in an error body, cleaned, on one line; empty when there are none.
pub fn words(body: &[u8]) -> String {
    let found = match serde_json::from_slice::<Value>(body) {
        Ok(value) => from_json(&value).unwrap_or_default(),
        Err(_) => String::from_utf8_lossy(&body[..body.len().min(64 << 10)]).into_owned(),
    };
    // Keystone's schema errors go on to quote the request, which can have a password in it.
    let found = found.split("Failed validating").next().unwrap_or_default();
    let line = without_tags(found).split_whitespace().collect::<Vec<_>>().join(" ");
    cut(&clean(&line), WORDS_MAX)
}

fn from_json(value: &Value) -> Option<String> {
    let map = match value {
        Value::String(text) => return Some(text.clone()),
        Value::Object(map) => map,
        _ => return None,
    };
    // Magnum, Placement: a list of them.
    if let Some(errors) = map.get("errors").and_then(Value::as_array) {
        let each = errors.iter().filter_map(|e| text_of(e, &["detail", "title", "message"]));
        let all = each.collect::<Vec<_>>().join("; ");
        return Some(all).filter(|text| !text.is_empty());
    }
    // Keystone and Heat; Heat leaves the message out when the fault is its own.
    if let Some(error) = map.get("error") {
        let told = error.as_str().map(str::to_owned).or_else(|| text_of(error, &["message"]));
        return told.or_else(|| {
            let explanation = text_of(value, &["explanation", "title"])?;
            Some(match text_of(error, &["type"]) {
                Some(kind) => format!("{explanation} ({kind})"),
                None => explanation,
            })
        });
    }
    // Neutron, Octavia, and webob's own pages (Glance).
    if let Some(error) = map.get("NeutronError") {
        return error.as_str().map(str::to_owned).or_else(|| text_of(error, &["message", "detail"]));
    }
    let flat = ["faultstring", "message", "description", "error_message", "explanation", "detail"];
    text_of(value, &flat)
        // Nova, Cinder: {"badRequest": {"message": …}}, the key tells only the status.
        .or_else(|| map.values().find_map(|inner| text_of(inner, &["message"])))
        .or_else(|| text_of(value, &["title"]))
}

/// The first of these keys that holds a text with something in it.
fn text_of(value: &Value, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value.get(key)?.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned))
}

/// Takes HTML tags, and what a style or script holds, out of a page. `a < b` stays.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        out.push_str(before);
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        match tag.find('>').filter(|_| is_tag) {
            None => {
                out.push('<');
                rest = &tag[1..];
            }
            Some(end) => {
                out.push(' ');
                let name = tag[1..end].to_ascii_lowercase();
                rest = &tag[end + 1..];
                for hidden in ["style", "script"].iter().filter(|hidden| name.starts_with(**hidden)) {
                    rest = rest.find(&format!("</{hidden}")).map_or("", |close| &rest[close..]);
                }
            }
        }
    }
    out.push_str(rest);
    out
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
