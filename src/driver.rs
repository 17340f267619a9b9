//! From a driver's manifest, a template and a cluster to what Heat is asked for.
//!
//! Pure: reads embedded or given files, talks to nobody. A driver is data (a folder
//! under `assets/drivers`): adding one changes no Rust. Start reading at [`plan`].

pub mod manifest;
pub mod plan;

pub use manifest::{Driver, Drivers};
pub use plan::{Facts, PlanInput, StackPlan};
