//! Planning a session on a node: which address, which user, which key, by which way, and whose
//! host key counts. The session itself is the system's `ssh`, so that the user's own
//! configuration, agents, jump hosts and hardware keys hold.
//!
//! Pure: nothing here starts a program, opens a file or asks a cloud; `runtime::remote` does.
//! Whatever came from a cloud is checked before it becomes a word of a command: an address is
//! an address, a user name is one, a host key's name is the server's uuid, which no other
//! server ever has, whatever address it gets. Start reading at [`session`].

pub mod explain;
pub mod hostkeys;
pub mod jump;
pub mod login;
pub mod node;
pub mod redact;
pub mod script;
pub mod session;

pub use jump::Jump;
pub use session::{Checking, Session, Way, Wish};
