//! Texts that the dashboard asks for and keeps nothing of.

use futures_util::future::join_all;

use super::save;
use crate::cli::ca;
use crate::model::{Authority, CertificateRequest, Problem};
use crate::pki;
use crate::service::Manager;
use crate::ui::{Found, RequestFrom, Source};

pub async fn read(manager: &dyn Manager, source: &Source) -> Result<Found, Problem> {
    match source {
        Source::Console { cluster, server } => Ok(Found::Console(manager.console(*cluster, server, None).await?)),
        Source::Server { cluster, server } => Ok(Found::Server(manager.server(*cluster, server).await?.map(Box::new))),
        Source::Stack(cluster) => Ok(Found::Stack(manager.stack_sheet(*cluster).await?.map(Box::new))),
        Source::Authorities(cluster) => {
            let all = [Authority::Kubernetes, Authority::Etcd, Authority::FrontProxy];
            let asked =
                all.map(|authority| async move { (authority, manager.ca_certificate(*cluster, authority).await) });
            Ok(Found::Authorities(join_all(asked).await))
        }
    }
}

/// What a certificate request asks for.
pub async fn request(from: RequestFrom) -> Result<Box<CertificateRequest>, Problem> {
    let work = tokio::task::spawn_blocking(move || {
        let pem = match from {
            RequestFrom::Text(text) => text,
            RequestFrom::File(path) => file(&path)?,
        };
        Ok(Box::new(pki::request(&pem)?))
    });
    work.await.unwrap_or_else(|_| Err(Problem::local("reading the request ended in a defect of Jeroboam's")))
}

/// Of a file only: a pipe could keep us waiting for ever.
fn file(path: &str) -> Result<String, Problem> {
    let path = save::place(path)?;
    if !path.is_file() {
        let told = format!("{} is no file", path.display());
        return Err(Problem::invalid(told).advise("Name a file with a certificate request in PEM"));
    }
    ca::request(&path)
}
