//! Reads and evaluates Heat Orchestration Templates: from a posted template, environment
//! and parameters to a [`Blueprint`] (what to create, in which order), or to the
//! refusal Heat itself would word. The embedded cloud builds from it, the drivers'
//! linter reads with it.
//!
//! Pure: knows nothing of HTTP, time, drivers or the embedded cloud's state; what exists in
//! the cloud it asks through [`Lookup`], what a resource has become through
//! [`Scope`]. Property schemas are data (`types.json`, taken from a real Heat).
//! Follows <https://docs.openstack.org/heat/latest/template_guide/hot_spec.html>.
//! Start reading at [`blueprint`].

pub mod blueprint;
pub mod environment;
pub mod functions;
pub mod group;
pub mod parameters;
pub mod python;
pub mod refusal;
pub mod schema;
pub mod template;
pub mod unfold;
pub mod validate;

pub use blueprint::{Blueprint, Inputs, Node};
pub use environment::Environment;
pub use functions::{Scope, Stop, resolve};
pub use refusal::Refusal;
pub use schema::Lookup;
pub use unfold::{Made, unfold};

#[cfg(test)]
mod tests;
