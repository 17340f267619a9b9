//! The last exchanges with the clouds, in memory: what the dashboard shows when somebody asks
//! what is going on. Shared by all sessions of a process, so failed logins are in it too.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tokio::sync::watch;

use crate::model::call::ApiCall;
use crate::model::text::clean;

/// So many are kept; the oldest goes.
pub const KEPT: usize = 2000;
/// What comes together is told together.
const GATHER: Duration = Duration::from_millis(250);

#[derive(Debug)]
pub struct Calls {
    kept: Mutex<VecDeque<ApiCall>>,
    newest: watch::Sender<u64>,
}

impl Default for Calls {
    fn default() -> Self {
        Self { kept: Mutex::default(), newest: watch::Sender::new(0) }
    }
}

/// An exchange that is over.
pub struct Exchange<'a> {
    pub service: &'a str,
    pub method: &'a str,
    pub url: &'a str,
    pub attempt: u32,
    pub took: Duration,
    pub status: Option<u16>,
    pub request_id: Option<String>,
    pub fault: Option<String>,
}

impl Calls {
    pub fn note(&self, exchange: Exchange<'_>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = kept.back().map_or(0, |last| last.number) + 1;
        kept.push_back(ApiCall {
            number,
            at: Utc::now() - TimeDelta::from_std(exchange.took).unwrap_or_default(),
            service: exchange.service.to_owned(),
            method: exchange.method.to_owned(),
            url: clean(exchange.url),
            attempt: exchange.attempt,
            status: exchange.status,
            took_ms: u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
            request_id: exchange.request_id,
            fault: exchange.fault,
        });
        let surplus = kept.len().saturating_sub(KEPT);
        kept.drain(..surplus);
        self.newest.send_replace(number);
    }

    /// Those after this number that are kept still, the oldest first; waits until there is one.
    pub async fn after(&self, number: u64) -> Vec<ApiCall> {
        let mut newest = self.newest.subscribe();
        if *newest.borrow() <= number {
            // The sender is ours, so it lives as long as this.
            let _ = newest.wait_for(|newest| *newest > number).await;
            tokio::time::sleep(GATHER).await;
        }
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().filter(|call| call.number > number).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::{Calls, Exchange, KEPT};

    fn exchange(url: &str) -> Exchange<'_> {
        Exchange {
            service: "heat",
            method: "GET",
            url,
            attempt: 1,
            took: Duration::from_millis(7),
            status: Some(200),
            request_id: None,
            fault: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_follows_gets_each_once_and_waits_without_being_woken_for_nothing() {
        let calls = Arc::new(Calls::default());
        calls.note(exchange("http://a"));
        assert_eq!(calls.after(0).await.len(), 1);
        let following = tokio::spawn({
            let calls = calls.clone();
            async move { calls.after(1).await }
        });
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(!following.is_finished());
        calls.note(exchange("http://b\u{1b}[31m"));
        calls.note(exchange("http://c"));
        let came = following.await.unwrap();
        assert_eq!(came.iter().map(|call| call.number).collect::<Vec<_>>(), [2, 3]);
        assert!(!came[0].url.contains('\u{1b}'));
    }

    #[tokio::test]
    async fn no_more_are_kept_than_anybody_reads() {
        let calls = Calls::default();
        (0..KEPT + 10).for_each(|_| calls.note(exchange("http://a")));
        let kept = calls.after(0).await;
        assert_eq!((kept.len(), kept[0].number), (KEPT, 11));
    }
}
