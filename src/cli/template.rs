//! `jeroboam template …`

use super::args::TemplateCreate;
use super::fault::{Done, Failures};
use super::output::{Column, Terminal, or_dash};
use super::{either, find, labels};
use crate::model::{Check, ClusterTemplate, NewTemplate, Patch, Problem, checks};
use crate::service::Manager;

const COLUMNS: [Column<ClusterTemplate>; 8] = [
    ("UUID", |t| t.uuid.to_string()),
    ("NAME", |t| t.spec.name.clone()),
    ("IMAGE", |t| t.spec.image_id.clone()),
    ("DISTRO", |t| or_dash(Some(&t.cluster_distro))),
    ("FLAVOR", |t| or_dash(t.spec.flavor_id.as_deref())),
    ("FLOATING IP", |t| t.spec.floating_ip_enabled.to_string()),
    ("MASTER LB", |t| t.spec.master_lb_enabled.to_string()),
    ("TAGS", |t| or_dash(t.spec.tags.as_deref())),
];

/// What the flags ask for; fails on labels only.
pub fn wish(args: &TemplateCreate) -> Result<NewTemplate, Problem> {
    let defaults = NewTemplate::default();
    Ok(NewTemplate {
        name: args.name.clone(),
        coe: args.coe.clone(),
        image_id: args.image.clone(),
        keypair_id: args.keypair.clone(),
        external_network_id: Some(args.external_network.clone()),
        fixed_network: args.fixed_network.clone(),
        fixed_subnet: args.fixed_subnet.clone(),
        flavor_id: args.flavor.clone(),
        master_flavor_id: args.master_flavor.clone(),
        network_driver: args.network_driver.clone(),
        volume_driver: args.volume_driver.clone(),
        dns_nameserver: args.dns_nameserver.clone().or(defaults.dns_nameserver),
        docker_volume_size: args.docker_volume_size,
        docker_storage_driver: args.docker_storage_driver.clone(),
        http_proxy: args.http_proxy.clone(),
        https_proxy: args.https_proxy.clone(),
        no_proxy: args.no_proxy.clone(),
        insecure_registry: args.insecure_registry.clone(),
        registry_enabled: args.registry_enabled,
        tls_disabled: args.tls_disabled,
        public: args.public,
        hidden: args.hidden,
        master_lb_enabled: args.master_lb_enabled,
        floating_ip_enabled: either(args.floating_ip.floating_ip_enabled, args.floating_ip.floating_ip_disabled)
            .unwrap_or(defaults.floating_ip_enabled),
        server_type: args.server_type.clone(),
        tags: Some(args.tags.join(",")).filter(|tags| !tags.is_empty()),
        driver: args.driver.clone(),
        labels: labels(&args.labels)?,
    })
}

pub async fn create(manager: &dyn Manager, terminal: &mut Terminal<'_>, wish: NewTemplate) -> Done {
    let made = manager.create_template(wish).await?;
    tell(terminal, &checks::template(&made.spec, &manager.inventory().await.0))?;
    terminal.show(&made)
}

/// What should be read although it stopped nothing.
fn tell(terminal: &mut Terminal<'_>, remarks: &[Check]) -> Done {
    remarks.iter().try_for_each(|check| terminal.note(&check.line()))
}

pub async fn update(manager: &dyn Manager, terminal: &mut Terminal<'_>, name: &str, patches: Vec<Patch>) -> Done {
    let template = find::template(manager, name).await?;
    let made = manager.update_template(template.uuid, patches).await?;
    if made.spec.labels != template.spec.labels {
        tell(terminal, &checks::template(&made.spec, &manager.inventory().await.0))?;
    }
    terminal.show(&made)
}

pub async fn list(manager: &dyn Manager, terminal: &mut Terminal<'_>) -> Done {
    let mut templates = manager.templates().await?;
    templates.sort_by(|a, b| (&a.spec.name, a.uuid).cmp(&(&b.spec.name, b.uuid)));
    terminal.list(&templates, &COLUMNS)
}

pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, name: &str) -> Done {
    terminal.show(&find::template(manager, name).await?)
}

/// Looks all up first; then deletes what can be deleted, and tells each that cannot.
pub async fn delete(manager: &dyn Manager, terminal: &mut Terminal<'_>, names: &[String]) -> Done {
    let templates = find::templates(manager, names).await?;
    let mut failures = Failures::of(templates.len());
    for template in templates {
        match manager.delete_template(template.uuid).await {
            Ok(()) => {
                terminal.note(&format!("Cluster template {} ({}) is deleted", template.spec.name, template.uuid))?
            }
            Err(problem) => failures.add("cluster template", &template.spec.name, problem.into()),
        }
    }
    failures.end()
}
