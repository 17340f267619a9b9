//! Answers as texts: what Nova tells of a server, what Heat was given and gave.

use chrono::TimeDelta;
use serde_json::Value;

use crate::model::stack::SECRET;
use crate::model::{Authority, Problem, ServerSheet, StackSheet};
use crate::service::CaCertificate;
use crate::ui::layer::Cx;
use crate::ui::msg::Found;
use crate::ui::theme::Role;
use crate::ui::widgets::paper::Paper;
use crate::ui::words;

pub fn told(found: &Found, cx: &Cx) -> Paper {
    match found {
        Found::Console(Some(text)) if !text.trim().is_empty() => Paper::plain(text.trim_end()),
        Found::Console(Some(_)) => only("The machine has written nothing on its console yet."),
        Found::Console(None) => only("Nova keeps no console of this machine, or there is no such machine any more."),
        Found::Server(Some(sheet)) => server(sheet, cx),
        Found::Server(None) => only("There is no such machine any more."),
        Found::Stack(Some(sheet)) => stack(sheet),
        Found::Authorities(all) => authorities(all, cx),
        Found::Stack(None) => only("There is no stack, or not yet."),
    }
}

fn only(words: &str) -> Paper {
    let mut paper = Paper::default();
    paper.say(Role::Muted, words);
    paper
}

fn server(sheet: &ServerSheet, cx: &Cx) -> Paper {
    let mut paper = Paper::default();
    paper.fact("name", &sheet.name);
    paper.fact("id", &sheet.id);
    let role = match sheet.status.as_str() {
        "ACTIVE" => Role::Ok,
        "ERROR" => Role::Failed,
        _ => Role::Moving,
    };
    let task = sheet.task.as_ref().map(|task| format!(", {task}")).unwrap_or_default();
    paper.told("status", role, format!("{}{task}", sheet.status));
    if let Some(fault) = &sheet.fault {
        paper.heading("FAULT");
        paper.say(Role::Failed, &fault.message);
        if let Some(at) = fault.at {
            paper.fact("at", cx.date(at));
        }
        paper.append(Paper::plain(&fault.details));
    }
    paper.heading("MACHINE");
    paper.fact("flavor", &sheet.flavor);
    paper.fact("image", sheet.image.as_deref().unwrap_or("boots from a volume"));
    paper.fact("keypair", sheet.keypair.as_deref().unwrap_or("none"));
    paper.fact("zone", sheet.availability_zone.as_deref().unwrap_or("not placed yet"));
    if let Some(host) = &sheet.host_id {
        paper.fact("host id", host);
    }
    let times = [("created", sheet.created), ("launched", sheet.launched), ("updated", sheet.updated)];
    for (label, at) in times.into_iter().filter_map(|(label, at)| Some((label, at?))) {
        paper.fact(label, format!("{}  ({} ago)", cx.date(at), words::elapsed(at, cx.now)));
    }
    paper.heading("ADDRESSES");
    for one in &sheet.addresses {
        let kind = if one.is_floating { "floating" } else { "fixed" };
        paper.fact(kind, format!("{:<16} {}  {}", one.address, one.network, one.mac));
    }
    let lists = [("SECURITY GROUPS", &sheet.security_groups), ("VOLUMES", &sheet.volumes)];
    for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        paper.heading(title);
        // A server has its group once for each port.
        let mut once: Vec<&String> = list.iter().collect();
        once.sort();
        once.dedup();
        once.into_iter().for_each(|one| paper.say(Role::Text, one));
    }
    if !sheet.metadata.is_empty() {
        paper.heading("METADATA");
        sheet.metadata.iter().for_each(|(key, value)| paper.fact(key, value));
    }
    paper
}

type Told = (Authority, Result<CaCertificate, Problem>);

fn authorities(all: &[Told], cx: &Cx) -> Paper {
    let mut paper = Paper::default();
    for (authority, certificate) in all {
        paper.heading(authority.to_string().to_uppercase());
        let ca = match certificate {
            Ok(ca) => ca,
            Err(problem) => {
                paper.say(Role::Failed, format!("✖ {}", problem.line()));
                continue;
            }
        };
        paper.fact("subject", &ca.subject);
        paper.fact("key", &ca.key_type);
        paper.fact("valid from", cx.date(ca.not_before));
        let (role, sign) = match ca.not_after - cx.now {
            left if left <= TimeDelta::zero() => (Role::Failed, "✖ "),
            left if left < words::SOON => (Role::Warning, "! "),
            _ => (Role::Text, ""),
        };
        let left = words::expires(ca.not_after, cx.now);
        paper.told("valid to", role, format!("{sign}{}  ({left})", cx.date(ca.not_after)));
        paper.fact("SHA-256", &ca.fingerprint);
        paper.push(Vec::new());
        paper.append(Paper::plain(&ca.pem));
    }
    paper
}

fn stack(sheet: &StackSheet) -> Paper {
    let mut paper = Paper::default();
    paper.fact("stack", &sheet.name);
    paper.fact("id", &sheet.id);
    if let Some(minutes) = sheet.timeout_mins {
        paper.fact("time-out", format!("{minutes} min"));
    }
    if !sheet.description.is_empty() {
        paper.fact("template", &sheet.description);
    }
    paper.heading(format!("OUTPUTS  {}", sheet.outputs.len()));
    for (name, output) in &sheet.outputs {
        valued(&mut paper, name, &output.value);
        if !output.description.is_empty() {
            paper.say(Role::Faint, format!("  {}", output.description));
        }
    }
    paper.heading(format!("PARAMETERS AS HEAT HAS THEM  {}", sheet.parameters.len()));
    sheet.parameters.iter().for_each(|(name, value)| valued(&mut paper, name, value));
    paper
}

/// Name and value on one line, or a value of several lines under its name.
fn valued(paper: &mut Paper, name: &str, value: &Value) {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => serde_json::to_string_pretty(value).unwrap_or_default(),
        other => other.to_string(),
    };
    let role = if text == SECRET { Role::Faint } else { Role::Text };
    if text.trim_end().lines().count() < 2 {
        return paper.push(vec![(Role::Label, format!("{name:<28} ")), (role, text.trim_end().to_owned())]);
    }
    paper.say(Role::Label, name);
    for line in Paper::plain(text.trim_end()).lines() {
        let mut line = line.clone();
        line.insert(0, (Role::Text, "    ".into()));
        paper.push(line);
    }
}
