//! Integration tests, all in one binary.
mod architecture;
mod openstack;
