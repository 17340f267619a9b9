//! Wait conditions and their handles: what a signal says, and when enough came.

use serde_json::{Map, Value};

use super::{Engine, Failure};
use crate::demo::world::World;
use crate::hot::python;

/// A handle's signals: those of a status, their reasons.
fn reasons(signals: &Map<String, Value>, status: &str) -> Vec<String> {
    signals.values().filter(|s| s["status"] == status).map(|s| python::text(&s["reason"])).collect()
}

fn signals<'w>(world: &'w World, stack: &str, handle: &str) -> Option<&'w Map<String, Value>> {
    let stack = world.stack(stack)?;
    stack.all().find(|resource| resource.physical == handle).map(|resource| &resource.metadata)
}

/// Whether a wait condition is done: well, or failed; `None`: still waiting.
/// `handle` is the handle's reference.
pub fn verdict(world: &World, stack: &str, handle: &str, count: u64) -> Option<Result<(), Failure>> {
    let Some(signals) = signals(world, stack, handle) else {
        return Some(Err(Failure::new("ValueError", format!("{handle} is not a valid wait condition handle."))));
    };
    if signals.values().any(|signal| signal["status"] != "SUCCESS") {
        return Some(Err(Failure::new("WaitConditionFailure", reasons(signals, "FAILURE").join(";"))));
    }
    (u64::try_from(signals.len()).unwrap_or(u64::MAX) >= count).then_some(Ok(()))
}

/// The failure of a wait condition whose time is up.
pub fn late(world: &World, stack: &str, handle: &str, count: u64) -> Failure {
    let came = signals(world, stack, handle).map(|signals| reasons(signals, "SUCCESS")).unwrap_or_default();
    let mut words = format!("{} of {count} received", came.len());
    if !came.is_empty() {
        words.push_str(" - ");
        words.push_str(&came.join(";"));
    }
    Failure::new("WaitConditionTimeout", words)
}

impl Engine {
    /// A node's signal to a handle. The error is Heat's words.
    pub fn signal(&self, stack: &str, resource: &str, body: &Value) -> Result<(), String> {
        let mut world = self.world();
        let uid = world.uid(stack, resource).unwrap_or_default();
        let Some(handle) = world.resource_mut(stack, uid) else {
            return Err(format!("The Resource ({resource}) could not be found in Stack {stack}."));
        };
        if handle.stands_for != "OS::Heat::WaitConditionHandle" {
            return Err(format!("Resource {resource} does not accept signals"));
        }
        let said = match body {
            Value::Null => Map::new(),
            Value::Object(said) => said.clone(),
            _ => return Err("Metadata format invalid".to_owned()),
        };
        if said.keys().any(|key| !["id", "status", "reason", "data"].contains(&key.as_str())) {
            return Err("Metadata format invalid".to_owned());
        }
        let number = handle.metadata.len() + 1;
        let text = |key: &str| said.get(key).map(python::text);
        let status = text("status").unwrap_or_else(|| "SUCCESS".to_owned());
        if !["SUCCESS", "FAILURE"].contains(&status.as_str()) {
            return Err("Metadata format invalid".to_owned());
        }
        let reason = text("reason").unwrap_or_else(|| format!("Signal {number} received"));
        let entry = serde_json::json!({"status": status, "reason": reason, "data": said.get("data")});
        handle.metadata.insert(text("id").unwrap_or_else(|| number.to_string()), entry);
        world.tell(stack, uid, "SIGNAL_COMPLETE", &format!("Signal: status:{status} reason:{reason}"));
        drop(world);
        self.signalled().notify_waiters();
        Ok(())
    }
}
