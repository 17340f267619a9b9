//! Changing one resource that is there: left alone when nothing differs, changed
//! in place where its type allows that, else replaced by a new one. Nested stacks
//! are always updated; their resources decide for themselves.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::attributes::table;
use super::converge::{Broken, Walk};
use super::create::{self, carry_on, inner, members, settle};
use super::make::{self, Step};
use super::{End, Failure, scope};
use crate::demo::world::World;
use crate::demo::world::heat::Resource;
use crate::hot::schema::Type;
use crate::hot::validate::{self, Kind};
use crate::hot::{Refusal, blueprint, group};

/// What is to be done with a resource.
enum Turn {
    /// Nothing differs.
    Keep,
    /// What was stopped on its way goes on.
    Resume,
    Change(Step),
    /// A change after which a server boots anew.
    Reboot(Step),
    /// A new one comes in its place.
    Replace,
}

/// Looks at a resource that is there.
pub async fn resource(walk: &Walk, uid: u64) -> Result<(), Broken> {
    let turn = {
        let mut world = walk.engine.world();
        if walk.stopped() {
            return Err(Broken::new("UPDATE", End::Stopped));
        }
        turn(&mut world, &walk.stack, uid)
    };
    match turn {
        Ok(Turn::Keep) => Ok(()),
        Ok(Turn::Resume) => {
            walk.engine.after_boot(&walk.stack, uid);
            Ok(())
        }
        Ok(Turn::Change(step)) => settle(walk, uid, "UPDATE", carry_on(walk, uid, step).await),
        Ok(Turn::Reboot(step)) => {
            settle(walk, uid, "UPDATE", carry_on(walk, uid, step).await)?;
            walk.engine.after_boot(&walk.stack, uid);
            Ok(())
        }
        Ok(Turn::Replace) => {
            let new = {
                let mut world = walk.engine.world();
                if walk.stopped() {
                    return Err(Broken::new("UPDATE", End::Stopped));
                }
                make::unplug(&mut world, &walk.stack, uid);
                world.replace(&walk.stack, uid)
            };
            match new {
                Some(new) => create::resource(walk, new).await,
                None => Err(Broken::new("UPDATE", End::Stopped)),
            }
        }
        Err(failure) => settle(walk, uid, "UPDATE", Err(failure.into())),
    }
}

/// Decides, and begins a change in place.
fn turn(world: &mut World, id: &str, uid: u64) -> Result<Turn, Failure> {
    let refused = |refusal: Refusal| Failure::new(refusal.kind, refusal.message());
    let Some((stack, old)) = world.stack(id).and_then(|stack| Some((stack, stack.at(uid)?))) else {
        return Ok(Turn::Keep);
    };
    let Some(node) = stack.blueprint.node(&old.name).cloned() else { return Ok(Turn::Keep) };
    let (old, source, requires) = (old.clone(), stack.source.clone(), stack.needs(&old.name));
    let target = source.environment.target(&node.kind, &node.name);
    let kind = validate::kind(&node, &source.environment, &source.files).map_err(refused)?;
    if matches!(kind, Kind::Builtin(_)) && target != old.stands_for
        || Type::named(&old.stands_for).is_none() != Type::named(&target).is_none()
    {
        return Ok(Turn::Replace);
    }
    let failed = old.state == "FAILED" || old.action == "DELETE";
    let properties = scope::properties(world, stack, &old.name).map(Arc::new);
    if let Some(nested) = old.nested.clone() {
        world.mark(id, uid, "UPDATE", "IN_PROGRESS", "state changed");
        let properties = properties?;
        let (template, given) = match kind {
            Kind::Template { text, .. } => {
                (blueprint::nested(text, &node.name).map_err(refused)?, (*properties).clone())
            }
            Kind::Builtin(_) => (members(world, id, uid, &properties), Map::new()),
        };
        let name = world.stack(&nested).map(|nested| nested.name.clone()).unwrap_or_default();
        let (source, blueprint) = inner(world, (&nested, &name), &source, template, &given)?;
        world.redefine(&nested, "UPDATE", source, Arc::new(blueprint));
        note(world, id, uid, properties, requires, target);
        return Ok(Turn::Change(create::nested(world, nested, "UPDATE")));
    }
    let Kind::Builtin(builtin) = kind else { return Ok(Turn::Replace) };
    if builtin.name == group::TYPE || failed && lost(world, &old) {
        return Ok(Turn::Replace);
    }
    let properties = match properties {
        Ok(properties) => properties,
        Err(failure) => {
            world.mark(id, uid, "UPDATE", "IN_PROGRESS", "state changed");
            return Err(failure);
        }
    };
    let changed = differing(&old.properties, &properties);
    if changed.is_empty() {
        note(world, id, uid, properties, requires, target);
        if failed {
            let reason = "Update status to COMPLETE for FAILED resource neither update nor replace.";
            // It was stopped on its way; what there is goes on being made.
            make::finish(world, id, uid)?;
            world.mark(id, uid, old.action, "COMPLETE", reason);
            return Ok(Turn::Resume);
        }
        return Ok(Turn::Keep);
    }
    world.mark(id, uid, "UPDATE", "IN_PROGRESS", "state changed");
    if replaced(builtin, &changed, &old.properties, &properties) {
        let reason = format!("The Resource {} requires replacement.", old.name);
        world.mark(id, uid, "UPDATE", "COMPLETE", &reason);
        return Ok(Turn::Replace);
    }
    let step = make::change(world, id, uid, builtin, &changed, &properties)?;
    note(world, id, uid, properties, requires, target);
    let reboots = builtin.name == "OS::Nova::Server" && changed.iter().any(|key| key == "image");
    Ok(if reboots { Turn::Reboot(step) } else { Turn::Change(step) })
}

/// Keeps what a resource is from now on.
fn note(
    world: &mut World,
    stack: &str,
    uid: u64,
    properties: Arc<Map<String, Value>>,
    requires: BTreeSet<u64>,
    stands_for: String,
) {
    if let Some(resource) = world.resource_mut(stack, uid) {
        resource.properties = properties;
        resource.requires = requires;
        resource.stands_for = stands_for;
    }
}

/// Whether a resource that failed can only be made anew; by Heat's `needs_replace_failed` of its type.
fn lost(world: &World, old: &Resource) -> bool {
    let checked = ["OS::Nova::Server", "OS::Cinder::Volume"].contains(&old.stands_for.as_str())
        || old.stands_for.starts_with("OS::Neutron::");
    let row = table(&old.stands_for).and_then(|kind| world.find(kind, &old.physical));
    !checked || row.is_none_or(|row| row["status"].as_str().is_some_and(|status| status.eq_ignore_ascii_case("error")))
}

/// Names of the properties that differ; null and not said are the same.
fn differing(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let value = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
    let mut keys: Vec<String> =
        old.keys().chain(new.keys()).filter(|key| value(old, key) != value(new, key)).cloned().collect();
    keys.sort();
    keys.dedup();
    keys
}

/// Whether the changed properties cannot be changed in place.
fn replaced(kind: &Type, changed: &[String], old: &Map<String, Value>, new: &Map<String, Value>) -> bool {
    if kind.name == "OS::Nova::Server" {
        let policy = |key: &str, default: &str| {
            let said = new.get(key).or_else(|| old.get(key)).and_then(Value::as_str);
            said.unwrap_or(default) == "REPLACE"
        };
        let has = |key: &str| changed.iter().any(|changed| changed == key);
        if has("flavor") && policy("flavor_update_policy", "RESIZE")
            || has("image") && policy("image_update_policy", "REBUILD")
            || has("user_data") && policy("user_data_update_policy", "REPLACE")
        {
            return true;
        }
    }
    !changed.iter().all(|key| kind.changeable.contains(key))
}
