//! `cluster create`: what is accepted, and what `--dry-run` makes of a preview.

use std::sync::Arc;

use super::{ran, scripted};
use crate::cli::Work;
use crate::cli::fault::Exit;
use crate::model::service_quota::Item;
use crate::model::{Check, Cluster, NewCluster, Problem, QuotaUse, Status};
use crate::service::preview::{Counted, PlanSheet, Preview};

pub(super) fn told(wish: NewCluster, checks: Vec<Check>) -> Preview {
    let quota = |item, limit, used, needed| QuotaUse { item, limit, used, needed };
    Preview {
        wish,
        driver: Some("d".into()),
        checks,
        resources: vec![Counted { kind: "OS::Nova::Server".into(), count: 2 }],
        quotas: vec![quota(Item::Cores, Some(20), 12, 4), quota(Item::Ports, None, 3, 5)],
        labels: Vec::new(),
        plan: Some(PlanSheet {
            stack_name: "prod-1".into(),
            timeout_mins: 60,
            wait_condition_timeout: Some(3240),
            tags: vec!["jeroboam".into()],
            parameters: [("ca_key".to_owned(), "[secret]".into()), ("count".to_owned(), 2.into())].into(),
            template: "heat_template_version: 2018-08-31\n".into(),
            environment_files: vec!["env.yaml".into()],
            files: [("env.yaml".to_owned(), "resource_registry: {}\n".to_owned())].into(),
        }),
    }
}

const LINE: &str = "cluster create prod --cluster-template k8s --dry-run";

#[tokio::test]
async fn a_dry_run_shows_everything_and_makes_nothing() {
    let mut manager = scripted(Status::CREATE_COMPLETE, []);
    if let Some(manager) = Arc::get_mut(&mut manager) {
        manager.remarks = vec![Check::advice("keypair", "no keypair is given").advise("Name one")];
    }
    let ran_as_text = ran(&manager, LINE, false).await;
    assert_eq!(ran_as_text.exit, None, "{}", ran_as_text.err);
    for words in [
        "advice  keypair  no keypair is given\n                 → Name one\n",
        "OS::Nova::Server  2\n",
        "nova     cores  4       8         12    20\n",
        "neutron  ports  5       no limit  3     no limit\n",
        "ca_key  [secret]\n",
        "wait condition time-out  3240 s\n",
        "ENVIRONMENT env.yaml\nresource_registry: {}\n",
        "TEMPLATE\nheat_template_version: 2018-08-31\n",
    ] {
        assert!(ran_as_text.out.contains(words), "{words:?} is not in\n{}", ran_as_text.out);
    }
    let ran_as_json = ran(&manager, &format!("{LINE} -f json"), false).await;
    let read: Preview = serde_json::from_str(&ran_as_json.out).unwrap();
    assert_eq!((read.quotas.len(), read.checks.len()), (2, 1));
    assert!(manager.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_dry_run_that_would_be_refused_fails_and_still_shows_all() {
    let mut manager = scripted(Status::CREATE_COMPLETE, []);
    if let Some(manager) = Arc::get_mut(&mut manager) {
        manager.refuses = vec![Problem::invalid("the name is bad").on_field("name")];
    }
    let ran = ran(&manager, LINE, false).await;
    assert_eq!(ran.exit, Some(Exit::Failed));
    assert!(ran.out.contains("error  name  the name is bad\n") && ran.out.contains("TEMPLATE\n"), "{}", ran.out);
    assert!(ran.err.contains("would be refused: 1 error"), "{}", ran.err);
}

#[tokio::test]
async fn a_create_without_wait_leaves_the_work() {
    let manager = scripted(Status::CREATE_IN_PROGRESS, []);
    let line = "cluster create prod --cluster-template k8s --labels a=1,b=2 --labels a=3 --merge-labels \
                --master-lb-disabled --floating-ip-enabled --timeout 5 -f json";
    let ran = ran(&manager, line, false).await;
    assert_eq!((ran.exit, ran.work), (None, Some(Work::Elsewhere)));
    assert_eq!(serde_json::from_str::<Cluster>(&ran.out).unwrap(), manager.clusters[0]);
    insta::assert_snapshot!(ran.err, @r"
    Cluster prod (00000000-0000-0000-0000-0000000000c1) is accepted
    The Jeroboam that runs, or the next one, carries it out; to do it here: jeroboam cluster show 00000000-0000-0000-0000-0000000000c1 --wait
    ");
    let wish: NewCluster = serde_json::from_str(&manager.asked.lock().unwrap()[0]).unwrap();
    assert_eq!(wish.labels.to_string(), "a=3,b=2");
    assert_eq!((wish.merge_labels, wish.master_lb_enabled, wish.floating_ip_enabled), (true, Some(false), Some(true)));
    assert_eq!((wish.create_timeout, wish.node_count, wish.keypair), (5, 1, None));
}

#[test]
fn a_flag_that_is_no_number_is_named() {
    use clap::Parser;
    let cluster = ["--node-count", "--master-count", "--docker-volume-size", "--timeout"];
    let flags = cluster.map(|flag| ("cluster create c --cluster-template t", flag)).into_iter();
    let flags =
        flags.chain([("template create t --image i --external-network n --coe kubernetes", "--docker-volume-size")]);
    for (line, flag) in flags {
        for value in ["x", "-1", "1.5", "", "99999999999", "1;reboot", "\u{1b}[2J"] {
            let words = ["jeroboam"].into_iter().chain(line.split(' '));
            let argument = format!("{flag}={value}");
            let error = crate::cli::args::Cli::try_parse_from(words.chain([argument.as_str()])).unwrap_err();
            assert!(error.to_string().contains(flag), "{argument:?}: {error}");
        }
    }
}
