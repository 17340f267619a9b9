//! Small drawing tools that know nothing of clusters. Start at [`text`].

pub mod bar;
pub mod boxes;
pub mod input;
pub mod list;
pub mod marks;
pub mod pager;
pub mod paper;
pub mod table;
pub mod text;
