//! Against the cloud that `OS_CLOUD` and `OS_CLIENT_CONFIG_FILE` name; with
//! `-appcred` and `-admin` after that name, clouds for an application credential
//! and for an administrator of the same OpenStack. Everything made is taken away.

mod totp;

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use jeroboam::cloud::{Cloud, CloudErrorKind};
use jeroboam::config::clouds::{self, CloudConfig, Selection};
use jeroboam::driver::StackPlan;
use jeroboam::driver::plan::Parameter;
use jeroboam::model::{ProblemKind, Stack, Status};
use jeroboam::openstack;
use secrecy::SecretString;

const MAIN: &str = r#"
heat_template_version: 2018-08-31
parameters: {count: {type: number, default: 1}, secret: {type: string, hidden: true}}
resources:
  workers:
    type: OS::Heat::ResourceGroup
    properties: {count: {get_param: count}, resource_def: {type: worker.yaml}}
  alias: {type: "Jeroboam::Test::Alias"}
outputs:
  count: {value: {get_param: count}}
  secret: {value: {get_param: secret}}
"#;
const WORKER: &str = r#"
heat_template_version: 2018-08-31
resources:
  word: {type: OS::Heat::RandomString}
"#;
const ENVIRONMENT: &str = r#"
resource_registry: {"Jeroboam::Test::Alias": "OS::Heat::None"}
parameters: {count: 2}
"#;

/// The configuration of `OS_CLOUD` with this after its name.
fn config(suffix: &str) -> CloudConfig {
    let selection = Selection::from_process(None);
    let name = selection.env.get("OS_CLOUD").expect("OS_CLOUD names a cloud");
    let selection = Selection { os_cloud: Some(format!("{name}{suffix}")), ..selection };
    clouds::load(&selection).unwrap()
}

async fn connect(suffix: &str) -> Cloud {
    openstack::connect(&config(suffix)).await.unwrap()
}

fn plan(name: &str, tag: &str) -> StackPlan {
    StackPlan {
        stack_name: name.to_owned(),
        template: MAIN.to_owned(),
        files: BTreeMap::from([
            ("worker.yaml".to_owned(), WORKER.to_owned()),
            ("env.yaml".to_owned(), ENVIRONMENT.to_owned()),
        ]),
        environment_files: vec!["env.yaml".to_owned()],
        parameters: BTreeMap::from([("secret".to_owned(), Parameter::Secret(SecretString::from("s")))]),
        timeout_mins: 5,
        tags: vec!["jeroboam-test".to_owned(), tag.to_owned()],
    }
}

/// Asks again until the condition holds; a minute and a half is far more than Heat needs here.
async fn settled(cloud: &Cloud, id: &str, done: impl Fn(Option<&Stack>) -> bool) -> Option<Stack> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(90);
    loop {
        let stack = cloud.orchestration.stack(id, false).await.unwrap();
        if done(stack.as_ref()) {
            return stack;
        }
        assert!(tokio::time::Instant::now() < deadline, "{stack:?}");
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn password_and_application_credential_see_the_same_project() {
    let (password, credential) = (connect("").await, connect("-appcred").await);
    assert_eq!(password.identity.scope, credential.identity.scope);
    assert!(password.has("orchestration") && password.has("network"), "{:?}", password.services);
    assert!(!password.identity.user_name.is_empty() && !password.identity.project_name.is_empty());
}

#[tokio::test]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn every_list_has_what_a_cluster_needs() {
    let cloud = connect("").await;
    let images = cloud.images.images().await.unwrap();
    assert!(images.iter().any(|image| image.status == "active" && image.os_distro.is_some()), "{images:?}");
    assert!(cloud.compute.flavors().await.unwrap().iter().any(|flavor| flavor.vcpus > 0 && flavor.ram > 0));
    assert!(cloud.compute.keypairs().await.unwrap().iter().all(|key| !key.fingerprint.is_empty()));
    let networks = cloud.networking.networks().await.unwrap();
    assert!(networks.iter().any(|network| network.external), "{networks:?}");
    let subnets = cloud.networking.subnets().await.unwrap();
    assert!(subnets.iter().all(|subnet| networks.iter().any(|network| network.id == subnet.network_id)));
}

#[tokio::test]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn a_stack_lives_and_dies() {
    let cloud = connect("").await;
    let tag = uuid::Uuid::new_v4().to_string();
    let plan = plan(&format!("jeroboam-test-{}", &tag[..8]), &tag);
    let story = AssertUnwindSafe(life_and_death(&cloud, &plan, &tag)).catch_unwind().await;
    // Harmless when the story came to its end.
    let gone = cloud.orchestration.delete_stack(&plan.stack_name).await;
    story.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    assert!(!gone.unwrap());
}

async fn life_and_death(cloud: &Cloud, plan: &StackPlan, tag: &str) {
    let heat = &cloud.orchestration;
    let id = heat.create_stack(plan).await.unwrap();
    let again = heat.create_stack(plan).await.unwrap_err();
    assert_eq!((again.kind, again.status), (CloudErrorKind::Conflict, Some(409)), "{again:?}");
    assert!(again.message.contains("already exists") && again.request_id.is_some(), "{again:?}");

    let found = heat.stacks_by_tag(tag).await.unwrap();
    assert_eq!(found.iter().map(|stack| &stack.id).collect::<Vec<_>>(), [&id]);
    settled(cloud, &id, |stack| stack.is_some_and(|s| s.status == Status::CREATE_COMPLETE)).await;
    let stack = heat.stack(&plan.stack_name, true).await.unwrap().unwrap();
    assert_eq!((stack.outputs["count"].as_u64(), stack.outputs["secret"].as_str()), (Some(2), Some("s")));

    let resources = heat.resources(&stack).await.unwrap();
    let mut addresses: Vec<String> = resources.iter().map(|r| r.address()).collect();
    addresses.sort();
    assert_eq!(addresses, ["alias", "workers", "workers.0", "workers.0.word", "workers.1", "workers.1.word"]);

    let events = heat.events(&stack, None).await.unwrap();
    assert!(events.is_sorted_by_key(|event| event.time));
    let first = &events[0];
    assert_eq!((first.resource.as_str(), &first.status), (plan.stack_name.as_str(), &Status::CREATE_IN_PROGRESS));
    let word: Vec<_> = events.iter().filter(|e| e.resource == "word" && e.path == ["workers", "1"]).collect();
    assert_eq!(
        word.iter().map(|e| e.status.to_string()).collect::<Vec<_>>(),
        ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    );
    let last = events.last().unwrap();
    let late = heat.events(&stack, Some(last.time)).await.unwrap();
    assert!(late.iter().any(|event| event.id == last.id) && late.len() <= events.len());

    assert!(heat.delete_stack(&id).await.unwrap());
    settled(cloud, &id, |stack| stack.is_none()).await;
    assert_eq!(heat.stack(&plan.stack_name, false).await.unwrap(), None);
    assert!(heat.stacks_by_tag(tag).await.unwrap().is_empty());
}

#[tokio::test]
#[ignore = "needs a cloud: OS_CLOUD"]
async fn a_wrong_password_is_told_as_such() {
    let mut wrong = config("");
    for method in &mut wrong.methods {
        if let clouds::Method::Password { password, .. } = method {
            *password = SecretString::from("wrong");
        }
    }
    let problem = openstack::connect(&wrong).await.err().unwrap();
    assert_eq!(problem.kind, ProblemKind::Denied);
    assert!(problem.summary.contains("refused the login") && problem.request_id.is_some(), "{problem}");
}
