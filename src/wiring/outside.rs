//! What the conductor reaches beside OpenStack, from the user's settings.

use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::conductor::Outside;
use crate::config::settings::{CertManager, Notifications, Reach, Settings};
use crate::kube::api::{Route, Routes};
use crate::model::Problem;
use crate::notify::{Rabbit, Targets};

const URL: &str = "JEROBOAM_NOTIFICATIONS_URL";

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
    let url = std::env::var(URL).ok().filter(|url| !url.is_empty());
    Ok(Outside {
        kubernetes: Some(Arc::new(routes)),
        health: Duration::from_secs(settings.health_interval),
        notify: targets(&settings.notifications, url)?,
        keys_in_barbican: settings.cert_manager == CertManager::Barbican,
    })
}

/// `url` comes before the one in the settings.
fn targets(settings: &Notifications, url: Option<String>) -> Result<Targets, Problem> {
    let refuse = |told: &str, advice: &str| {
        // The address itself stays out of it: there is a password in it.
        Err(Problem::invalid(format!("notifications: {told}")).on_field("url").advise(advice))
    };
    const LIKE: &str =
        "Write amqp://user:password@host:5672/vhost in [notifications] of config.toml or JEROBOAM_NOTIFICATIONS_URL";
    let rabbit = match url.or_else(|| settings.url.clone()) {
        None => None,
        Some(url) => {
            // As `transport_url` of OpenStack's services has it.
            let mut url = url.strip_prefix("rabbit://").map(|rest| format!("amqp://{rest}")).unwrap_or(url);
            match Url::parse(&url) {
                Ok(mut parsed) if parsed.scheme() == "amqp" && parsed.has_host() => {
                    if matches!(parsed.path(), "" | "/") {
                        // To AMQP's own reading, "/" names a virtual host without a name.
                        parsed.set_path("/%2f");
                        url = parsed.into();
                    }
                }
                Ok(parsed) if parsed.scheme() == "amqps" => {
                    let advice = "Use amqp:// to a TLS tunnel on this machine (stunnel), or notifications to a file";
                    return refuse("TLS to the message broker is not built in", advice);
                }
                _ => return refuse("the address of the message broker cannot be read", LIKE),
            }
            if settings.topics.is_empty() || settings.exchange.is_empty() {
                return refuse("exchange and topics must not be empty", "Leave them out to have OpenStack's defaults");
            }
            Some(Rabbit {
                url: SecretString::from(url),
                exchange: settings.exchange.clone(),
                topics: settings.topics.clone(),
            })
        }
    };
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ok(Targets { rabbit, file: settings.file.clone(), host })
}

#[cfg(test)]
mod tests {
    use super::{outside, targets};
    use crate::config::settings::{Notifications, Settings};

    #[test]
    fn a_forward_that_is_none_is_told_with_its_cluster() {
        let settings = Settings::parse("[clusters.prod]\napi_forward = 'nowhere'", "c").unwrap();
        let problem = outside(&settings, "east").unwrap_err();
        assert!(problem.summary.contains("[clusters.prod]") && problem.summary.contains("nowhere"), "{problem}");
        assert!(outside(&Settings::default(), "east").unwrap().kubernetes.is_some());
    }

    #[test]
    fn a_broker_is_named_or_refused_without_its_password() {
        let named = |url: &str| targets(&Notifications::default(), Some(url.into()));
        for default in ["amqp://guest:hidden@127.0.0.1:5672/", "rabbit://guest:hidden@127.0.0.1:5672"] {
            let url = named(default).unwrap().rabbit.unwrap().url;
            assert_eq!(secrecy::ExposeSecret::expose_secret(&url), "amqp://guest:hidden@127.0.0.1:5672/%2f");
        }
        assert!(targets(&Notifications::default(), None).unwrap().rabbit.is_none());
        for odd in ["", "hidden", "http://hidden@h", "amqp://", "amqps://guest:hidden@h"] {
            let problem = named(odd).unwrap_err();
            assert!(!problem.line().contains("hidden"), "{problem}");
        }
        let none = Notifications { topics: Vec::new(), ..Notifications::default() };
        assert!(targets(&none, Some("amqp://h".into())).is_err());
    }
}
