//! Where settings and credentials come from: files and variables, never the network.

pub mod clouds;
pub mod drivers;
pub mod edit;
pub mod logging;
pub mod paths;
pub mod settings;
pub mod store;
