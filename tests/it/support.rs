//! What several tests share.

pub mod eye;
pub mod postgres;
pub mod pty;
