//! Commands on a cluster's machines: they find the nodes through the manager, and the rest is
//! [`crate::runtime::remote`] with the system's ssh.

mod bastion;
mod bundle;
mod exec;
mod logs;
mod ssh;
mod tunnel;

use super::args;
use super::fault::Done;
use super::output::Terminal;
use crate::runtime::remote::Remote;
use crate::service::Manager;

pub async fn run(command: args::Remote, terminal: &mut Terminal<'_>, manager: &dyn Manager, means: &Remote) -> Done {
    match command {
        args::Remote::Ssh(wanted) => ssh::run(manager, terminal, means, wanted).await,
        args::Remote::Exec(wanted) => exec::run(manager, terminal, means, &wanted).await,
        args::Remote::Tunnel(wanted) => tunnel::run(manager, terminal, means, &wanted).await,
        args::Remote::Logs(wanted) => logs::run(manager, terminal, means, &wanted).await,
        args::Remote::Bastion(wanted) => bastion::run(manager, terminal, means, &wanted).await,
        args::Remote::Bundle(wanted) => bundle::run(manager, terminal, means, &wanted).await,
    }
}
