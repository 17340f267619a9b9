//! The log file: `jeroboam.log` in the state directory, mode 0600. The screen belongs
//! to the dashboard, so nothing is ever logged to it. A conductor without a screen logs to
//! standard error instead.
//!
//! `JEROBOAM_LOG` sets what is logged: a level (`debug`) for Jeroboam itself, or
//! `target=level` pairs (`jeroboam::conductor=trace,hyper=debug`). A bare level leaves
//! the crates below at `warn`: at `trace` some of them print what they send, tokens too.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::paths::make_private;
use crate::model::Problem;

/// Bytes after which the file becomes `jeroboam.log.1`, in place of the one of that name before.
const LIMIT: u64 = 4 << 20;

/// Starts logging for this process; `wanted` is `JEROBOAM_LOG`. Does nothing when logging has started before.
pub fn start(state_dir: &Path, wanted: Option<&str>) -> Result<(), Problem> {
    let filter = filter(wanted.unwrap_or("info"))?;
    make_private(state_dir)?;
    let path = state_dir.join("jeroboam.log");
    let log = Log::open(path.clone())
        .map_err(|error| Problem::local(format!("cannot write the log {}: {error}", path.display())))?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Writer(Mutex::new(log)));
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
    Ok(())
}

/// The same for a process without a screen: to standard error, where a service's log is taken from.
pub fn to_stderr(wanted: Option<&str>) -> Result<(), Problem> {
    let filter = filter(wanted.unwrap_or("info"))?;
    let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(io::stderr);
    let _ = tracing_subscriber::registry().with(lines).with(filter).try_init();
    Ok(())
}

fn filter(wanted: &str) -> Result<Targets, Problem> {
    let below = Targets::new().with_default(LevelFilter::WARN);
    if let Ok(level) = wanted.trim().parse::<LevelFilter>() {
        return Ok(below.with_target("jeroboam", level));
    }
    wanted.parse::<Targets>().map_err(|_| {
        Problem::invalid(format!("JEROBOAM_LOG=\"{wanted}\" is neither a level nor a list of target=level"))
            .advise("Levels are off, error, warn, info, debug, trace")
    })
}

struct Log {
    path: PathBuf,
    file: File,
    size: u64,
}

impl Log {
    fn open(path: PathBuf) -> io::Result<Self> {
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size })
    }

    fn turn(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("log.1"))?;
        *self = Self::open(self.path.clone())?;
        Ok(())
    }
}

impl Write for Log {
    /// One call is one event, so that lines of two processes do not mix.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        if self.size > 0 && self.size + event.len() as u64 > LIMIT {
            // A log that cannot be turned must not grow either: what does not fit is lost.
            self.turn()?;
        }
        self.file.write_all(event)?;
        self.size += event.len() as u64;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

struct Writer(Mutex<Log>);

struct Held<'a>(MutexGuard<'a, Log>);

impl Write for Held<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write(event)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<'a> MakeWriter<'a> for Writer {
    type Writer = Held<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Held(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    use tracing::Level;

    use super::{LIMIT, Log, filter};

    #[test]
    fn the_file_is_private_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jeroboam.log");
        let line = vec![b'x'; 64 << 10];
        let mut log = Log::open(path.clone()).unwrap();
        for _ in 0..(3 * LIMIT / line.len() as u64) {
            log.write_all(&line).unwrap();
        }
        let sizes: Vec<u64> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().metadata().unwrap())
            .inspect(|metadata| assert_eq!(metadata.permissions().mode() & 0o777, 0o600))
            .map(|metadata| metadata.len())
            .collect();
        assert_eq!(sizes.len(), 2);
        assert!(sizes.iter().all(|size| *size <= LIMIT), "{sizes:?}");
        // A process that starts anew counts what is there.
        assert_eq!(Log::open(path).unwrap().size, log.size);
    }

    #[test]
    fn a_bare_level_is_for_us_only() {
        let ours = filter("trace").unwrap();
        assert!(ours.would_enable("jeroboam::conductor", &Level::TRACE));
        assert!(!ours.would_enable("hyper", &Level::INFO));
        let named = filter("jeroboam::store=debug,hyper=trace").unwrap();
        assert!(named.would_enable("hyper", &Level::TRACE));
        assert!(!named.would_enable("jeroboam::conductor", &Level::ERROR));
        assert!(filter("jeroboam=loud").is_err());
    }
}
