//! The clouds that a dashboard can go to while it runs, and their configuration when it does.
//! Files are read anew each time; what the user was asked for at the start is kept for that cloud alone.

use crate::config::clouds::{self, CloudConfig, Selection};
use crate::model::{CloudEntry, Destination, Problem};

/// Chooses the region, as for every OpenStack client.
pub const REGION: &str = "OS_REGION_NAME";

pub struct Choosing {
    /// Where the dashboard starts.
    pub first: CloudConfig,
    /// What was said at the start, with the secrets that were asked for.
    pub said: Selection,
    /// Variables that hold such a secret: no other cloud is shown them.
    pub asked: Vec<String>,
}

impl Choosing {
    pub fn list(&self) -> Result<Vec<CloudEntry>, Problem> {
        clouds::list(&self.said)
    }

    /// `None`: where the dashboard starts.
    pub fn at(&self, to: Option<&Destination>) -> Result<CloudConfig, Problem> {
        let Some(to) = to else { return Ok(self.first.clone()) };
        let mut selection = Selection { os_cloud: Some(to.cloud.clone()), ..self.said.clone() };
        if to.cloud != self.first.name {
            // A region or secret that was named for one cloud is none of another's.
            selection.env.remove(REGION);
            self.asked.iter().for_each(|variable| drop(selection.env.remove(variable)));
        }
        if let Some(region) = &to.region {
            selection.env.insert(REGION.into(), region.clone());
        }
        let config = clouds::load(&selection)?;
        match &to.project {
            Some(project) => config.in_project(project),
            None => Ok(config),
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::Choosing;
    use crate::config::clouds::{self, Method, ScopeWish, Selection};
    use crate::model::Destination;

    fn choosing(dir: &std::path::Path) -> Choosing {
        let entry = |name: &str| {
            format!("  {name}: {{auth: {{auth_url: 'http://{name}/v3', username: u, project_name: p}}}}\n")
        };
        std::fs::write(dir.join("clouds.yaml"), format!("clouds:\n{}{}", entry("east"), entry("west"))).unwrap();
        let env = [("OS_PASSWORD", "typed"), ("OS_REGION_NAME", "R1"), ("HOME", "/nowhere")];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let said = Selection { os_cloud: Some("east".into()), env, cwd: dir.to_owned() };
        Choosing { first: clouds::load(&said).unwrap(), said, asked: vec!["OS_PASSWORD".into()] }
    }

    #[test]
    fn another_project_or_region_is_the_same_login() {
        let dir = tempfile::tempdir().unwrap();
        let choosing = choosing(dir.path());
        let to = Destination { cloud: "east".into(), project: Some("x".into()), region: Some("R2".into()) };
        let there = choosing.at(Some(&to)).unwrap();
        assert_eq!((there.scope, there.region.as_deref()), (ScopeWish::ProjectId("x".into()), Some("R2")));
        let Method::Password { password, .. } = &there.methods[0] else { panic!() };
        assert_eq!(password.expose_secret(), "typed");
        assert_eq!(choosing.at(None).unwrap().region.as_deref(), Some("R1"));
    }

    #[test]
    fn another_cloud_sees_neither_the_password_that_was_typed_nor_the_region() {
        let dir = tempfile::tempdir().unwrap();
        let choosing = choosing(dir.path());
        let problem = choosing.at(Some(&Destination::cloud("west"))).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("password"), "{problem}");
        let entry = "clouds:\n  west: {auth: {auth_url: 'http://w/v3', username: u, password: own, project_name: p}}\n";
        std::fs::write(dir.path().join("clouds.yaml"), entry).unwrap();
        let there = choosing.at(Some(&Destination::cloud("west"))).unwrap();
        assert_eq!((there.name.as_str(), there.region), ("west", None));
        assert_eq!(choosing.list().unwrap().len(), 1);
        assert!(choosing.at(Some(&Destination::cloud("east"))).is_err(), "it is in the file no more");
    }
}
