//! Layers that lie over a page: confirmations, the kubeconfig export, help.

pub mod confirm;
pub mod help;
pub mod kubeconfig;
