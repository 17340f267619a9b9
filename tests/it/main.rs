//! Integration tests, all in one binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "helpers of tests fail as tests do"
)]

mod architecture;
mod cli;
mod conductor;
mod contract;
mod dashboard;
mod demo;
mod drivers;
mod kills;
mod kube;
mod node_scripts;
mod openstack;
mod outside;
mod remote;
mod story;
mod support;
mod terminal;
mod weather;
