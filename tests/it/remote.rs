//! Shells, commands, tunnels and logs on nodes that are real sshds behind a real bastion; the
//! cloud they belong to is the embedded one.

mod apart;
mod bastions;
mod beside;
mod bundles;
mod nodes;
mod panes;
mod rig;
mod shells;
