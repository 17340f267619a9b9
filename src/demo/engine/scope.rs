//! What functions see while a stack is being made: real ids and attributes.

use serde_json::{Map, Value};

use super::Failure;
use super::attributes;
use crate::demo::world::World;
use crate::demo::world::heat::Stack;
use crate::hot::functions::{Eval, Scope, Stop};
use crate::hot::schema::Type;
use crate::hot::{resolve, validate};

/// A stack in its world.
pub struct Live<'a> {
    pub world: &'a World,
    pub stack: &'a Stack,
}

impl Scope for Live<'_> {
    fn param(&self, name: &str) -> Eval<Option<Value>> {
        Ok(self.stack.blueprint.parameters.get(name).cloned().flatten())
    }

    fn condition(&self, _: &str) -> Eval<Option<bool>> {
        // All `if`s were taken when the stack was drawn.
        Ok(None)
    }

    fn reference(&self, resource: &str) -> Eval<Value> {
        match self.stack.resource(resource) {
            Some(resource) => Ok(attributes::reference(self.world, resource)),
            None => Err(Stop::Wrong(format!("The specified reference \"{resource}\" (in unknown) is incorrect."))),
        }
    }

    fn attribute(&self, resource: &str, attribute: &str, path: &[Value]) -> Eval<Value> {
        match self.stack.resource(resource) {
            Some(resource) => Ok(attributes::of(self.world, self.stack, resource, attribute, path)),
            None => Err(Stop::Wrong(format!("The specified reference \"{resource}\" (in unknown) is incorrect."))),
        }
    }

    fn file(&self, name: &str) -> Option<String> {
        self.stack.source.files.get(name).cloned()
    }
}

/// A resource's properties with all functions carried out.
pub fn properties(world: &World, stack: &Stack, name: &str) -> Result<Map<String, Value>, Failure> {
    let live = Live { world, stack };
    let mut out = Map::new();
    let Some(node) = stack.blueprint.node(name) else { return Ok(out) };
    for (key, value) in &node.properties {
        match resolve(&live, value) {
            Ok(value) => {
                out.insert(key.clone(), value);
            }
            Err(Stop::Wrong(words)) => {
                return Err(Failure::new("StackValidationFailed", format!("Property error: {key}: {words}")));
            }
            Err(Stop::Pending) => {
                return Err(Failure::new("StackValidationFailed", format!("Property error: {key}: not known yet")));
            }
        }
    }
    match Type::named(&stack.source.environment.target(&node.kind, name)) {
        Some(builtin) if builtin.name != "OS::Heat::None" => {
            validate::complete(&out, &builtin.properties).map_err(|words| Failure::new("StackValidationFailed", words))
        }
        _ => Ok(out),
    }
}
