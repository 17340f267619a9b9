//! What experience with Magnum's clusters says: choices that work, but are slow or fragile,
//! and time that is too short.

use chrono::{DateTime, TimeDelta, Utc};

use super::Wanted;
use crate::model::Check;
use crate::model::cluster::timeout_minutes;

/// Minutes below which creates on ordinary clouds hardly end.
const HASTY: u32 = 10;

pub fn checks(wanted: &Wanted) -> Vec<Check> {
    let mut found = costly(wanted);
    found.extend(fragile(wanted));
    found.extend(times(wanted));
    found
}

fn costly(wanted: &Wanted) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(size) = wanted.docker_volume_size().filter(|size| *size > 0) {
        let told = format!("each of {} nodes waits for a volume of {size} GB before it can begin", wanted.nodes());
        let advice = "Leave docker-volume-size out where the flavor's disk is large enough: it is faster, and one thing less to fail";
        found.push(Check::advice("docker_volume_size", told).advise(advice));
    }
    if wanted.load_balancer() && wanted.wish.master_count == 1 {
        let told = "one master needs no load balancer: it makes the create longer and is one thing more to fail";
        found.push(
            Check::advice("master_lb_enabled", told).advise("Turn master-lb off, unless masters are to be added later"),
        );
    }
    if wanted.floating_ips() && wanted.nodes() > 1 {
        let told = format!("every node gets a floating IP: {} of them, each reachable from outside", wanted.nodes());
        let advice = "Turn floating IPs off; nodes are reached through a bastion, and the API through the load balancer's own (label master_lb_floating_ip_enabled=true)";
        found.push(Check::advice("floating_ip_enabled", told).advise(advice));
    }
    found
}

fn fragile(wanted: &Wanted) -> Vec<Check> {
    let mut found = Vec::new();
    if let Some(url) = wanted.labels.get("discovery_url").filter(|url| url.starts_with("https://")) {
        let told = format!(
            "etcd's members would find each other through {}: the create hangs on that service",
            crate::model::text::clean(url)
        );
        found.push(
            Check::advice("labels", told).advise("Leave discovery_url out: masters need no discovery service here"),
        );
    }
    if wanted.template.tls_disabled {
        let told = "TLS is off: kubeconfigs, certificates and joining nodes do not work without it";
        found.push(Check::warning("cluster_template_id", told).advise("Use a template with TLS"));
    }
    if wanted.wish.keypair.is_none() && wanted.template.keypair_id.is_none() {
        let told = "no keypair is given: nobody can log in to the nodes when one fails";
        found.push(Check::advice("keypair", told).advise("Name one with --keypair"));
    }
    for (field, value) in [("http_proxy", &wanted.template.http_proxy), ("https_proxy", &wanted.template.https_proxy)] {
        if value.as_ref().is_some_and(|value| !value.starts_with("http://") && !value.starts_with("https://")) {
            let told = format!("the template's {} does not begin with http:// or https://", field.replace('_', " "));
            found.push(
                Check::warning("cluster_template_id", told).advise("Programs on the nodes will not understand it"),
            );
        }
    }
    found
}

fn times(wanted: &Wanted) -> Vec<Check> {
    let mut found = Vec::new();
    let minutes = timeout_minutes(wanted.wish.create_timeout);
    let limit = TimeDelta::minutes(minutes.into());
    if minutes < HASTY {
        let told =
            format!("a create time-out of {minutes} minutes is short: nodes boot, fetch images and join within it");
        found
            .push(Check::warning("create_timeout", told).advise(format!("Allow {HASTY} minutes or more; 60 is usual")));
    }
    if let Some(seconds) = wanted.number("wait_condition_timeout").filter(|seconds| *seconds >= u64::from(minutes) * 60)
    {
        let told = format!(
            "label wait_condition_timeout is {seconds} s, and the create ends after {} s",
            u64::from(minutes) * 60
        );
        let advice = "Make it less than the create time-out: Heat then names the node that was late";
        found.push(Check::warning("labels", told).advise(advice));
    }
    let ends = |what: &str, end: DateTime<Utc>| {
        let left = (end - wanted.now).num_minutes();
        if left <= 0 {
            let told = format!("{what} has ended ({})", end.format("%Y-%m-%d %H:%M UTC"));
            return Some(Check::error("", told).advise("Log in anew"));
        }
        (end - wanted.now < limit).then(|| {
            let told = format!("{what} ends in {left} minutes, before the create's {minutes} are over");
            Check::warning("create_timeout", told)
                .advise("Use credentials that live longer, or the cluster may be left half made")
        })
    };
    found.extend(wanted.login.credential.and_then(|end| ends("the application credential", end)));
    found.extend(wanted.login.token.and_then(|end| ends("the token, which cannot be renewed,", end)));
    if let Some(lives) = wanted.login.token_lives.filter(|lives| *lives < limit && wanted.login.token.is_none()) {
        let told =
            format!("tokens of this cloud live {} minutes, less than the create's {minutes}", lives.num_minutes());
        let advice = "Heat goes on by a trust where it is set up so; elsewhere a long create fails when the token ends. A shorter time-out shows it sooner";
        found.push(Check::advice("create_timeout", told).advise(advice));
    }
    found
}
