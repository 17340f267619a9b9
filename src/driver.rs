//! From a driver's manifest, a template and a cluster to what Heat is asked for.
//!
//! Pure: works on embedded or given files, talks to nobody. A driver is data (a folder
//! under `assets/drivers`): adding one changes no Rust. Start reading at [`manifest`],
//! which says what a driver may contain, then [`plan`].

mod attributes;
mod drivers;
pub mod lint;
pub mod manifest;
pub mod plan;
mod registry;

pub use attributes::ATTRIBUTES;
pub use drivers::{Drivers, Folder, MANIFEST, Origin};
pub use manifest::Manifest;
pub use plan::{Facts, Parameter, PlanInput, StackPlan};
pub use registry::{Driver, Outputs};
