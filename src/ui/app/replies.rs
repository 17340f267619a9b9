//! Replies: only the newest of a slot counts, and it counts once.

use std::collections::BTreeSet;

use super::{App, cx};
use crate::model::{ClusterId, TemplateId};
use crate::ui::effect::{Effect, Slot, Ticket};
use crate::ui::fleet::Loaded;
use crate::ui::layer::Cx;
use crate::ui::msg::{Reply, Saved};
use crate::ui::project::Told;

impl App {
    pub(super) fn reply(&mut self, ticket: Ticket, mut reply: Reply, effects: &mut Vec<Effect>) {
        if self.pending.get(&ticket.slot).is_none_or(|(generation, _)| *generation != ticket.generation) {
            return;
        }
        self.pending.remove(&ticket.slot);
        self.changed = true;
        self.take(&ticket, &mut reply);
        let cx = cx!(self);
        let asked: Vec<_> = self.layers.iter_mut().map(|layer| layer.reply(&reply, &cx)).collect();
        if asked.iter().all(Option::is_none) {
            reply.refusals().iter().cloned().for_each(|problem| self.notices.bad(problem));
        }
        // The top one first: what closes takes away all that lies over it.
        for (from, asks) in asked.into_iter().map(Option::unwrap_or_default).enumerate().rev() {
            self.answer(asks, from, effects);
        }
    }

    /// Long lists are taken out of the reply: no layer reads them there, and a copy of ten thousand
    /// clusters would be seen.
    fn take(&mut self, ticket: &Ticket, reply: &mut Reply) {
        let fleet = &mut self.fleet;
        match reply {
            Reply::Clusters(Ok(list)) => {
                let known: BTreeSet<ClusterId> = self.known.iter().copied().map(ClusterId).collect();
                fleet.put_clusters(std::mem::take(list), &known);
            }
            Reply::Certificates(all) => {
                std::mem::take(all).into_iter().for_each(|(id, found)| fleet.put_certificate(id, found));
            }
            Reply::Events(id, Ok(events)) => {
                fleet.add_events(*id, std::mem::take(events));
                fleet.events_loaded.insert(*id, Loaded::Yes);
            }
            Reply::Templates(Ok(list)) => {
                let known: BTreeSet<TemplateId> = self.known.iter().copied().map(TemplateId).collect();
                fleet.put_templates(list.clone(), &known);
            }
            Reply::Templates(Err(problem)) => fleet.templates_loaded = Loaded::Failed(problem.clone()),
            Reply::Clusters(Err(problem)) => fleet.clusters_loaded = Loaded::Failed(problem.clone()),
            Reply::Places(places) => fleet.places = Some(places.clone()),
            Reply::Inventory(inventory, problems) => {
                let before = fleet.inventory.replace((**inventory).clone());
                fleet.inventory_problems.clone_from(problems);
                fleet.inventory_loaded = Loaded::Yes;
                self.images_seen = Some(self.now);
                self.tell_arrivals(before.map(|before| before.images).unwrap_or_default());
            }
            Reply::Events(id, Err(problem)) => {
                fleet.events_loaded.insert(*id, Loaded::Failed(problem.clone()));
            }
            Reply::Resources(id, Ok(resources)) => {
                fleet.put_resources(*id, std::mem::take(resources));
                fleet.resources_loaded.insert(*id, Loaded::Yes);
            }
            Reply::Resources(id, Err(problem)) => {
                fleet.resources_loaded.insert(*id, Loaded::Failed(problem.clone()));
            }
            Reply::Nodes(id, nodes) => fleet.put_nodes(*id, nodes.clone()),
            Reply::History(id, history) => fleet.put_history(*id, history.clone()),
            Reply::Issued(id, issued) => fleet.put_issued(*id, issued.clone()),
            Reply::Labels(id, labels) => fleet.put_labels(*id, labels.clone()),
            Reply::TemplateCreated(Ok(template)) => {
                self.notices.good(format!("template {} is made", template.spec.name), self.now);
                fleet.put_template((**template).clone());
            }
            Reply::ClusterCreated(Ok(cluster)) => {
                self.notices.good(format!("{} is accepted; its stack is being created", cluster.name), self.now);
                fleet.put_cluster((**cluster).clone());
            }
            Reply::ClusterChanged(_, Ok(cluster)) => {
                let told = match cluster.rollout.as_ref().filter(|_| !cluster.status.is_complete()) {
                    Some(change) => format!("{}: {}", cluster.name, change.line()),
                    None => format!("{} has what was asked for", cluster.name),
                };
                self.notices.good(told, self.now);
                fleet.put_cluster((**cluster).clone());
            }
            Reply::TemplateUpdated(_, Ok(template)) => {
                self.notices.good(format!("template {} is changed", template.spec.name), self.now);
                fleet.put_template((**template).clone());
            }
            Reply::Project(Told::Events(all, problems)) => {
                let told = Told::Events(std::mem::take(all), problems.clone());
                self.take_told(told);
            }
            Reply::Project(told) => self.take_told(told.clone()),
            Reply::TemplateDeleted(id, Ok(())) => {
                fleet.apply(crate::service::Change::TemplateGone { id: *id });
            }
            Reply::ClusterDeleted(id, Ok(())) => {
                if let Some(cluster) = fleet.clusters.get(id) {
                    self.notices.good(format!("{} is being deleted", cluster.name), self.now);
                }
            }
            Reply::Kubeconfig(Saved::Done { .. }) => {
                if let Slot::Kubeconfig(id) = ticket.slot {
                    fleet.issued_more(id);
                }
            }
            Reply::BastionMade(_, Ok((bastion, from))) => {
                self.notices.good(format!("{} lets in {from} and nobody else", bastion.name), self.now);
            }
            Reply::BastionRemoved(_, Ok(_)) => self.notices.good("the bastion is removed".into(), self.now),
            Reply::Bundled(_, Ok((path, _))) => self.notices.good(format!("the bundle is {path}"), self.now),
            Reply::Signed(id, Ok(_)) => fleet.issued_more(*id),
            // Shown by the form or the dialog that asked, or as a notice.
            Reply::Read(..)
            | Reply::Request(_)
            | Reply::Signed(_, Err(_))
            | Reply::Written(_)
            | Reply::Preview(_)
            | Reply::Kubeconfig(_)
            | Reply::TemplateCreated(Err(_))
            | Reply::ClusterCreated(Err(_))
            | Reply::ClusterChanged(_, Err(_))
            | Reply::ChangeChecked(..)
            | Reply::TemplateUpdated(_, Err(_))
            | Reply::TemplateDeleted(_, Err(_))
            | Reply::ClusterDeleted(_, Err(_))
            | Reply::Bastions(..)
            | Reply::BastionMade(_, Err(_))
            | Reply::BastionRemoved(_, Err(_))
            | Reply::Bundled(_, Err(_)) => {}
        }
    }
}
