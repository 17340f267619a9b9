//! `jeroboam bastion …`: a host of ours between here and nodes without floating IPs.

use std::time::Duration;

use tokio::time::Instant;

use super::ssh::NODES;
use crate::cli::args::{Bastion, BastionCreate};
use crate::cli::fault::Done;
use crate::cli::find;
use crate::cli::output::Terminal;
use crate::model::{NewBastion, Problem, ProblemKind};
use crate::runtime::remote::{Remote, bastion};
use crate::service::Manager;

/// How long a server may take to be up, and how often it is looked at.
const LIMIT: Duration = Duration::from_secs(600);
const LOOK: Duration = Duration::from_secs(2);

pub async fn run(manager: &dyn Manager, terminal: &mut Terminal<'_>, means: &Remote, wanted: &Bastion) -> Done {
    match wanted {
        Bastion::Create(wanted) => create(manager, terminal, wanted).await,
        Bastion::List(named) => {
            let cluster = find::cluster(manager, &named.name).await?;
            terminal.list(&manager.bastions(cluster.uuid).await?, &NODES)
        }
        Bastion::Delete(named) => {
            let cluster = find::cluster(manager, &named.name).await?;
            match means.remove_bastion(manager, &cluster).await? {
                0 => Err(Problem::not_found(format!("cluster \"{}\" has no bastion", cluster.name)).into()),
                _ => terminal.note(&format!("The bastion of {} is deleted", cluster.name)),
            }
        }
    }
}

async fn create(manager: &dyn Manager, terminal: &mut Terminal<'_>, wanted: &BastionCreate) -> Done {
    let cluster = find::cluster(manager, &wanted.cluster).await?;
    let wish = NewBastion {
        image: wanted.image.clone(),
        flavor: wanted.flavor.clone(),
        keypair: wanted.keypair.clone(),
        ..NewBastion::default()
    };
    let (mut bastion, from) = bastion::make(manager, &cluster, wanted.from.clone(), wish).await?;
    terminal.note(&format!("{} lets in {from} and nobody else", bastion.name))?;
    let until = Instant::now() + LIMIT;
    while wanted.wait && bastion.status != "ACTIVE" {
        if bastion.status == "ERROR" || Instant::now() > until {
            let told = format!("the bastion {} is {}", bastion.name, bastion.status);
            return Err(Problem::new(ProblemKind::Unavailable, told)
                .advise("jeroboam bastion delete removes it; try another flavor or image")
                .into());
        }
        tokio::time::sleep(LOOK).await;
        let lost = || Problem::not_found(format!("the bastion of {} is gone", cluster.name));
        bastion = manager.bastions(cluster.uuid).await?.pop().ok_or_else(lost)?;
    }
    terminal.list(std::slice::from_ref(&bastion), &NODES)
}
