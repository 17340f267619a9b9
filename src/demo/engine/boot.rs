//! Plays the nodes: a server that is up boots and signals the wait-condition
//! handles its user data names, as its scripts would by curl.

use serde_json::json;

use super::Engine;
use crate::demo::world::compute::SILENT;
use crate::demo::world::{Kind, World, text};

/// Seconds, at the demonstration's pace, from "server up" to "node ready".
const BOOT: f64 = 1.8;
/// Handles that take a signal for each stage; others take one at the end.
const PROGRESS: &str = "progress";

impl Engine {
    /// What happens once a server is up; nothing with other resources.
    pub(super) fn after_boot(&self, stack: &str, uid: u64) {
        let (server, handles, stages) = {
            let world = self.world();
            let Some(resource) = world.resource(stack, uid) else { return };
            if resource.stands_for != "OS::Nova::Server" {
                return;
            }
            let Some(server) = world.find(Kind::Server, &resource.physical) else { return };
            if server["flavor"]["original_name"] == SILENT {
                return;
            }
            let script = text(server, "_user_data");
            (
                resource.physical.clone(),
                handles(&world, script),
                stages(server["metadata"]["jeroboam_role"].as_str().unwrap_or_default()),
            )
        };
        let engine = self.clone();
        self.spawn(async move {
            engine.pass(BOOT).await;
            for (stack, handle) in handles {
                let name = engine.world().find(Kind::Server, &server).map(|server| text(server, "name").to_owned());
                // The server went before it was up.
                let Some(name) = name else { return };
                // A handle may be gone with its stack; a real node's curl would fail unheard, too.
                if handle.starts_with(PROGRESS) {
                    for (number, stage) in stages.iter().enumerate() {
                        let id = (number + 1).to_string();
                        let said =
                            json!({"status": "SUCCESS", "reason": format!("{name}: {stage}"), "data": stage, "id": id});
                        let _ = engine.signal(&stack, &handle, &said);
                    }
                } else {
                    let said = format!("{name}: {}", stages.last().copied().unwrap_or("ready"));
                    let said = json!({"status": "SUCCESS", "reason": said, "data": "booted", "id": name});
                    let _ = engine.signal(&stack, &handle, &said);
                }
                engine.pass(BOOT / 8.0).await;
            }
        });
    }
}

/// What a node says on its way, by its role.
fn stages(role: &str) -> &'static [&'static str] {
    match role {
        "master" => &["containerd ready", "images pulled", "control plane up", "node Ready"],
        "worker" => &["containerd ready", "images pulled", "joined", "node Ready"],
        _ => &[],
    }
}

/// Stack ids and names of the handles whose URLs stand in a text, each once, in their order.
fn handles(world: &World, text: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for part in text.split("/stacks/").skip(1) {
        let mut steps = part.splitn(5, '/');
        let (Some(_), Some(id), Some("resources"), Some(resource), Some(rest)) =
            (steps.next(), steps.next(), steps.next(), steps.next(), steps.next())
        else {
            continue;
        };
        let known = rest.starts_with("signal") && world.uid(id, resource).is_some();
        let handle = (id.to_owned(), resource.to_owned());
        if known && !found.contains(&handle) {
            found.push(handle);
        }
    }
    found
}
