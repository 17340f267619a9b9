//! How long to wait after a passing fault. The only place where retries are timed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use uuid::Uuid;

const BASE: Duration = Duration::from_secs(2);
const CAP: Duration = Duration::from_secs(60);
/// A service may ask for more patience than [`CAP`], but not for for ever.
const ASKED_CAP: Duration = Duration::from_secs(600);

/// Doubles with each fault in a row, from 2 s to a minute, of which half is jitter.
/// The jitter is drawn from `seed`, so that clusters spread and a run can be repeated.
/// Never shorter than what the service asked for in `Retry-After`.
pub(super) fn delay(faults: u32, retry_after: Option<Duration>, seed: Uuid) -> Duration {
    let full = BASE.saturating_mul(1 << faults.saturating_sub(1).min(10)).min(CAP);
    let mut hasher = DefaultHasher::new();
    (seed, faults).hash(&mut hasher);
    let share = u32::try_from(hasher.finish() % 1000).unwrap_or(0);
    let jittered = full / 2 + full / 2 * share / 1000;
    jittered.max(retry_after.unwrap_or_default().min(ASKED_CAP))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::{CAP, delay};

    #[test]
    fn grows_spreads_and_obeys() {
        let seeds: Vec<Uuid> = (0..50).map(Uuid::from_u128).collect();
        for seed in &seeds {
            assert!(delay(1, None, *seed) >= Duration::from_secs(1) && delay(1, None, *seed) <= Duration::from_secs(2));
            assert!(delay(u32::MAX, None, *seed) <= CAP);
            assert!(delay(8, None, *seed) >= CAP / 2);
            assert_eq!(delay(1, Some(Duration::from_secs(30)), *seed), Duration::from_secs(30));
            assert_eq!(delay(1, Some(Duration::from_secs(1 << 40)), *seed), Duration::from_secs(600));
        }
        let mut spread: Vec<Duration> = seeds.iter().map(|seed| delay(5, None, *seed)).collect();
        spread.sort();
        spread.dedup();
        assert!(spread.len() > 30, "clusters retry all at once");
    }
}
