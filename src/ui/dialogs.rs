//! Layers that lie over a page: confirmations, the kubeconfig export, the command line, help.

pub mod clouds;
pub mod confirm;
pub mod help;
pub mod kubeconfig;
pub mod orphans;
pub mod palette;
pub mod several;
pub mod signing;
