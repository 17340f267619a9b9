//! What Keystone says of the login itself.
//! <https://docs.openstack.org/api-ref/identity/v3/#application-credentials>

use std::sync::Arc;

use async_trait::async_trait;

use super::catalog::KEYSTONE;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Login, LoginLife};

pub struct Life(pub Arc<Session>);

#[async_trait]
impl Login for Life {
    async fn life(&self) -> Result<LoginLife, CloudError> {
        let token = self.0.token();
        let credential_ends = match &token.application_credential {
            None => None,
            Some(id) => {
                let path = ["users", &token.user_id, "application_credentials", id];
                let value = self.0.find(&Call::get(KEYSTONE, &path)).await?;
                value.and_then(|value| field::time(&value["application_credential"], "expires_at"))
            }
        };
        let token_ends = if self.0.is_renewable() { None } else { token.ends };
        Ok(LoginLife { token_ends, token_lives: token.lives, credential_ends })
    }
}
