//! Whole-screen layers: the four panes, the page of one cluster, shells, and texts to be read.

pub mod cloud;
pub mod cluster;
pub mod home;
pub mod layout;
pub mod reader;
pub mod shells;
