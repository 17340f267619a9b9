//! What several tests share.

pub mod eye;
pub mod pty;
