use std::time::Duration;

use secrecy::SecretString;
use serde_json::Value;

use super::{Event, Notifier, Outcome, Rabbit, Targets};
use crate::model::Status;
use crate::store::tests::record;

const LONG: Duration = Duration::from_secs(30);

fn event(status: Status) -> Event {
    let mut cluster = record(1, "prod").cluster;
    cluster.status = status;
    cluster.status_reason = "no valid host".into();
    let (action, outcome) = super::cadf::of_status(&cluster.status).unwrap();
    Event::new(&cluster, action, outcome, cluster.created_at)
}

#[test]
fn an_event_is_magnums() {
    let told = event(Status::CREATE_FAILED).notification("h1");
    assert_eq!(told["event_type"], "magnum.cluster.create");
    assert_eq!((told["publisher_id"].as_str(), told["priority"].as_str()), (Some("container-infra.h1"), Some("ERROR")));
    let payload = &told["payload"];
    assert_eq!(payload["typeURI"], "http://schemas.dmtf.org/cloud/audit/1.0/event");
    assert_eq!((payload["action"].as_str(), payload["outcome"].as_str()), (Some("create"), Some("failure")));
    assert_eq!(payload["eventTime"], "2027-01-15T08:00:00.000000+0000");
    assert_eq!(payload["initiator"]["typeURI"], "service/security/account/user");
    let target = &payload["target"];
    assert_eq!((target["name"].as_str(), target["typeURI"].as_str()), (Some("prod"), Some("service/magnum/cluster")));
    let content = &target["attachments"][0]["content"];
    assert_eq!(
        (content["status"].as_str(), content["status_reason"].as_str()),
        (Some("CREATE_FAILED"), Some("no valid host"))
    );
    let mut names: Vec<&str> = content.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names.join(" "),
        "api_address cluster_template_id create_timeout created_at discovery_url docker_volume_size: flavor_id \
         health_status keypair labels master_addresses master_count master_flavor_id node_addresses node_count \
         project_id stack_id status status_reason updated_at"
    );
    assert_eq!(event(Status::DELETE_IN_PROGRESS).outcome, Outcome::Pending);
    assert!(super::cadf::of_status(&Status::from("CHECK_COMPLETE")).is_none());
    assert_eq!(super::cadf::of_status(&Status::from("ROLLBACK_COMPLETE")), Some(("update", Outcome::Success)));
}

#[tokio::test]
async fn a_file_gets_a_line_for_each() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let notifier = Notifier::start(Targets { file: Some(file.clone()), ..Targets::default() });
    notifier.tell(event(Status::CREATE_IN_PROGRESS));
    notifier.tell(event(Status::CREATE_COMPLETE));
    notifier.settle(LONG).await;
    // Moved away by a log rotation: the next one makes a new file.
    std::fs::rename(&file, folder.path().join("old")).unwrap();
    notifier.tell(event(Status::DELETE_IN_PROGRESS));
    notifier.settle(LONG).await;
    let lines = |path| {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap())
            .collect::<Vec<_>>()
    };
    let told: Vec<_> = lines(folder.path().join("old")).iter().map(|l| l["payload"]["outcome"].clone()).collect();
    assert_eq!(told, ["pending", "success"]);
    assert_eq!(lines(file.clone())[0]["event_type"], "magnum.cluster.delete");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn without_targets_nothing_happens() {
    let notifier = Notifier::start(Targets::default());
    assert!(!notifier.is_active());
    notifier.tell(event(Status::CREATE_COMPLETE));
    notifier.settle(LONG).await;
}

/// Nobody listens at that address: telling goes on at once, the queue stays small, the file is written.
#[tokio::test]
async fn a_broker_that_is_away_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let rabbit = Rabbit {
        url: SecretString::from(format!("amqp://guest:hidden@127.0.0.1:{port}/")),
        exchange: "openstack".into(),
        topics: vec!["notifications".into()],
    };
    let file = folder.path().join("events.jsonl");
    let targets = Targets { rabbit: Some(rabbit), host: "h".into(), file: Some(file.clone()) };
    assert!(!format!("{targets:?}").contains("hidden"));
    let notifier = Notifier::with_queue(targets, 2);
    for _ in 0..1000 {
        notifier.tell(event(Status::CREATE_COMPLETE));
    }
    let queue = &notifier.queues[0];
    let (taken, dropped) = (
        queue.taken.load(std::sync::atomic::Ordering::SeqCst),
        queue.dropped.load(std::sync::atomic::Ordering::SeqCst),
    );
    assert!(taken <= 3 && taken + dropped == 1000, "{taken} {dropped}");
    notifier.settle(Duration::from_millis(50)).await;
    let written = &notifier.queues[1];
    let wanted = written.taken.load(std::sync::atomic::Ordering::SeqCst);
    written.done.clone().wait_for(|done| *done >= wanted).await.unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count() as u64, wanted);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("missing/events.jsonl");
    let notifier = Notifier::start(Targets { file: Some(file.clone()), ..Targets::default() });
    notifier.tell(event(Status::CREATE_COMPLETE));
    notifier.settle(LONG).await;
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    notifier.tell(event(Status::DELETE_IN_PROGRESS));
    notifier.settle(LONG).await;
    assert_eq!(std::fs::read_to_string(file).unwrap().lines().count(), 1);
}
