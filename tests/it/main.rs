//! Integration tests, all in one binary.
mod architecture;
mod cli;
mod openstack;
#[allow(dead_code, reason = "a helper comes before the last story that needs it")]
mod support;
