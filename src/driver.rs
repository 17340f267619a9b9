//! From a driver's manifest, a template and a cluster to what Heat is asked for.
//!
//! Pure: works on embedded or given files, talks to nobody. A driver is data (a folder
//! under `assets/drivers`): adding one changes no Rust. Start reading at [`manifest`],
//! which says what a driver may contain, then [`plan`] and how it is composed.

mod archive;
mod attributes;
mod compose;
mod drivers;
pub mod lint;
pub mod manifest;
pub mod needs;
mod outputs;
pub mod plan;
mod registry;
pub mod sheet;

pub use archive::tar_gz;
pub use attributes::{ATTRIBUTES, COMPOSED, Place};
pub use compose::{master_name, worker_name};
pub use drivers::{Drivers, Folder, MANIFEST, Origin};
pub use manifest::Manifest;
pub use outputs::{NodeAddress, Outputs};
pub use plan::{Facts, Parameter, PlanInput, StackPlan};
pub use registry::Driver;
