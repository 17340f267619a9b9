//! Jeroboam: a terminal dashboard for Kubernetes clusters on OpenStack, with
//! Magnum's conductor inside. ARCHITECTURE.md says how the layers hang together.

pub mod cli;
pub mod cloud;
pub mod conductor;
pub mod config;
pub mod demo;
pub mod driver;
pub mod hot;
pub mod kube;
pub mod model;
pub mod notify;
pub mod openstack;
pub mod pki;
pub mod runtime;
pub mod service;
pub mod ssh;
pub mod store;
pub mod ui;
pub mod wiring;
