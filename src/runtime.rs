//! The shell around the pure dashboard: terminal, event loop, and the work its
//! effects ask for. Start at [`dashboard`]; the loop itself is [`run`].
//!
//! One queue goes in: keys, changes, replies and signals all come through it, so
//! the loop waits in one place, and with nothing to do it does not wake at all.

mod clipboard;
mod effects;
mod ground;
mod input;
mod login;
mod look;
pub mod prefs;
mod project;
mod read;
pub mod remote;
mod save;
mod shells;
mod tty;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Local, Offset, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, oneshot};

use crate::config::settings::Settings;
use crate::model::{CloudEntry, Destination, Problem};
use crate::openstack::calls::Calls;
use crate::service::{Change, Manager};
use crate::ui::shells::{Bytes, ShellId, ShellNews};
use crate::ui::{App, Effect, Msg};
pub use effects::Performer;
pub use login::Login;
use remote::Remote;
pub use tty::Tty;

/// Connects to the cloud that was asked for, at first to that of the start (`None`), and starts what is
/// behind it; called again for each retry and each change of place. Once it is there, what was started
/// before is stopped.
pub type Connect =
    Box<dyn Fn(Option<Destination>) -> BoxFuture<'static, Result<Arc<dyn Manager>, Problem>> + Send + Sync>;

/// The clouds there are to choose from. Reads files, and asks no cloud.
pub type ListClouds = Box<dyn Fn() -> Result<Vec<CloudEntry>, Problem> + Send + Sync>;

/// What the dashboard takes from outside, beside the cloud.
pub struct Options {
    pub settings: Settings,
    /// Holds `themes/` and `keymaps/` of the user's own; need not exist.
    pub config_dir: PathBuf,
    /// Settings that were said for this once, beside config.toml.
    pub said: Vec<prefs::Said>,
    /// Told when it starts: what is wrong in the user's files.
    pub problems: Vec<Problem>,
    /// How nodes are logged in to.
    pub remote: Remote,
    pub clouds: ListClouds,
    /// What was asked of clouds.
    pub calls: Arc<Calls>,
}

/// What comes in: plain messages, and the one thing that is not plain.
pub enum In {
    Msg(Msg),
    Manager(Arc<dyn Manager>),
    /// Something that a manager told, and which one in the order in which they came.
    Change(u64, Change),
    /// The way to a node is found: these are ssh's words.
    Login(Box<Login>),
    /// Output of a shell; whoever sent it waits until the sender is dropped, which is when it is drawn.
    Shell(ShellId, Vec<u8>, oneshot::Sender<()>),
    /// Somebody asks us to stop, as ctrl-z would.
    Stop,
    /// The process was stopped and goes on.
    Resumed,
}

/// Where the picture goes.
pub trait Screen {
    fn draw(&mut self, app: &mut App) -> std::io::Result<()>;
    /// Forget what is on the terminal, so that the next picture is drawn whole.
    fn forget(&mut self) -> std::io::Result<()>;
    fn copy(&mut self, text: &str) -> std::io::Result<()>;
    /// The name of the terminal's window.
    fn title(&mut self, text: &str) -> std::io::Result<()>;
    /// Draw the eye of somebody who looks elsewhere.
    fn alert(&mut self, text: &str) -> std::io::Result<()>;
    /// Whether clicks and the wheel are told to us, or are the terminal's own; nothing where there are none.
    fn mouse(&mut self, _ours: bool) -> std::io::Result<()> {
        Ok(())
    }
    /// Hand the terminal back to the shell until somebody says `fg`; `false`: there is no shell to go to.
    fn suspend(&mut self) -> std::io::Result<bool>;
    /// Give the terminal to another program until [`Screen::resume`].
    fn lend(&mut self) -> std::io::Result<()>;
    /// Take the terminal again, after a stop from outside too.
    fn resume(&mut self) -> std::io::Result<()>;
}

/// Shows the dashboard until the user leaves it. The first picture comes before
/// the cloud is asked; whatever happens, the terminal is as it was afterwards.
pub async fn dashboard(connect: Connect, options: Options) -> Result<(), Problem> {
    let mut tty = Tty::enter(options.settings.alert, options.settings.mouse)?;
    let (sender, inbox) = mpsc::unbounded_channel();
    let variable = |name: &str| std::env::var(name).ok();
    let asked = if tty.has_a_name() && look::goes_by_ground(&options.settings, &variable) {
        ground::ask()
    } else {
        ground::Answer::default()
    };
    let looks = look::load(&options.settings, &options.config_dir, asked.light, &variable);
    let offset = Local::now().offset().fix();
    let mut app = App::new(looks.theme, looks.keymap, Utc::now(), offset).read_only(options.settings.read_only);
    for problem in looks.problems.into_iter().chain(options.problems) {
        app.update(Msg::Notice(problem));
    }
    for key in asked.keys {
        // The inbox is ours, so it is there.
        let _ = sender.send(In::Msg(Msg::Key(key)));
    }
    let keys = input::spawn(sender.clone(), asked.late)?;
    let mut performer = Performer::new(connect, sender)
        .with_logins(options.remote, keys)
        .with_clouds(options.clouds)
        .with_calls(options.calls)
        .with_prefs(
            prefs::Source { config_dir: options.config_dir, said: options.said },
            look::Chosen::new(options.settings, asked.light),
        );
    let done = run(&mut app, &mut tty, inbox, &mut performer, Utc::now).await;
    tty.leave();
    performer.end_shells().await;
    done.map_err(|error| Problem::local(format!("cannot write to the terminal: {error}")))
}

/// The loop. `clock` tells the time; waiting goes by tokio's clock.
pub async fn run(
    app: &mut App,
    screen: &mut impl Screen,
    mut inbox: mpsc::UnboundedReceiver<In>,
    performer: &mut Performer,
    clock: impl Fn() -> DateTime<Utc>,
) -> std::io::Result<()> {
    app.update(Msg::Tick(clock()));
    screen.draw(app)?;
    app.take_changed();
    let mut title = String::new();
    performer.perform(Effect::Connect(None));
    let mut undrawn = Vec::new();
    loop {
        let first = match app.wake_at() {
            None => inbox.recv().await,
            Some(at) => {
                // A little late rather than early: early would find nothing changed and wait again.
                let wait = (at - clock()).to_std().unwrap_or_default() + Duration::from_millis(1);
                tokio::time::timeout(wait, inbox.recv()).await.unwrap_or(Some(In::Msg(Msg::Tick(clock()))))
            }
        };
        // Time alone asks for nothing but jobs.
        app.update(Msg::Tick(clock())).into_iter().for_each(|effect| performer.perform(effect));
        let mut next = first;
        // All that is waiting counts before the next picture.
        while let Some(incoming) = next {
            let effects = match incoming {
                In::Msg(msg) => app.update(msg),
                In::Shell(id, bytes, drawn) => {
                    undrawn.push(drawn);
                    app.update(Msg::Shell(id, ShellNews::Output(Bytes(bytes))))
                }
                In::Stop => vec![Effect::Suspend],
                In::Resumed => {
                    screen.resume()?;
                    app.update(Msg::Resize)
                }
                In::Login(login) => {
                    screen.lend()?;
                    let told = performer.log_in(*login).await;
                    screen.resume()?;
                    let mut effects = app.update(Msg::Resize);
                    effects.extend(told.into_iter().flat_map(|problem| app.update(Msg::Notice(problem))));
                    effects
                }
                // One that we left may still have something to say.
                In::Change(from, change) if from == performer.manager_number() => app.update(Msg::Change(change)),
                In::Change(..) => Vec::new(),
                In::Manager(manager) => app.update(Msg::Connected(Box::new(performer.connected(manager)))),
            };
            for effect in effects {
                match effect {
                    Effect::Quit => return Ok(()),
                    Effect::Redraw => screen.forget()?,
                    Effect::Copy(text) => screen.copy(&text)?,
                    Effect::Alert(text) => screen.alert(&text)?,
                    Effect::Prefer { name, value } if name == "mouse" => screen.mouse(value == "true")?,
                    Effect::Suspend => {
                        if screen.suspend()? {
                            app.update(Msg::Resize);
                        } else {
                            let told = Problem::local("there is no shell with job control to go back to");
                            app.update(Msg::Notice(told));
                        }
                    }
                    effect => performer.perform(effect),
                }
            }
            next = match inbox.try_recv() {
                Ok(incoming) => Some(incoming),
                Err(mpsc::error::TryRecvError::Empty) => None,
                Err(mpsc::error::TryRecvError::Disconnected) => return Ok(()),
            };
        }
        if app.take_changed() {
            screen.draw(app)?;
            app.after_draw().into_iter().for_each(|effect| performer.perform(effect));
            let now = app.title();
            if now != title {
                screen.title(&now)?;
                title = now;
            }
        }
        undrawn.clear();
    }
}
