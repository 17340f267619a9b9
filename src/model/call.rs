//! What was asked of a cloud's APIs, one exchange after another, as a person reads it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One exchange, or something that we did ourselves. There is no token and no body in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiCall {
    /// Counts all calls of this process.
    pub number: u64,
    /// When it began.
    pub at: DateTime<Utc>,
    /// The service's common name, or [`OURS`].
    pub service: String,
    pub method: String,
    /// Without user, password and fragment. Of what we did ourselves: what it was.
    pub url: String,
    /// 2 and more: a repeat.
    pub attempt: u32,
    pub status: Option<u16>,
    pub took_ms: u64,
    pub request_id: Option<String>,
    /// Why there was no answer, or why we did not do it.
    pub fault: Option<String>,
}

/// Stands for a service's name where this program itself did something.
pub const OURS: &str = "jeroboam";

impl ApiCall {
    pub fn is_failed(&self) -> bool {
        self.fault.is_some() || self.status.is_some_and(|status| status >= 400)
    }

    /// For a report: everything in one line.
    pub fn line(&self) -> String {
        let told = match (&self.fault, self.status) {
            (Some(fault), _) => fault.clone(),
            (None, Some(status)) => format!("HTTP {status}"),
            (None, None) => "done".to_owned(),
        };
        let id = self.request_id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        let at = self.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        format!("{at} {} {} {} ({} ms): {told}{id}", self.service, self.method, self.url, self.took_ms)
    }
}
