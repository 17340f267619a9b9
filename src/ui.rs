//! The dashboard, pure: messages in, effects out, and drawing into a buffer. It
//! must not know tokio, HTTP, files or clocks; `runtime` does all that.
//!
//! Start at [`App::update`]; [`layer`] says what pages and dialogs are, [`fleet`]
//! is all they read, [`effect`] all they can want.

pub mod action;
pub mod app;
pub mod dialogs;
pub mod doing;
pub mod effect;
pub mod filter;
pub mod fleet;
pub mod forms;
pub mod key;
pub mod keymap;
pub mod layer;
pub mod msg;
pub mod notices;
pub mod operation;
pub mod pace;
pub mod pages;
pub mod panes;
pub mod pointer;
pub mod prefs;
pub mod project;
pub mod remote;
pub mod several;
pub mod shells;
pub mod theme;
pub mod timeline;
pub mod widgets;
pub mod words;

pub use app::App;
pub use effect::{Effect, Job, RequestFrom, Slot, Source, Target, Ticket};
pub use key::KeyPress;
pub use keymap::Keymap;
pub use msg::{Found, Msg, Reply, Saved};
pub use pointer::{Gesture, Mouse};
pub use theme::{Depth, Theme};
