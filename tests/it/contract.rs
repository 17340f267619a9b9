//! The demo cloud against a real one: the same requests, their answers' shapes
//! (status, headers that matter, fields and their types, words of refusals).
//!
//! `recorded/` holds what a real OpenStack gave. Every run compares the
//! demo cloud with the recording; the tests in [`real_cloud`] compare the recording
//! with a cloud (`OS_CLOUD`), and write it anew when `JEROBOAM_RECORD` is set.
//! Where demo and recording differ, the demo cloud is wrong.

mod changing;
mod keys;
mod shape;
pub mod side;
mod story;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use shape::Answer;

fn recording(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/contract/recorded").join(name)
}

fn recorded(name: &str) -> BTreeMap<String, Answer> {
    let text = std::fs::read_to_string(recording(name)).expect("the recording is part of the tree");
    let raw: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    raw.iter().map(|(name, raw)| (name.clone(), Answer::read(raw))).collect()
}

fn compare(real: &BTreeMap<String, Answer>, ours: &BTreeMap<String, Answer>) -> Vec<String> {
    let mut found = Vec::new();
    for (name, real) in real {
        match ours.get(name) {
            None => found.push(format!("{name}: not asked")),
            Some(ours) => found.extend(real.differences(ours).into_iter().map(|words| format!("{name}: {words}"))),
        }
    }
    found.extend(ours.keys().filter(|name| !real.contains_key(*name)).map(|name| format!("{name}: not recorded")));
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_cloud_answers_as_the_recorded_one() {
    let (_cloud, side) = side::demo().await;
    let ours = story::tell(&side).await;
    let differences = compare(&recorded("answers.json"), &ours);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_cloud_updates_stacks_as_the_recorded_one() {
    let (_cloud, side) = side::demo().await;
    let ours = changing::tell(&side).await;
    let differences = compare(&recorded("changes.json"), &ours);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_cloud_keeps_secrets_as_the_recorded_one() {
    let (_cloud, side) = side::demo().await;
    let differences = compare(&recorded("keys.json"), &keys::tell(&side).await);
    assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
}

mod real_cloud {
    use super::*;

    /// Writes the recording anew when it is asked to; then compares it.
    fn hold_against(name: &str, real: &BTreeMap<String, Answer>) {
        if std::env::var_os("JEROBOAM_RECORD").is_some() {
            let raw: BTreeMap<&String, Value> = real.iter().map(|(name, answer)| (name, answer.write())).collect();
            std::fs::create_dir_all(recording("")).unwrap();
            std::fs::write(recording(name), serde_json::to_string_pretty(&raw).unwrap() + "\n").unwrap();
        }
        let differences = compare(&recorded(name), real);
        assert!(differences.is_empty(), "{} differences:\n{}", differences.len(), differences.join("\n"));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a cloud: OS_CLOUD"]
    async fn the_recording_is_what_the_cloud_answers() {
        let side = side::real().await;
        hold_against("answers.json", &story::tell(&side).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a cloud: OS_CLOUD"]
    async fn updates_do_what_the_recording_says() {
        let side = side::real().await;
        hold_against("changes.json", &changing::tell(&side).await);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a cloud: OS_CLOUD"]
    async fn secrets_are_kept_as_the_recording_says() {
        let side = side::real().await;
        hold_against("keys.json", &keys::tell(&side).await);
    }
}
