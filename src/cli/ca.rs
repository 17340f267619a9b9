//! `jeroboam ca …`

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::args::Format;
use super::fault::Done;
use super::find;
use super::output::Terminal;
use crate::model::{Authority, Problem};
use crate::service::{CaCertificate, Manager};

/// Longest request that is read, in bytes; what is longer is none.
const REQUEST_MAX: u64 = 64 * 1024;

/// How long before its end an authority is spoken of: replacing one takes planning.
pub const WARN_BEFORE: TimeDelta = TimeDelta::days(60);

/// Which authority a flag names; before anything is connected.
pub fn authority(flag: &str) -> Result<Authority, Problem> {
    flag.parse()
}

/// That a CA has expired or will soon.
pub fn expiry(cluster: &str, ca: &CaCertificate, now: DateTime<Utc>) -> Option<String> {
    let left = ca.not_after - now;
    let which = format!("The {} CA of cluster {cluster}", ca.authority);
    let date = ca.not_after.format("%Y-%m-%d");
    match left {
        left if left <= TimeDelta::zero() => Some(format!("{which} has expired on {date}: nothing it signed is valid")),
        left if left < WARN_BEFORE => {
            Some(format!("{which} expires in {} days, on {date}; replace it with: jeroboam ca rotate", left.num_days()))
        }
        _ => None,
    }
}

pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, name: &str, which: Authority) -> Done {
    let cluster = find::cluster(manager, name).await?;
    let authority = manager.ca_certificate(cluster.uuid, which).await?;
    if let Some(warning) = expiry(&cluster.name, &authority, Utc::now()) {
        terminal.note(&warning)?;
    }
    if terminal.format != Format::Table {
        return terminal.value(&authority);
    }
    pem(terminal, &authority.pem)
}

/// What is to be signed, before anything is connected. `-`: from standard input.
pub fn request(path: &Path) -> Result<String, Problem> {
    let standard_input = path == Path::new("-");
    let read = if standard_input { limited(io::stdin().lock()) } else { File::open(path).and_then(limited) };
    let name = if standard_input { "standard input".into() } else { path.display().to_string() };
    let bytes = read.map_err(|error| Problem::invalid(format!("cannot read {name}: {error}")))?;
    if bytes.len() as u64 > REQUEST_MAX {
        let told = format!("{name} is longer than {} KiB: that is no certificate request", REQUEST_MAX / 1024);
        return Err(Problem::invalid(told));
    }
    // PEM itself is ASCII; what stands around it may be anything.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One byte more than allowed at most, to tell what is too long.
fn limited(from: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(REQUEST_MAX + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

pub async fn sign(
    manager: &dyn Manager,
    terminal: &mut Terminal<'_>,
    name: &str,
    which: Authority,
    request: &str,
) -> Done {
    let cluster = find::cluster(manager, name).await?;
    let certificate = manager.sign(cluster.uuid, which, request).await?;
    if terminal.format != Format::Table {
        return terminal.value(&json!({ "cluster": cluster.uuid, "authority": which, "pem": certificate }));
    }
    pem(terminal, &certificate)
}

fn pem(terminal: &mut Terminal<'_>, text: &str) -> Done {
    writeln!(terminal.out, "{}", text.trim_end())?;
    Ok(terminal.out.flush()?)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{REQUEST_MAX, request};

    #[test]
    fn endless_and_missing_files_are_refused() {
        assert!(request(Path::new("/dev/zero")).unwrap_err().summary.contains("longer than 64 KiB"));
        assert!(request(Path::new("/nowhere/at/all")).unwrap_err().summary.contains("/nowhere/at/all"));
        assert!(request(Path::new("/")).is_err());
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), vec![0xff; REQUEST_MAX as usize]).unwrap();
        assert!(request(file.path()).is_ok());
    }
}
