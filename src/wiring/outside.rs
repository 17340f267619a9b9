//! What the conductor reaches beside OpenStack, from the user's settings.

use std::sync::Arc;

use crate::conductor::Outside;
use crate::config::settings::{CertManager, Reach, Settings};
use crate::kube::api::{Route, Routes};
use crate::model::Problem;

/// For the clusters of one cloud, by its name in clouds.yaml.
pub fn outside(settings: &Settings, cloud: &str) -> Result<Outside, Problem> {
    let route = |named: Option<&Reach>| match named.and_then(|reach| reach.api_forward.as_deref()) {
        Some(text) => Route::parse(text),
        None => Ok(Route::default()),
    };
    let mut routes = Routes { cloud: route(settings.clouds.get(cloud))?, ..Routes::default() };
    for (cluster, reach) in &settings.clusters {
        let of_cluster = route(Some(reach)).map_err(|mut problem| {
            problem.summary = format!("config.toml, [clusters.{cluster}]: {}", problem.summary);
            problem
        })?;
        routes.clusters.insert(cluster.clone(), of_cluster);
    }
    Ok(Outside { kubernetes: Some(Arc::new(routes)), keys_in_barbican: settings.cert_manager == CertManager::Barbican })
}

#[cfg(test)]
mod tests {
    use super::outside;
    use crate::config::settings::Settings;

    #[test]
    fn a_forward_that_is_none_is_told_with_its_cluster() {
        let settings = Settings::parse("[clusters.prod]\napi_forward = 'nowhere'", "c").unwrap();
        let problem = outside(&settings, "east").unwrap_err();
        assert!(problem.summary.contains("[clusters.prod]") && problem.summary.contains("nowhere"), "{problem}");
        assert!(outside(&Settings::default(), "east").unwrap().kubernetes.is_some());
    }
}
