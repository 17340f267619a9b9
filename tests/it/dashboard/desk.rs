//! A dashboard without a terminal: presses keys, answers jobs from [`super::world`].

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{FixedOffset, TimeDelta};
use jeroboam::service::{Change, ConductorRole};
use jeroboam::ui::{App, Depth, Effect, Job, KeyPress, Keymap, Msg, Reply, Saved, Theme, Ticket};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use super::world;

pub struct Desk {
    pub app: App,
    /// Everything wanted so far, jobs that are answered included.
    pub wanted: Vec<Effect>,
    /// Jobs nobody answered yet.
    pub open: Vec<(Ticket, Job)>,
}

impl Desk {
    /// Just started, not connected.
    pub fn new() -> Self {
        let (theme, _) = Theme::load("dark", None, Depth::True);
        Self::with(theme)
    }

    pub fn with(theme: Theme) -> Self {
        let (keymap, _) = Keymap::load("default", None);
        let offset = FixedOffset::east_opt(0).unwrap();
        Self { app: App::new(theme, keymap, world::now(), offset), wanted: Vec::new(), open: Vec::new() }
    }

    /// [`Self::ready`] with a keymap of the program's own.
    pub fn with_keymap(name: &str) -> Self {
        let (theme, _) = Theme::load("dark", None, Depth::True);
        let (keymap, problems) = Keymap::load(name, None);
        assert_eq!(problems, []);
        let app = App::new(theme, keymap, world::now(), FixedOffset::east_opt(0).unwrap());
        let mut desk = Self { app, wanted: Vec::new(), open: Vec::new() };
        desk.connect();
        desk
    }

    pub fn read_only(mut self) -> Self {
        self.app = self.app.read_only(true);
        self
    }

    /// Connected, everything loaded, the first cluster (ci-runners) selected.
    pub fn ready() -> Self {
        let mut desk = Self::new();
        desk.connect();
        desk
    }

    pub fn connect(&mut self) {
        self.send(Msg::Connected(Box::new(world::identity())));
        self.send(Msg::Change(Change::Conductor { role: ConductorRole::Active }));
        self.answer_all();
        self.wanted.clear();
    }

    pub fn send(&mut self, msg: Msg) {
        for effect in self.app.update(msg) {
            if let Effect::Run(ticket, job) = &effect {
                self.open.push((*ticket, job.clone()));
            }
            self.wanted.push(effect);
        }
    }

    /// Keys by name, separated by spaces.
    pub fn press(&mut self, keys: &str) -> &mut Self {
        for key in keys.split(' ') {
            let key: KeyPress = key.parse().unwrap();
            self.send(Msg::Key(key));
            self.answer_loads();
        }
        self
    }

    /// Text, key by key.
    pub fn write(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(KeyPress::char(c)));
        }
        self
    }

    pub fn answer_loads(&mut self) {
        while let Some(at) = self.open.iter().position(|(_, job)| job.is_load()) {
            let (ticket, job) = self.open.remove(at);
            self.send(Msg::Reply(ticket, answer(&job)));
        }
    }

    pub fn answer_all(&mut self) {
        while !self.open.is_empty() {
            let (ticket, job) = self.open.remove(0);
            self.send(Msg::Reply(ticket, answer(&job)));
        }
    }

    /// The one command that is open.
    pub fn command(&mut self) -> (Ticket, Job) {
        let at = self.open.iter().position(|(_, job)| !job.is_load()).expect("a command");
        self.open.remove(at)
    }

    pub fn wait(&mut self, seconds: i64) {
        self.send(Msg::Tick(world::now() + TimeDelta::seconds(seconds)));
    }

    pub fn buffer(&mut self, width: u16, height: u16) -> Buffer {
        let area = Rect { x: 0, y: 0, width, height };
        let mut buffer = Buffer::empty(area);
        self.app.draw_into(area, &mut buffer);
        buffer
    }

    /// The line of the first pane that the cursor is on.
    pub fn selected(&mut self) -> String {
        let screen = self.screen(120, 40);
        let line = screen.lines().find(|line| line.contains('▸') && !line.contains("jeroboam")).unwrap_or_default();
        line.split_once('▸')
            .map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default().to_owned())
            .unwrap_or_default()
    }

    /// The picture as text, and a hash over all that is not text.
    pub fn screen(&mut self, width: u16, height: u16) -> String {
        let buffer = self.buffer(width, height);
        let mut text = String::new();
        let mut styles = DefaultHasher::new();
        for y in 0..height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..width {
                let cell = &buffer[(x, y)];
                let plain = (cell.fg, cell.bg, cell.modifier - Modifier::empty());
                format!("{plain:?}").hash(&mut styles);
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
                line.push_str(cell.symbol());
            }
            text.push_str(line.trim_end());
            text.push('\n');
        }
        text.push_str(&format!("styles {:016x}", styles.finish()));
        text
    }
}

pub fn answer(job: &Job) -> Reply {
    match job {
        Job::Templates => Reply::Templates(Ok(world::templates())),
        Job::Clusters => Reply::Clusters(Ok(world::clusters())),
        Job::Places => Reply::Places(Ok(world::places())),
        Job::Inventory => Reply::Inventory(Box::new(world::inventory()), Vec::new()),
        Job::Events(id) => Reply::Events(*id, Ok(world::events(*id))),
        Job::Resources(id) => Reply::Resources(*id, Ok(world::resources(*id))),
        Job::Nodes(id) => Reply::Nodes(*id, Ok(world::nodes(*id))),
        Job::History(id) => Reply::History(*id, Ok(world::history(*id))),
        Job::Issued(id) => Reply::Issued(*id, Ok(world::issued(*id))),
        Job::Labels(id) => Reply::Labels(*id, Ok(world::labels())),
        Job::Certificates(ids) => {
            Reply::Certificates(ids.iter().map(|id| (*id, world::certificate(*id).map(|ca| *ca))).collect())
        }
        Job::Read(source) => Reply::Read(source.clone(), Ok(world::read(source))),
        Job::ReadRequest(_) => Reply::Request(Ok(Box::new(world::request()))),
        Job::Sign { id, .. } => Reply::Signed(*id, world::certificate(*id)),
        Job::Write { path, .. } => Reply::Written(Saved::Done { path: path.clone(), replaced: Vec::new() }),
        Job::Preview(wish) => Reply::Preview(Ok(Box::new(world::preview(wish)))),
        Job::CreateTemplate(wish) => {
            let mut template = world::templates().remove(0);
            template.uuid.0 = uuid::Uuid::from_u128(0xbf);
            template.spec = (**wish).clone();
            Reply::TemplateCreated(Ok(Box::new(template)))
        }
        Job::CreateCluster(wish) => {
            let mut cluster = world::clusters().remove(0);
            cluster.uuid.0 = uuid::Uuid::from_u128(0xaf);
            cluster.name.clone_from(&wish.name);
            cluster.progress = None;
            Reply::ClusterCreated(Ok(Box::new(cluster)))
        }
        Job::Change(id, _) => {
            let changed = world::clusters().into_iter().find(|cluster| cluster.uuid == *id).unwrap();
            Reply::ClusterChanged(*id, Ok(Box::new(changed)))
        }
        Job::CheckChange(id, _) => Reply::ChangeChecked(*id, Ok(())),
        Job::DeleteTemplate(id) => Reply::TemplateDeleted(*id, Ok(())),
        Job::DeleteCluster(id) => Reply::ClusterDeleted(*id, Ok(())),
        Job::UpdateTemplate(id, patches) => {
            let mut template = world::templates().into_iter().find(|template| template.uuid == *id).unwrap();
            template.spec = jeroboam::model::patch::template(&template.spec, patches).unwrap();
            Reply::TemplateUpdated(*id, Ok(Box::new(template)))
        }
        Job::Project(task) => Reply::Project(world::told(task)),
        Job::Bastions(id) => Reply::Bastions(*id, Ok(Vec::new())),
        Job::MakeBastion(id) => Reply::BastionMade(*id, Ok((Box::new(world::bastion()), "198.51.100.7".into()))),
        Job::RemoveBastion(id) => Reply::BastionRemoved(*id, Ok(4)),
        Job::Bundle(id) => Reply::Bundled(*id, Ok(("/home/me/ml-gpu.tar.gz".into(), vec!["a log".into()]))),
        Job::SaveKubeconfig { .. } => {
            Reply::Kubeconfig(Saved::Done { path: "/home/me/.kube/ml-gpu.config".into(), replaced: Vec::new() })
        }
    }
}
