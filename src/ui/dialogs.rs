//! Layers that lie over a page: confirmations, the kubeconfig export, a command to run, a bastion, the command line, help.

pub mod bastion;
pub mod bundle;
pub mod clouds;
pub mod confirm;
pub mod help;
pub mod kubeconfig;
pub mod line;
pub mod orphans;
pub mod palette;
pub mod several;
pub mod signing;
