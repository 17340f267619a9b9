//! What several tests share.

pub mod eye;
pub mod live;
pub mod postgres;
pub mod pty;
