//! What a page shows of the project: asks for it as long as it is shown, and takes the answers.

use chrono::{DateTime, TimeDelta, Utc};

use super::App;
use crate::model::text::counted;
use crate::model::{Image, Problem};
use crate::ui::effect::{Effect, Job};
use crate::ui::fleet::Loaded;
use crate::ui::layer::Link;
use crate::ui::project::{Need, Told};

/// Between two looks at images that are on their way.
const LOOK: TimeDelta = TimeDelta::seconds(5);

impl App {
    fn needs(&self) -> Vec<Need> {
        self.layers.iter().rev().map(|layer| layer.needs()).find(|needs| !needs.is_empty()).unwrap_or_default()
    }

    /// One page of the cloud at a time, and what it shows is looked at anew.
    pub(super) fn leave_for_cloud(&mut self) {
        if let Some(at) = self.layers.iter().position(|layer| !layer.needs().is_empty()) {
            self.layers.truncate(at.max(1));
        }
        self.fleet.inventory_loaded = Loaded::Not;
        self.fleet.project.forget_loaded();
    }

    pub(super) fn ask_for_project(&mut self, effects: &mut Vec<Effect>) {
        for need in self.needs() {
            let job = match self.fleet.project.lacks(need) {
                Some(task) => Job::Project(task),
                None if need == Need::Inventory && self.fleet.inventory_loaded == Loaded::Not => Job::Inventory,
                None => continue,
            };
            if !self.pending.contains_key(&job.slot()) {
                self.run(job, effects);
            }
        }
    }

    /// What became of images that were on their way.
    pub(super) fn tell_arrivals(&mut self, before: Vec<Image>) {
        let Some(cloud) = &self.fleet.inventory else { return };
        for was in before.iter().filter(|was| was.arriving) {
            match cloud.images.iter().find(|image| image.id == was.id) {
                Some(image) if image.import_failed => {
                    let told = Problem::conflict(format!("Glance could not fetch image {}", image.name));
                    self.notices.bad(told.advise("Check that the cloud itself can reach the address"));
                }
                Some(image) if image.status == "active" => {
                    self.notices.good(format!("image {} is there", image.name), self.now);
                }
                _ => {}
            }
        }
    }

    /// When images that Glance fetches are looked at again, as long as somebody looks at them.
    pub(super) fn images_due(&self) -> Option<DateTime<Utc>> {
        let cloud = self.fleet.inventory.as_ref().filter(|_| self.link == Link::Connected)?;
        let comes = cloud.images.iter().any(|image| image.arriving);
        let shown = comes && self.needs().contains(&Need::Inventory);
        let asked = self.pending.contains_key(&Job::Inventory.slot());
        self.images_seen.filter(|_| shown && !asked).map(|seen| seen + LOOK)
    }

    pub(super) fn take_told(&mut self, told: Told) {
        let project = &mut self.fleet.project;
        match told {
            Told::Limits(limits, problems) => {
                project.put_limits(limits, &problems);
                problems.into_iter().for_each(|problem| self.notices.bad(problem));
            }
            Told::Orphans(answer) => project.put_orphans(answer),
            Told::Events(events, problems) => {
                project.events_loaded = match problems.first() {
                    Some(problem) if events.is_empty() => Loaded::Failed(problem.clone()),
                    _ => Loaded::Yes,
                };
                for (id, events) in events {
                    self.fleet.add_events(id, events);
                }
            }
            Told::Image(Ok((image, fetched))) => {
                let what = if fetched { "is being fetched by Glance" } else { "is described" };
                self.notices.good(format!("image {} {what}", image.name), self.now);
                self.fleet.inventory_loaded = Loaded::Not;
            }
            Told::Quota(Ok(limit)) => {
                let told = limit.map_or("no limit of clusters any more".into(), |limit| {
                    format!("{} at most", counted(limit, "cluster"))
                });
                self.notices.good(told, self.now);
                project.limits.loaded = Loaded::Not;
            }
            Told::Removed(answers) => {
                project.orphans.loaded = Loaded::Not;
                let gone = answers.iter().filter(|(_, answer)| matches!(answer, Ok(None))).count();
                if gone > 0 {
                    let count = u32::try_from(gone).unwrap_or(u32::MAX);
                    self.notices.good(format!("{} removed", counted(count, "thing")), self.now);
                }
                for (orphan, answer) in answers {
                    let line = orphan.thing.line();
                    match answer {
                        Ok(None) => {}
                        Ok(Some(words)) => {
                            self.notices.bad(Problem::conflict(format!("{line} is still there: {words}")));
                        }
                        Err(problem) => {
                            let summary = format!("{line}: {}", problem.summary);
                            self.notices.bad(Problem { summary, ..problem });
                        }
                    }
                }
            }
            // Shown by the form that asked, or as a notice.
            Told::Image(Err(_)) | Told::Quota(Err(_)) => {}
        }
    }
}
