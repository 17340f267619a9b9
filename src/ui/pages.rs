//! Whole-screen layers: the four panes, the page of one cluster, what moves, shells, and texts to be read.

pub mod calls;
pub mod cloud;
pub mod cluster;
pub mod home;
pub mod layout;
pub mod listed;
pub mod movers;
pub mod reader;
pub mod settings;
pub mod shells;
