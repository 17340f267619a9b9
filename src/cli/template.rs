//! `jeroboam template …`

use serde::Serialize;

use super::args::TemplateCreate;
use super::fault::{Done, Failures};
use super::output::{Column, Terminal, or_dash};
use super::{either, find, labels};
use crate::model::{Check, ClusterTemplate, NewTemplate, Patch, Problem, checks};
use crate::service::Manager;

/// A row of the list.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    template: ClusterTemplate,
    #[serde(skip)]
    ours: bool,
}

const COLUMNS: [Column<Listed>; 10] = [
    ("UUID", |t| t.template.uuid.to_string()),
    ("NAME", |t| t.template.spec.name.clone()),
    ("IMAGE", |t| t.template.spec.image_id.clone()),
    ("DISTRO", |t| or_dash(Some(&t.template.cluster_distro))),
    ("FLAVOR", |t| or_dash(t.template.spec.flavor_id.as_deref())),
    ("FLOATING IP", |t| t.template.spec.floating_ip_enabled.to_string()),
    ("MASTER LB", |t| t.template.spec.master_lb_enabled.to_string()),
    ("PUBLIC", |t| t.template.spec.public.to_string()),
    ("OF PROJECT", |t| or_dash((!t.ours).then_some(t.template.project_id.as_str()))),
    ("TAGS", |t| or_dash(t.template.spec.tags.as_deref())),
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
    let project = manager.identity().scope.project_id;
    let all = manager.templates().await?.into_iter();
    let mut listed: Vec<Listed> =
        all.map(|template| Listed { ours: template.project_id == project, template }).collect();
    let key = |of: &Listed| (of.template.spec.name.clone(), !of.ours, of.template.uuid);
    listed.sort_by_key(key);
    terminal.list(&listed, &COLUMNS)
}

pub async fn show(manager: &dyn Manager, terminal: &mut Terminal<'_>, name: &str) -> Done {
    let template = find::template(manager, name).await?;
    if template.project_id != manager.identity().scope.project_id {
        let told = format!("It belongs to project {}, which made it public", template.project_id);
        terminal.note(&told)?;
    }
    terminal.show(&template)
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
