//! What Keystone says of the login itself.
//! <https://docs.openstack.org/api-ref/identity/v3/#application-credentials>

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use super::catalog::KEYSTONE;
use super::field;
use super::session::{Call, Session};
use crate::cloud::{CloudError, Login, LoginLife};
use crate::model::{Places, Project};

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

    /// <https://docs.openstack.org/api-ref/identity/v3/#get-available-project-scopes>
    async fn places(&self) -> Result<Places, CloudError> {
        let regions = self.0.token().catalog.regions().into_iter().map(str::to_owned).collect();
        // An application credential is for its project alone.
        if self.0.is_delegated() {
            return Ok(Places { projects: Vec::new(), regions });
        }
        let found = self.0.list(Call::get(KEYSTONE, &["auth", "projects"]), "projects").await?;
        let enabled = |project: &&Value| project["enabled"].as_bool().unwrap_or(true);
        let mut projects: Vec<Project> = found.iter().filter(enabled).filter_map(project).collect();
        projects.sort_by(|a, b| (&a.name, &a.domain).cmp(&(&b.name, &b.domain)));
        Ok(Places { projects, regions })
    }
}

fn project(of: &Value) -> Option<Project> {
    let id = field::some_text(of, "id")?;
    Some(Project { id, name: field::text(of, "name"), domain: field::text(of, "domain_id") })
}
