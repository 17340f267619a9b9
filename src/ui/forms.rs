//! Forms: fields, a focus, and rules that come from [`crate::model::validate`].
//! [`form`] is what every form does; [`template`] and [`cluster`] say what is asked.

pub mod change;
pub mod cluster;
pub mod command;
pub mod draw;
pub mod field;
pub mod form;
pub mod hints;
pub mod image;
pub mod labels;
pub mod offers;
pub mod picker;
pub mod quota;
pub mod review;
pub mod template;
