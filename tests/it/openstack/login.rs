//! Logging in: what is sent, and what a user reads when it fails.

use jeroboam::model::ProblemKind;
use jeroboam::openstack;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::mock::{PROJECT, asked, config, keystone, token_body};

const UNAUTHORIZED: &str =
    r#"{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}"#;

async fn answering(answer: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(wiremock::matchers::any()).respond_with(answer).mount(&server).await;
    server
}

#[tokio::test]
async fn identity_and_services_come_from_the_token() {
    let (server, _) = keystone(3600).await;
    let cloud = openstack::connect(&config(&server.uri(), &[])).await.unwrap();
    assert_eq!(
        (cloud.identity.scope.project_id.as_str(), cloud.identity.scope.region.as_str()),
        (PROJECT, "RegionOne")
    );
    assert_eq!((cloud.identity.cloud.as_str(), cloud.identity.user_name.as_str()), ("envvars", "demo"));
    assert!(cloud.has("orchestration") && !cloud.has("load-balancer"));
    let sent: Value = asked(&server, "/v3/auth/tokens").await[0].body_json().unwrap();
    let domain = json!({"id": "default"});
    let user = json!({"name": "demo", "domain": domain, "password": "s3cret"});
    let want = json!({"auth": {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": "demo", "domain": domain}},
    }});
    assert_eq!(sent, want);
}

#[rstest]
#[case::credential(&[("OS_AUTH_TYPE", "v3applicationcredential"), ("OS_APPLICATION_CREDENTIAL_ID", "i"), ("OS_APPLICATION_CREDENTIAL_SECRET", "s")],
    json!({"identity": {"methods": ["application_credential"], "application_credential": {"id": "i", "secret": "s"}}}))]
#[case::factors(&[("OS_PASSCODE", "123456"), ("OS_PROJECT_ID", "p")],
    json!({"identity": {"methods": ["password", "totp"],
        "password": {"user": {"name": "demo", "domain": {"id": "default"}, "password": "s3cret"}},
        "totp": {"user": {"name": "demo", "domain": {"id": "default"}, "passcode": "123456"}}},
        "scope": {"project": {"id": "p"}}}))]
#[case::token(&[("OS_AUTH_TYPE", "token"), ("OS_TOKEN", "t")],
    json!({"identity": {"methods": ["token"], "token": {"id": "t"}}, "scope": {"project": {"name": "demo", "domain": {"id": "default"}}}}))]
#[tokio::test]
async fn each_method_is_sent_as_keystone_wants_it(#[case] env: &[(&str, &str)], #[case] auth: Value) {
    let (server, _) = keystone(3600).await;
    openstack::connect(&config(&server.uri(), env)).await.unwrap();
    let sent: Value = asked(&server, "/v3/auth/tokens").await[0].body_json().unwrap();
    assert_eq!(sent["auth"], auth);
}

#[tokio::test]
async fn a_token_without_a_scope_is_used_as_it_is() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_json(token_body(&server.uri(), 3600));
    Mock::given(method("GET")).and(path("/v3/auth/tokens")).respond_with(answer).mount(&server).await;
    let images = ResponseTemplate::new(200).set_body_json(json!({"images": []}));
    Mock::given(path("/image/v2/images")).respond_with(images).mount(&server).await;
    let env = [("OS_TOKEN", "mine"), ("OS_AUTH_TYPE", "token"), ("OS_PROJECT_NAME", "")];
    let cloud = openstack::connect(&config(&server.uri(), &env)).await.unwrap();
    cloud.images.images().await.unwrap();
    assert_eq!(asked(&server, "/image/v2/images").await[0].headers["x-auth-token"], "mine");
}

#[rstest]
#[case::wrong_password(ResponseTemplate::new(401).set_body_raw(UNAUTHORIZED, "application/json").insert_header("x-openstack-request-id", "req-7"),
    ProblemKind::Denied, &["refused the login", "requires authentication", "req-7", "Check user, password"])]
#[case::unknown_credential(ResponseTemplate::new(404).set_body_json(json!({"error": {"code": 404, "message": "Could not find Application Credential: nope.", "title": "Not Found"}})),
    ProblemKind::Denied, &["refused the login", "Could not find Application Credential"])]
#[case::receipt(ResponseTemplate::new(401).insert_header("Openstack-Auth-Receipt", "r").set_body_json(json!({"receipt": {}, "required_auth_methods": [["password", "totp"]]})),
    ProblemKind::Denied, &["more factors: password+totp", "OS_PASSCODE"])]
#[case::other_server(ResponseTemplate::new(404).set_body_string("<html>nginx</html>"),
    ProblemKind::Unavailable, &["no Keystone v3 there", "HTTP 404", "/v3/auth/tokens"])]
#[case::no_post(ResponseTemplate::new(405), ProblemKind::Unavailable, &["no Keystone v3 there", "HTTP 405"])]
#[case::page(ResponseTemplate::new(200).set_body_string("<html>Welcome</html>"), ProblemKind::Unavailable, &["no Keystone v3 there", "not JSON"])]
#[case::other_json(ResponseTemplate::new(200).set_body_json(json!({"hello": 1})), ProblemKind::Unavailable, &["no Keystone v3 there", "no token"])]
#[case::redirect(ResponseTemplate::new(301).insert_header("Location", "https://else.where/v3"), ProblemKind::Unavailable, &["redirects to https://else.where/v3"])]
#[case::down(ResponseTemplate::new(503).set_body_string("no backend"), ProblemKind::Unavailable, &["no backend", "HTTP 503"])]
#[tokio::test]
async fn a_failed_login_says_what_to_do(
    #[case] answer: ResponseTemplate,
    #[case] kind: ProblemKind,
    #[case] says: &[&str],
) {
    let server = answering(answer).await;
    let problem = openstack::connect(&config(&server.uri(), &[])).await.err().unwrap();
    let line = problem.line();
    assert_eq!(problem.kind, kind, "{line}");
    assert!(says.iter().all(|part| line.contains(part)) && line.contains("\"envvars\""), "{line}");
    assert!(!line.contains("s3cret"), "{line}");
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "a login is tried once");
}

#[tokio::test]
async fn nobody_there_and_no_tls_there_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let plain = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let _ = socket.read(&mut [0; 512]).await;
        let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    });
    let https = config(&format!("https://127.0.0.1:{port}/v3"), &[("OS_INSECURE", "true")]);
    let line = openstack::connect(&https).await.err().unwrap().line();
    assert!(line.contains("no trusted connection") && line.contains("TLS: ") && line.contains("OS_CACERT"), "{line}");
    plain.await.unwrap();
    let line = openstack::connect(&config(&format!("http://127.0.0.1:{port}"), &[])).await.err().unwrap().line();
    assert!(line.contains("cannot be reached: Connection refused") && line.contains("VPN"), "{line}");
}

#[tokio::test]
async fn a_bad_ca_file_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    for (path, says) in [(file, "has no certificate in it"), (dir.path().join("none"), "cannot read cacert")] {
        let path = path.to_str().unwrap().to_owned();
        let line =
            openstack::connect(&config("https://localhost", &[("OS_CACERT", &path)])).await.err().unwrap().line();
        assert!(line.contains(says) && line.contains(&path), "{line}");
    }
}

#[rstest]
#[case::wrong_region(&[("OS_REGION_NAME", "regionone")], &["no region \"regionone\"", "RegionOne"])]
#[tokio::test]
async fn a_region_must_be_in_the_catalogue(#[case] env: &[(&str, &str)], #[case] says: &[&str]) {
    let (server, _) = keystone(3600).await;
    let line = openstack::connect(&config(&server.uri(), env)).await.err().unwrap().line();
    assert!(says.iter().all(|part| line.contains(part)), "{line}");
}

#[tokio::test]
async fn several_regions_and_no_project_are_told() {
    let server = MockServer::start().await;
    let mut body = token_body(&server.uri(), 3600);
    let second = json!({"interface": "public", "region_id": "RegionTwo", "url": "http://b"});
    body["token"]["catalog"][1]["endpoints"].as_array_mut().unwrap().push(second);
    let answer = |body: &Value| ResponseTemplate::new(201).insert_header("X-Subject-Token", "t").set_body_json(body);
    let mock = Mock::given(method("POST")).respond_with(answer(&body)).mount_as_scoped(&server).await;
    let line = openstack::connect(&config(&server.uri(), &[])).await.err().unwrap().line();
    assert!(line.contains("several regions") && line.contains("RegionOne, RegionTwo"), "{line}");
    drop(mock);
    body["token"].as_object_mut().unwrap().remove("project");
    Mock::given(method("POST")).respond_with(answer(&body)).mount(&server).await;
    let line = openstack::connect(&config(&server.uri(), &[("OS_PROJECT_NAME", "")])).await.err().unwrap().line();
    assert!(line.contains("for no project") && line.contains("project_name"), "{line}");
}
