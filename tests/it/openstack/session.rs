//! Tokens, retries, paging and redirects, as every call of every service meets them.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use jeroboam::cloud::{Cloud, CloudErrorKind};
use jeroboam::openstack;
use serde_json::json;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::mock::{asked, cloud, config, keystone};

const IMAGES: &str = "/image/v2/images";

fn no_images() -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(json!({"images": []}))
}

fn unauthorized() -> ResponseTemplate {
    ResponseTemplate::new(401).set_body_json(json!({"error": {"message": "The request requires authentication."}}))
}

/// Images for this token; 401 for any other.
async fn images_for(server: &MockServer, token: &str) {
    Mock::given(path(IMAGES)).and(header("X-Auth-Token", token)).respond_with(no_images()).mount(server).await;
    Mock::given(path(IMAGES)).respond_with(unauthorized()).with_priority(9).mount(server).await;
}

#[tokio::test]
async fn fifty_requests_that_meet_a_401_log_in_once() {
    let (server, keystone, cloud) = cloud().await;
    images_for(&server, "token-2").await;
    let results = join_all((0..50).map(|_| cloud.images.images())).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(keystone.logins.load(Ordering::SeqCst), 2, "the first login and one more");
    let tries = asked(&server, IMAGES).await.len();
    assert!((51..=100).contains(&tries), "each once more at most: {tries}");
}

#[tokio::test]
async fn a_401_that_stays_is_an_error_after_one_more_login() {
    let (server, keystone, cloud) = cloud().await;
    images_for(&server, "never").await;
    let error = cloud.images.images().await.unwrap_err();
    assert_eq!((error.kind, error.status), (CloudErrorKind::Unauthenticated, Some(401)));
    assert_eq!(keystone.logins.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_refused_login_is_shared_and_not_tried_again_at_once() {
    let (server, _, cloud) = cloud().await;
    images_for(&server, "never").await;
    Mock::given(path("/v3/auth/tokens")).respond_with(unauthorized()).with_priority(1).mount(&server).await;
    let results = join_all((0..50).map(|_| cloud.images.images())).await;
    assert!(results.iter().all(|result| result.as_ref().unwrap_err().kind == CloudErrorKind::Unauthenticated));
    cloud.images.images().await.unwrap_err();
    assert_eq!(asked(&server, "/v3/auth/tokens").await.len(), 2, "the first login and one refused");
}

#[tokio::test]
async fn a_one_time_passcode_is_not_sent_twice() {
    let (server, _) = keystone(86_400).await;
    let cloud = openstack::connect(&config(&server.uri(), &[("OS_PASSCODE", "123456")])).await.unwrap();
    images_for(&server, "never").await;
    let error = cloud.images.images().await.unwrap_err();
    assert!(error.message.contains("one-time passcode"), "{error}");
    assert_eq!(asked(&server, "/v3/auth/tokens").await.len(), 1);
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_before_use() {
    let (server, keystone) = keystone(0).await;
    let cloud = openstack::connect(&config(&server.uri(), &[])).await.unwrap();
    images_for(&server, "token-2").await;
    cloud.images.images().await.unwrap();
    assert_eq!(keystone.logins.load(Ordering::SeqCst), 2);
    assert_eq!(asked(&server, IMAGES).await.len(), 1, "no 401 was met");
}

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    let (server, _, cloud) = cloud().await;
    for status in [503, 429] {
        let busy = ResponseTemplate::new(status).insert_header("Retry-After", "0");
        Mock::given(path(IMAGES)).respond_with(busy).up_to_n_times(1).with_priority(1).mount(&server).await;
    }
    Mock::given(path(IMAGES)).respond_with(no_images()).with_priority(9).mount(&server).await;
    cloud.images.images().await.unwrap();
    assert_eq!(asked(&server, IMAGES).await.len(), 3);
}

#[tokio::test]
async fn a_service_that_asks_for_a_long_rest_is_not_waited_for() {
    let (server, _, cloud) = cloud().await;
    let busy = ResponseTemplate::new(429).insert_header("Retry-After", "3600").set_body_string("slow down");
    Mock::given(path(IMAGES)).respond_with(busy).mount(&server).await;
    let error = cloud.images.images().await.unwrap_err();
    assert_eq!((error.kind, error.retry_after), (CloudErrorKind::OverLimit, Some(Duration::from_secs(3600))));
    assert_eq!(asked(&server, IMAGES).await.len(), 1);
}

#[tokio::test]
async fn a_service_that_is_down_does_not_stop_the_others() {
    let (server, _, cloud) = cloud().await;
    let fault = ResponseTemplate::new(500).set_body_string("<html><h1>Internal Server Error</h1></html>");
    Mock::given(path(IMAGES)).respond_with(fault).mount(&server).await;
    let flavors = json!({"flavors": [{"id": "1", "name": "m1", "vcpus": 1, "ram": 512, "disk": 1}]});
    let answer = ResponseTemplate::new(200).set_body_json(flavors);
    Mock::given(path("/compute/v2.1/flavors/detail")).respond_with(answer).mount(&server).await;
    let error = cloud.images.images().await.unwrap_err();
    assert_eq!((error.kind, error.to_string().as_str()), (CloudErrorKind::Server, "glance: Internal Server Error"));
    assert_eq!(cloud.compute.flavors().await.unwrap().len(), 1);
}

#[tokio::test]
async fn pages_are_followed_on_our_own_address() {
    let (server, _, cloud) = cloud().await;
    let page = |id: &str, next: &str| json!({"images": [{"id": id, "name": id, "status": "active"}, 7, {"name": "no id"}], "next": next});
    let first = ResponseTemplate::new(200).set_body_json(page("a", "http://inner:9292/v2/images?limit=2&marker=a"));
    Mock::given(path(IMAGES)).respond_with(first).with_priority(9).mount(&server).await;
    let second = ResponseTemplate::new(200).set_body_json(page("b", "/v2/images?limit=2&marker=a"));
    Mock::given(path(IMAGES)).and(query_param("marker", "a")).respond_with(second).mount(&server).await;
    let names: Vec<String> = cloud.images.images().await.unwrap().into_iter().map(|image| image.name).collect();
    assert_eq!(names, ["a", "b"], "the second page names itself as the next: that is the end");
    assert_eq!(asked(&server, IMAGES).await.len(), 2);
}

/// The stack that a redirect to this address leads to, or the error.
async fn redirected(server: &MockServer, cloud: &Cloud, location: &str) -> Result<(), jeroboam::cloud::CloudError> {
    let by_name = format!("/heat/v1/{}/stacks/prod", super::mock::PROJECT);
    let found = ResponseTemplate::new(302).insert_header("Location", location);
    let _mock = Mock::given(method("GET")).and(path(by_name)).respond_with(found).mount_as_scoped(server).await;
    cloud.orchestration.stack("prod", false).await.map(|stack| assert_eq!(stack.unwrap().id, "id"))
}

#[tokio::test]
async fn a_redirect_is_followed_at_home_only() {
    let (server, _, cloud) = cloud().await;
    let other = MockServer::start().await;
    let stack = json!({"stack": {"id": "id", "stack_name": "prod", "stack_status": "CREATE_COMPLETE"}});
    let answer = ResponseTemplate::new(200).set_body_json(&stack);
    Mock::given(path("/there")).and(header("X-Auth-Token", "token-1")).respond_with(answer).mount(&server).await;
    redirected(&server, &cloud, &format!("{}/there", server.uri())).await.unwrap();
    redirected(&server, &cloud, "/there").await.unwrap();
    for foreign in [format!("{}/there", other.uri()), "http://evil.example/there".into(), "file:///etc/passwd".into()] {
        let error = redirected(&server, &cloud, &foreign).await.unwrap_err();
        assert_eq!((error.kind, error.status), (CloudErrorKind::Protocol, Some(302)), "{error}");
    }
    assert!(other.received_requests().await.unwrap().is_empty(), "the token stays at home");
    let by_name = format!("/heat/v1/{}/stacks/prod", super::mock::PROJECT);
    let circle = redirected(&server, &cloud, &by_name).await.unwrap_err();
    assert_eq!(circle.kind, CloudErrorKind::Protocol, "{circle}");
}

#[tokio::test]
async fn an_answer_that_is_no_json_or_no_list_is_told() {
    let (server, _, cloud) = cloud().await;
    for (body, says) in [("<html>Login</html>", "not JSON"), ("{}", "no list \"images\""), ("[[[", "not JSON")] {
        let answer = ResponseTemplate::new(200).set_body_string(body);
        let _mock = Mock::given(path(IMAGES)).respond_with(answer).mount_as_scoped(&server).await;
        let error = cloud.images.images().await.unwrap_err();
        assert!(error.kind == CloudErrorKind::Protocol && error.message.contains(says), "{error}");
    }
}

/// What a log file would get.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_has_every_call_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let (server, _, cloud) = cloud().await;
    let answer = no_images().insert_header("x-openstack-request-id", "req-9");
    Mock::given(path(IMAGES)).respond_with(answer).mount(&server).await;
    cloud.images.images().await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let line = text.lines().find(|line| line.contains("jeroboam::api") && line.contains(IMAGES)).unwrap();
    assert!(line.contains("method=GET") && line.contains("status=200") && line.contains("req-9"), "{line}");
    assert!(text.contains("method=POST") && !text.contains("s3cret") && !text.contains("token-1"), "{text}");
}

#[tokio::test]
async fn every_exchange_is_noted_and_no_secret_with_it() {
    let (server, _) = keystone(86_400).await;
    let calls = Arc::new(openstack::calls::Calls::default());
    let cloud = openstack::connect_noting(&config(&server.uri(), &[]), calls.clone()).await.unwrap();
    images_for(&server, "token-2").await;
    cloud.images.images().await.unwrap();
    let noted = calls.after(0).await;
    let told: Vec<String> = noted.iter().map(|c| format!("{} {} {:?}", c.service, c.method, c.status)).collect();
    let wanted = ["keystone POST Some(201)", "glance GET Some(401)", "keystone POST Some(201)", "glance GET Some(200)"];
    assert_eq!(told, wanted);
    let all = serde_json::to_string(&noted).unwrap();
    assert!(all.contains(IMAGES) && !all.contains("s3cret") && !all.contains("token-"), "{all}");
    let dead = Arc::new(openstack::calls::Calls::default());
    assert!(openstack::connect_noting(&config("http://127.0.0.1:9", &[]), dead.clone()).await.is_err());
    assert!(dead.after(0).await[0].fault.is_some(), "a login that failed is there too");
}
