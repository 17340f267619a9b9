//! The application: one message in, effects out. It owns the shared [`Fleet`] and
//! the stack of layers; it decides nothing about clusters.

mod chord;
mod draw;
mod mouse;
mod needs;
mod place;
mod prefs;
mod project;
mod replies;
mod trail;

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, FixedOffset, SubsecRound, TimeDelta, Utc};

use super::action::{Action, Context};
use super::dialogs::bastion::BastionDialog;
use super::dialogs::bundle::BundleDialog;
use super::dialogs::clouds::CloudsDialog;
use super::dialogs::confirm::{Confirm, DeleteTemplate, Discard, Question};
use super::dialogs::help::HelpPage;
use super::dialogs::kubeconfig::KubeconfigDialog;
use super::dialogs::line::LineDialog;
use super::dialogs::orphans::RemoveOrphans;
use super::dialogs::palette::{Palette, Pick};
use super::dialogs::several::SeveralDialog;
use super::dialogs::signing::Signing;
use super::effect::{Effect, Job, Slot, Ticket};
use super::fleet::Fleet;
use super::forms::review::Review;
use super::forms::{change, cluster, image, quota, template};
use super::key::{Code, KeyPress};
use super::keymap::{Found, Keymap};
use super::layer::{Ask, Cx, Layer, Link, Route};
use super::msg::Msg;
use super::notices::Notices;
use super::pages::calls::CallsPage;
use super::pages::cloud::CloudPage;
use super::pages::cluster::ClusterPage;
use super::pages::home::Home;
use super::pages::movers::MoversPage;
use super::pages::reader::Reader;
use super::pages::settings::SettingsPage;
use super::pages::shells::ShellsPage;
use super::pointer::Pointer;
use super::shells::{Shells, Wish};
use super::theme::Theme;
use super::words;
use crate::model::text::clean;
use crate::model::{Cluster, ClusterId, Destination, Problem};
use crate::service::Change;
use trail::Trail;

/// Whoever has pressed no key for so long looks elsewhere, where the terminal does not tell.
const GLANCE: TimeDelta = TimeDelta::minutes(1);
/// So many choices of the command line are remembered.
const RECENT: usize = 20;

pub struct App {
    fleet: Fleet,
    link: Link,
    /// What was last connected to, where it is not that of the start.
    place: Option<Destination>,
    /// Where we are on our way to.
    going: Option<Destination>,
    /// Calls are to be told that come.
    follows_calls: bool,
    read_only: bool,
    now: DateTime<Utc>,
    offset: FixedOffset,
    theme: Theme,
    keymap: Keymap,
    /// The first is the home screen and never goes.
    layers: Vec<Box<dyn Layer>>,
    trail: Trail,
    shells: Shells,
    pointer: Pointer,
    /// Leaving was asked for while shells were open.
    leaving: bool,
    notices: Notices,
    /// The keys of a chord that is not complete yet.
    chord: Vec<KeyPress>,
    /// What was chosen on the command line, the newest first.
    recent: Vec<Pick>,
    generation: u64,
    /// The newest job of each slot that has not been answered.
    pending: HashMap<Slot, (u64, Job)>,
    /// What was in the lists when they were asked for: only that can have gone from them.
    known: BTreeSet<uuid::Uuid>,
    watched: Option<ClusterId>,
    /// When the cloud's images came last.
    images_seen: Option<DateTime<Utc>>,
    /// Whether the terminal has the keyboard; not every terminal tells.
    focus: Option<bool>,
    last_key: DateTime<Utc>,
    changed: bool,
}

/// Borrows all that a layer reads, leaving the layers free to be changed.
macro_rules! cx {
    ($app:expr) => {
        Cx {
            fleet: &$app.fleet,
            now: $app.now,
            offset: $app.offset,
            theme: &$app.theme,
            keymap: &$app.keymap,
            link: &$app.link,
            going: $app.going.as_ref(),
            read_only: $app.read_only,
            shells: &$app.shells,
            pointer: &$app.pointer,
        }
    };
}
use cx;

impl App {
    pub fn new(theme: Theme, keymap: Keymap, now: DateTime<Utc>, offset: FixedOffset) -> Self {
        Self {
            fleet: Fleet::at(now),
            link: Link::Connecting,
            place: None,
            going: None,
            follows_calls: false,
            read_only: false,
            now,
            offset,
            theme,
            keymap,
            layers: vec![Box::new(Home::default())],
            trail: Trail::default(),
            shells: Shells::default(),
            pointer: Pointer::default(),
            leaving: false,
            notices: Notices::default(),
            chord: Vec::new(),
            recent: Vec::new(),
            generation: 0,
            pending: HashMap::new(),
            known: BTreeSet::new(),
            watched: None,
            images_seen: None,
            focus: None,
            last_key: now,
            changed: true,
        }
    }

    /// Refuses what would change something before anybody fills in a form for it.
    #[must_use]
    pub fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Takes one message; never blocks.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let mut effects = Vec::new();
        let news = matches!(msg, Msg::Change(_) | Msg::Reply(..) | Msg::Shell(..));
        let tells = matches!(
            msg,
            Msg::Key(_) | Msg::Mouse(_) | Msg::Paste(_) | Msg::Resize | Msg::Focus(_) | Msg::Tick(_) | Msg::Shell(..)
        );
        self.fleet.version += u64::from(!tells);
        match msg {
            Msg::Tick(now) => {
                if self.wake_at().is_some_and(|at| at <= now) {
                    self.changed = true;
                }
                let look = self.images_due().is_some_and(|at| at <= now);
                self.now = now;
                self.fleet.now = now;
                self.notices.expire(now);
                if look {
                    self.run(Job::Inventory, &mut effects);
                }
                return effects;
            }
            Msg::Key(key) => {
                self.last_key = self.now;
                self.key(key, &mut effects);
            }
            Msg::Mouse(mouse) => {
                self.last_key = self.now;
                self.mouse(mouse, &mut effects);
            }
            Msg::Paste(text) => {
                self.chord.clear();
                if self.types_to_shell() {
                    self.answer(vec![Ask::Shell(Wish::Paste(text))], self.layers.len() - 1, &mut effects);
                } else {
                    let cx = cx!(self);
                    if let Some(layer) = self.layers.last_mut() {
                        layer.paste(&text, &cx);
                    }
                    self.changed = true;
                }
            }
            Msg::Resize => self.changed = true,
            Msg::Focus(here) => self.focus = Some(here),
            Msg::Connected(identity) => self.connected(*identity),
            Msg::ConnectFailed(problem) => self.connect_failed(problem),
            Msg::Calls(calls) => {
                self.follows_calls = false;
                self.fleet.add_calls(calls);
                self.changed |= self.layers.iter().any(|layer| layer.follows_calls());
            }
            Msg::Clouds(clouds) => {
                self.fleet.clouds.0 = clouds;
                self.changed = true;
            }
            Msg::Prefs(told) => self.prefs(told),
            Msg::PrefsKept(done) => self.prefs_kept(done, &mut effects),
            Msg::Looks(looks, problems) => self.looks(looks.0, looks.1, problems),
            Msg::Change(change) => self.change(change, &mut effects),
            Msg::Reply(ticket, reply) => self.reply(ticket, reply, &mut effects),
            Msg::Shell(id, news) => {
                // What lies over the page hides little of it.
                let base = self.layers.iter().rfind(|layer| !layer.is_overlay());
                let seen = base.is_some_and(|layer| layer.contexts().iter().any(Context::is_of_shells));
                effects.extend(self.shells.news(id, news, seen));
            }
            Msg::Notice(problem) => {
                self.notices.bad(problem);
                self.changed = true;
            }
            Msg::Quit => return vec![Effect::Quit],
        }
        if news {
            let cx = cx!(self);
            self.layers.iter_mut().for_each(|layer| layer.news(&cx));
        }
        self.changed |= self.shells.take_changed();
        self.note_page();
        self.ask_for_needs(&mut effects);
        effects
    }

    /// Whether the picture is another than at the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// When the picture changes by time alone: every second while a cluster
    /// moves, when a notice goes, when an age turns. `None`: never.
    pub fn wake_at(&self) -> Option<DateTime<Utc>> {
        let moves = |cluster: &Cluster| !cluster.is_held();
        let moving = self.fleet.clusters.moving().any(moves);
        let second = moving.then(|| self.now.trunc_subsecs(0) + TimeDelta::seconds(1));
        let ages = self.fleet.clusters.age_turns(self.now);
        [second, ages, self.notices.next_expiry(), self.images_due()].into_iter().flatten().min()
    }

    fn contexts(&self) -> Vec<Context> {
        let mut contexts = self.layers.last().map(|layer| layer.contexts()).unwrap_or_default();
        if !self.types_to_shell() {
            contexts.push(Context::Global);
        }
        contexts
    }

    fn types_to_shell(&self) -> bool {
        self.layers.last().is_some_and(|layer| layer.types_to_shell())
    }

    /// What the last picture made necessary: a shell has another size now.
    pub fn after_draw(&mut self) -> Vec<Effect> {
        self.shells.take_effects()
    }

    fn key(&mut self, key: KeyPress, effects: &mut Vec<Effect>) {
        let contexts = self.contexts();
        let mut keys = std::mem::take(&mut self.chord);
        // What it was begun for may have gone meanwhile.
        let begun = !keys.is_empty() && self.keymap.find(&contexts, &keys) == Found::Begun;
        self.changed |= !keys.is_empty();
        if !begun {
            keys.clear();
        } else if key == KeyPress::plain(Code::Esc) {
            return;
        }
        keys.push(key);
        let typing = self.layers.last().is_some_and(|layer| layer.takes_text());
        let text = !begun && typing && key.typed().is_some();
        let action = match self.keymap.find(&contexts, &keys) {
            _ if text => None,
            Found::Action(action) => Some(action),
            Found::Begun => {
                self.chord = keys;
                self.changed = true;
                return;
            }
            Found::Nothing if self.types_to_shell() => {
                let asks = keys.into_iter().map(|key| Ask::Shell(Wish::Key(key))).collect();
                return self.answer(asks, self.layers.len() - 1, effects);
            }
            Found::Nothing if begun => return,
            Found::Nothing => None,
        };
        match action {
            Some(action) => self.act(action, effects),
            None => {
                let cx = cx!(self);
                if let Some(asks) = self.layers.last_mut().and_then(|layer| layer.text(key, &cx)) {
                    self.changed = true;
                    self.answer(asks, self.layers.len() - 1, effects);
                }
            }
        }
    }

    /// Does the action where the user is.
    fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        let contexts = self.contexts();
        if action != Action::Quit {
            self.leaving = false;
        }
        let cx = cx!(self);
        let Some(layer) = self.layers.last_mut() else { return };
        let asks = match action {
            action if self.read_only && action.changes() => {
                vec![Ask::Say("nothing is changed in read-only mode".into())]
            }
            Action::Quit if self.shells.alive() > 0 && !std::mem::replace(&mut self.leaving, true) => {
                let count = self.shells.alive();
                let open = if count == 1 { "a shell is open".into() } else { format!("{count} shells are open") };
                vec![Ask::Say(format!("{open}; once more ends that and leaves"))]
            }
            Action::Quit => return effects.push(Effect::Quit),
            Action::Suspend => return effects.push(Effect::Suspend),
            Action::Redraw => {
                self.changed = true;
                return effects.push(Effect::Redraw);
            }
            Action::Help if contexts.contains(&Context::Help) => layer.on(Action::Back, &cx),
            Action::Help => vec![Ask::Open(Route::Help(contexts))],
            Action::Palette if contexts.contains(&Context::Palette) => Vec::new(),
            Action::Palette => vec![Ask::Open(Route::Palette { about: contexts, recent: self.recent.clone() })],
            Action::Calls if contexts.contains(&Context::Calls) => Vec::new(),
            Action::Calls => vec![Ask::Open(Route::Calls)],
            Action::Settings if contexts.contains(&Context::Settings) => Vec::new(),
            Action::Settings => vec![Ask::Open(Route::Settings)],
            Action::Clouds => vec![Ask::Open(Route::Clouds)],
            Action::GoBack => return self.turn(true, effects),
            Action::GoForward => return self.turn(false, effects),
            Action::Refresh => {
                let asks = if *cx.link == Link::Connected { layer.on(action, &cx) } else { Vec::new() };
                self.refresh(effects);
                asks
            }
            Action::Back if self.notices.dismiss() => Vec::new(),
            action => layer.on(action, &cx),
        };
        self.changed = true;
        self.answer(asks, self.layers.len() - 1, effects);
    }

    fn pick(&mut self, pick: Pick, effects: &mut Vec<Effect>) {
        self.recent.retain(|have| *have != pick);
        self.recent.insert(0, pick.clone());
        self.recent.truncate(RECENT);
        match pick {
            Pick::Action(action) => self.act(action, effects),
            Pick::Pane(action) => {
                self.leave(1);
                self.act(action, effects);
            }
            Pick::Place(to) => self.go(to, effects),
            Pick::Cloud(pane) => self.open(Route::Cloud(Some(pane)), effects),
            Pick::Cluster(id) => self.open(Route::Cluster { id, why: false }, effects),
        }
    }

    /// Does what the layer at `from` asks.
    fn answer(&mut self, asks: Vec<Ask>, from: usize, effects: &mut Vec<Effect>) {
        for ask in asks {
            match ask {
                Ask::Open(route) => self.open(route, effects),
                Ask::Close => self.leave(from.max(1)),
                Ask::CloseTwo => self.leave(from.saturating_sub(1).max(1)),
                Ask::Do(effect) => effects.push(effect),
                Ask::Run(job) => self.run(job, effects),
                Ask::Shell(wish) => {
                    let asks = self.shells.on(wish);
                    self.answer(asks, from, effects);
                }
                Ask::Say(text) => self.notices.good(text, self.now),
                Ask::Unmark => self.layers.iter_mut().for_each(|layer| layer.unmark()),
                Ask::Select(id) => {
                    if let Some(home) = self.layers.first_mut() {
                        home.select_cluster(id);
                    }
                }
                Ask::Go(to) => self.go(to, effects),
                Ask::Prefer { name, value } => self.prefer(name, value, effects),
                Ask::Pick(pick) => self.pick(pick, effects),
            }
        }
    }

    fn open(&mut self, route: Route, effects: &mut Vec<Effect>) {
        if matches!(route, Route::Clouds | Route::Palette { .. }) {
            self.ask_for_places(effects);
        }
        let wants_inventory =
            matches!(route, Route::NewTemplate | Route::NewCluster(_) | Route::Change(..) | Route::EditTemplate(_));
        if matches!(route, Route::Cloud(_)) {
            self.leave_for_cloud();
        }
        let cx = cx!(self);
        let layer: Option<Box<dyn Layer>> = match route {
            Route::Home => None,
            Route::Movers => Some(Box::new(MoversPage::default())),
            Route::Cluster { id, why } => Some(Box::new(ClusterPage::new(id, why, &cx))),
            Route::Shells(enter) => Some(Box::new(ShellsPage::new(enter, &cx))),
            Route::Line(place) => Some(Box::new(LineDialog::new(place, &cx))),
            Route::Bundle(id) => Some(Box::new(BundleDialog::new(id))),
            Route::Bastion(id) => Some(Box::new(BastionDialog::new(id))),
            Route::NewTemplate => Some(Box::new(template::form(&cx))),
            Route::NewCluster(template) => Some(Box::new(cluster::form(template, &cx))),
            Route::Change(id, wanted) => change::form(id, wanted, &cx),
            Route::Confirm(question) => Some(Box::new(Confirm::new(*question))),
            Route::DeleteCluster(id) => {
                Question::delete(id, &cx).map(|question| Box::new(Confirm::new(question)) as Box<dyn Layer>)
            }
            Route::DeleteTemplate(id) => DeleteTemplate::new(id, &cx).map(|dialog| Box::new(dialog) as Box<dyn Layer>),
            Route::Kubeconfig(id) => KubeconfigDialog::new(id, &cx).map(|dialog| Box::new(dialog) as Box<dyn Layer>),
            Route::Sign(id) => Signing::new(id, &cx).map(|dialog| Box::new(dialog) as Box<dyn Layer>),
            Route::Read(matter) => Some(Box::new(Reader::new(matter, &cx))),
            Route::Several(several) => Some(Box::new(SeveralDialog::new(*several))),
            Route::Review { wish, command } => Some(Box::new(Review::new(*wish, command))),
            Route::Cloud(pane) => Some(Box::new(CloudPage::new(pane))),
            Route::DescribeImage(id) => image::describe(&id, &cx),
            Route::ImportImage => Some(image::import(&cx)),
            Route::ClusterQuota => Some(quota::form(&cx)),
            Route::RemoveOrphans(orphans) => Some(Box::new(RemoveOrphans::new(orphans))),
            Route::EditTemplate(id) => template::edit(id, &cx),
            Route::Discard => Some(Box::new(Discard)),
            Route::Settings => Some(Box::new(SettingsPage::default())),
            Route::Calls => Some(Box::new(CallsPage::default())),
            Route::Clouds => Some(Box::new(CloudsDialog::default())),
            Route::Help(contexts) => Some(Box::new(HelpPage::new(contexts))),
            Route::Palette { about, recent } => Some(Box::new(Palette::new(about, recent))),
        };
        if let Some(mut layer) = layer {
            let asks = layer.opened();
            self.layers.push(layer);
            self.answer(asks, self.layers.len() - 1, effects);
        }
        if wants_inventory && self.link == Link::Connected {
            self.run(Job::Inventory, effects);
        }
    }

    /// Starts a job. A command that runs already is not started again.
    fn run(&mut self, job: Job, effects: &mut Vec<Effect>) {
        let slot = job.slot();
        if job.is_command() && self.pending.contains_key(&slot) {
            return;
        }
        if job == Job::Clusters || job == Job::Templates {
            let clusters = self.fleet.clusters.ids().map(|id| id.0);
            self.known = clusters.chain(self.fleet.templates.keys().map(|id| id.0)).collect();
        }
        self.generation += 1;
        self.pending.insert(slot, (self.generation, job.clone()));
        effects.push(Effect::Run(Ticket { slot, generation: self.generation }, job));
    }

    fn change(&mut self, change: Change, effects: &mut Vec<Effect>) {
        if let Some(told) = self.tell(&change).filter(|_| self.is_alone()) {
            effects.push(Effect::Alert(clean(&told)));
        }
        let recovered = matches!(change, Change::Trouble { problem: None }) && self.fleet.trouble.is_some();
        if self.fleet.apply(change) {
            self.changed = true;
        }
        if recovered {
            // What could not be loaded meanwhile can be now.
            self.fleet.forget_loaded();
        }
    }

    /// Whether nobody seems to look.
    fn is_alone(&self) -> bool {
        self.focus.map_or(self.now - self.last_key > GLANCE, |here| !here)
    }

    /// For the terminal's window: what moves, and what failed.
    pub fn title(&self) -> String {
        let (moving, failed, _) = self.fleet.counts();
        let mut told = "jeroboam".to_owned();
        match (self.fleet.clusters.moving().next(), moving) {
            (Some(cluster), 1) => {
                let percent = cluster.progress.map(|progress| format!(" {} %", progress.percent()));
                told = format!("{}{} · {told}", cluster.name, percent.unwrap_or_default());
            }
            (Some(_), _) => told = format!("{moving} moving · {told}"),
            (None, _) => {}
        }
        // It goes to the terminal as it is.
        let told = clean(&told);
        if failed > 0 { format!("✖ {failed} failed · {told}") } else { told }
    }

    /// A notice for what somebody may be waiting for; what it says.
    fn tell(&mut self, change: &Change) -> Option<String> {
        match change {
            Change::Cluster { cluster } => {
                let before = self.fleet.clusters.get(&cluster.uuid).map(|have| have.status.clone());
                if before.is_none_or(|before| before == cluster.status || !before.is_in_progress()) {
                    return None;
                }
                if cluster.status.is_failed() {
                    let told = words::status(&cluster.status);
                    let reason = words::gist(super::panes::clusters::reason(cluster));
                    let problem = Problem::local(format!("{}: {}: {reason}", cluster.name, told.word));
                    let told = problem.summary.clone();
                    let key = self.keymap.key_for(&[Context::Clusters], Action::Why);
                    self.notices.bad(match key {
                        Some(key) => problem.advise(format!("{key} on the cluster leads to the resource")),
                        None => problem,
                    });
                    return Some(told);
                }
                if !cluster.status.is_complete() {
                    return None;
                }
                let told = match self.fleet.clusters.get(&cluster.uuid).and_then(|have| have.rollout.as_ref()) {
                    Some(change) => format!("{}: {} is done", cluster.name, change.what()),
                    None => format!("{} is ready", cluster.name),
                };
                self.notices.good(told.clone(), self.now);
                Some(told)
            }
            Change::ClusterGone { id, name } if self.fleet.clusters.contains_key(id) => {
                let told = format!("{name} is deleted");
                self.notices.good(told.clone(), self.now);
                Some(told)
            }
            _ => None,
        }
    }
}
