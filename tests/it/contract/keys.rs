//! The requests about application credentials and about Barbican's secrets.

use std::collections::BTreeMap;

use serde_json::json;

use super::shape::Answer;
use super::side::{Ask, Side};
use super::story::note;

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

type Answers = BTreeMap<String, Answer>;

pub async fn tell(side: &Side) -> Answers {
    let mut told = Answers::new();
    credentials(side, &mut told).await;
    secrets(side, &mut told).await;
    told
}

async fn credentials(side: &Side, told: &mut Answers) {
    let path = format!("/users/{}/application_credentials", side.user);
    let name = format!("contract-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let wish = json!({"application_credential": {
        "name": name, "description": "contract", "unrestricted": false, "roles": [{"name": "member"}],
    }});
    let create = || Ask::send("auth", "POST", &path, &wish);
    let made = note(side, told, "application credential create", create()).await;
    note(side, told, "application credential create again", create()).await;
    let mut other = wish.clone();
    other["application_credential"]["roles"] = json!([{"name": "nosuch"}]);
    note(side, told, "application credential with a strange role", Ask::send("auth", "POST", &path, &other)).await;
    note(side, told, "application credentials by name", Ask::get("auth", &format!("{path}?name={name}"))).await;
    note(side, told, "application credentials by no name", Ask::get("auth", &format!("{path}?name=nosuch"))).await;
    let id = made["application_credential"]["id"].as_str().unwrap();
    let delete = |id: &str| Ask { method: "DELETE", ..Ask::get("auth", &format!("{path}/{id}")) };
    note(side, told, "application credential delete", delete(id)).await;
    note(side, told, "application credential delete nosuch", delete("nosuch")).await;
}

async fn secrets(side: &Side, told: &mut Answers) {
    let name = format!("contract-{}", &uuid::Uuid::new_v4().simple().to_string()[..8]);
    let wish = json!({
        "name": name, "payload": "hidden", "payload_content_type": "text/plain", "secret_type": "private",
    });
    let made = note(side, told, "secret create", Ask::send("key-manager", "POST", "/v1/secrets", &wish)).await;
    let odd = json!({"name": name, "payload": "hidden"});
    note(side, told, "secret create half", Ask::send("key-manager", "POST", "/v1/secrets", &odd)).await;
    let odd = json!({"name": 7, "payload": "hidden", "payload_content_type": "text/plain"});
    note(side, told, "secret create odd", Ask::send("key-manager", "POST", "/v1/secrets", &odd)).await;
    let list = |name: &str| Ask::get("key-manager", &format!("/v1/secrets?name={name}"));
    note(side, told, "secrets by name", list(&name)).await;
    note(side, told, "secrets by no name", list("nosuch")).await;
    let place = made["secret_ref"].as_str().unwrap().to_owned();
    note(side, told, "secret show", Ask::get("key-manager", &place)).await;
    let payload = |place: &str| Ask {
        headers: vec![("Accept", "text/plain".to_owned())],
        ..Ask::get("key-manager", &format!("{place}/payload"))
    };
    note(side, told, "secret payload", payload(&place)).await;
    let delete = || Ask { method: "DELETE", ..Ask::get("key-manager", &place) };
    note(side, told, "secret delete", delete()).await;
    note(side, told, "secret delete again", delete()).await;
    note(side, told, "secret payload gone", payload(&place)).await;
    note(side, told, "secret show nobody", Ask::get("key-manager", &format!("/v1/secrets/{NOBODY}"))).await;
    note(side, told, "secret show nosuch", Ask::get("key-manager", "/v1/secrets/nosuch")).await;
    for (name, token) in [("bad", Some("nosuch")), ("no", None)] {
        let ask = Ask { token: Some(token), ..list("nosuch") };
        note(side, told, &format!("secrets with {name} token"), ask).await;
    }
}
