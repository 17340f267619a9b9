//! Events as lines of JSON in a file, for what reads files.

use std::path::PathBuf;

use tokio::fs::OpenOptions;
use tokio::io::AsyncWriteExt;
use tracing::{info, warn};

use super::Event;

pub(super) struct Lines {
    path: PathBuf,
    host: String,
    /// Lost since the last one that was written.
    lost: u64,
}

impl Lines {
    pub fn new(path: PathBuf, host: &str) -> Self {
        Self { path, host: host.to_owned(), lost: 0 }
    }

    /// Opened anew each time, so that the file may be moved away at any moment. Readable by its owner only.
    pub async fn append(&mut self, event: &Event) {
        let written = self.write(&format!("{}\n", event.notification(&self.host))).await;
        match written {
            Ok(()) if self.lost > 0 => {
                info!(lost = self.lost, path = %self.path.display(), "notifications are written again");
                self.lost = 0;
            }
            Ok(()) => {}
            Err(error) => {
                if self.lost == 0 {
                    warn!(%error, path = %self.path.display(), "notifications cannot be written, and are lost");
                }
                self.lost += 1;
            }
        }
    }

    async fn write(&self, line: &str) -> std::io::Result<()> {
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path).await?;
        // One call: lines of several processes never mix.
        file.write_all(line.as_bytes()).await?;
        file.flush().await
    }
}
