//! `jeroboam conductor`: nothing but the work, as a service. Says when it is ready and when it
//! ends as systemd wants to hear it; ends on SIGTERM and SIGINT after the step under way.
//! <https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>

use std::ffi::OsStr;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::sync::Arc;
use std::time::Duration;

use super::{parts, tasks};
use crate::cli::args::Global;
use crate::cli::fault::{Done, Fault};
use crate::cli::{Work, interrupted};
use crate::conductor::Options;
use crate::config::logging;
use crate::model::Problem;

/// How long calls under way may take to end; less than the unit's `TimeoutStopSec`.
const FAREWELL: Duration = Duration::from_secs(75);

pub fn run(global: &Global) -> Done {
    let prepared = parts::prepare(global)?;
    if prepared.settings.read_only {
        let told = Problem::invalid("a conductor that may change nothing has nothing to do");
        return Err(Fault::usage(told.advise("Start it without --read-only, and without read_only in config.toml")));
    }
    let wanted = std::env::var("JEROBOAM_LOG").ok().filter(|wanted| !wanted.is_empty());
    logging::to_stderr(wanted.as_deref()).map_err(Fault::configuration)?;
    let tasks = tasks()?;
    let done = tasks.block_on(async {
        let interrupted = interrupted();
        let lease = Duration::from_secs(prepared.settings.lease_seconds.into());
        let options = Options { stands_in: false, lease, ..parts::options(&prepared.paths, prepared.outside.clone()) };
        let connected = parts::connect(
            &prepared.paths,
            prepared.cloud(),
            prepared.store.as_ref(),
            Work::Headless,
            options,
            Arc::default(),
        );
        let manager = connected.await.map_err(Fault::configuration)?;
        tell("READY=1\nSTATUS=Works on clusters");
        // Being told to end is how this ends well.
        interrupted.await;
        tracing::info!("told to end; finishing what is under way");
        tell("STOPPING=1\nSTATUS=Finishing what is under way");
        manager.stop(FAREWELL).await;
        Ok(())
    });
    tasks.shutdown_background();
    done
}

/// To whoever started us as a service; to nobody else.
fn tell(state: &str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else { return };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, "systemd could not be told");
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(state.as_bytes(), &address).map(drop)
}

#[cfg(test)]
mod tests {
    use std::os::linux::net::SocketAddrExt;
    use std::os::unix::net::{SocketAddr, UnixDatagram};

    use super::send;

    #[test]
    fn systemd_hears_in_both_kinds_of_places() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("notify");
        let name = format!("jeroboam-test-{}", std::process::id());
        let hidden = SocketAddr::from_abstract_name(&name).unwrap();
        let sockets = [UnixDatagram::bind(&path).unwrap(), UnixDatagram::bind_addr(&hidden).unwrap()];
        for (socket, place) in sockets.iter().zip([path.into_os_string(), format!("@{name}").into()]) {
            send(&place, "READY=1").unwrap();
            let mut heard = [0; 16];
            let size = socket.recv(&mut heard).unwrap();
            assert_eq!(&heard[..size], b"READY=1");
        }
        assert!(send("/no/such/socket".as_ref(), "READY=1").is_err());
    }
}
