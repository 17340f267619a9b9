//! Whole-screen layers: the four panes, and the page of one cluster.

pub mod cluster;
pub mod home;
pub mod layout;
pub mod shells;
