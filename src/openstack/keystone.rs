//! Application credentials. <https://docs.openstack.org/api-ref/identity/v3/#application-credentials>

use std::sync::Arc;

use async_trait::async_trait;
use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::auth::Token;
use super::catalog::KEYSTONE;
use super::field;
use super::session::{Call, Session};
use super::transport;
use crate::cloud::{ApplicationCredential, CloudError, CloudErrorKind, Delegation};

/// What add-ons inside a cluster need: servers, networks, volumes, and Octavia's own role.
const ROLES: [&str; 4] = ["member", "_member_", "Member", "load-balancer_member"];
const NEVER: &str = "admin";

pub struct Keystone(pub Arc<Session>);

#[async_trait]
impl Delegation for Keystone {
    fn may_delegate(&self) -> bool {
        !self.0.token().restricted
    }

    async fn create_credential(&self, name: &str, description: &str) -> Result<ApplicationCredential, CloudError> {
        let token = self.0.token();
        let roles: Vec<Value> = roles(&token).into_iter().map(|role| json!({ "name": role })).collect();
        let wish = json!({ "application_credential": {
            "name": name,
            "description": description,
            "roles": roles,
            "unrestricted": false,
        }});
        let call = Call::new(KEYSTONE, Method::POST, &path(&token, &[])).body(wish);
        let answer = self.0.json(&call).await?;
        let made = &answer["application_credential"];
        let id = field::some_text(made, "id");
        // As it came: cleaning would change it.
        let secret = made["secret"].as_str().map(SecretString::from);
        let (Some(id), Some(secret)) = (id, secret) else {
            let told = "the answer has no application credential with a secret";
            return Err(transport::failure(KEYSTONE, CloudErrorKind::Protocol, told));
        };
        Ok(ApplicationCredential { id, secret })
    }

    async fn delete_credential(&self, name: &str) -> Result<bool, CloudError> {
        let token = self.0.token();
        let call = Call::get(KEYSTONE, &path(&token, &[])).query("name", name);
        let found = self.0.list(call, "application_credentials").await?;
        let mut existed = false;
        // The name once more: a Keystone that does not know the filter lists all of the user's.
        for id in found.iter().filter(|one| one["name"] == name).filter_map(|one| field::some_text(one, "id")) {
            let call = Call::new(KEYSTONE, Method::DELETE, &path(&token, &[&id]));
            existed |= self.0.done(&call).await?;
        }
        Ok(existed)
    }
}

fn path<'a>(token: &'a Token, rest: &[&'a str]) -> Vec<&'a str> {
    [&["users", &token.user_id, "application_credentials"], rest].concat()
}

/// As few as possible of the roles that the login has. A cloud that calls its roles otherwise gives
/// all but the administrator's; somebody who is only that gives it, for nothing would work without.
fn roles(token: &Token) -> Vec<&str> {
    let all = || token.roles.iter().map(String::as_str);
    let known: Vec<&str> = all().filter(|role| ROLES.contains(role)).collect();
    if !known.is_empty() {
        return known;
    }
    let others: Vec<&str> = all().filter(|role| *role != NEVER).collect();
    if others.is_empty() { all().collect() } else { others }
}
