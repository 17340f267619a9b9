//! Texts that the dashboard asks for and keeps nothing of.

use crate::model::Problem;
use crate::service::Manager;
use crate::ui::{Found, Source};

pub async fn read(manager: &dyn Manager, source: &Source) -> Result<Found, Problem> {
    match source {
        Source::Console { cluster, server } => Ok(Found::Console(manager.console(*cluster, server, None).await?)),
        Source::Server { cluster, server } => Ok(Found::Server(manager.server(*cluster, server).await?.map(Box::new))),
        Source::Stack(cluster) => Ok(Found::Stack(manager.stack_sheet(*cluster).await?.map(Box::new))),
    }
}
