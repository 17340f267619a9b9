//! What a page or dialog is: it owns view state, reads the [`Cx`], and answers
//! with data. [`super::App`] keeps a stack of them; the top one gets the keys.

use chrono::{DateTime, FixedOffset, Utc};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::Span;

use super::action::{Action, Context};
use super::dialogs::confirm::Question;
use super::dialogs::line::Where;
use super::dialogs::palette::Pick;
use super::effect::{Effect, Job};
use super::fleet::Fleet;
use super::key::KeyPress;
use super::keymap::Keymap;
use super::msg::Reply;
use super::operation::Wanted;
use super::pages::cloud;
use super::pages::reader::matter::Matter;
use super::pointer::{Clicked, Pointer, Under, WHEEL};
use super::project::Need;
use super::remote::Enter;
use super::several::Several;
use super::shells::term::Size;
use super::shells::{Shells, Wish};
use super::theme::{Role, Theme};
use crate::model::{ClusterId, Destination, NewCluster, Orphan, TemplateId};

/// All that a layer may read.
pub struct Cx<'a> {
    pub fleet: &'a Fleet,
    pub now: DateTime<Utc>,
    /// Of the user's clock; times are shown in it.
    pub offset: FixedOffset,
    pub theme: &'a Theme,
    pub keymap: &'a Keymap,
    pub link: &'a Link,
    /// Where we are on our way to.
    pub going: Option<&'a Destination>,
    /// Nothing is to be changed.
    pub read_only: bool,
    pub shells: &'a Shells,
    /// Who draws what can be clicked on says so here.
    pub pointer: &'a Pointer,
}

impl Cx<'_> {
    pub fn style(&self, role: Role) -> Style {
        self.theme.style(role)
    }

    pub fn span(&self, role: Role, text: impl Into<String>) -> Span<'static> {
        Span::styled(text.into(), self.style(role))
    }

    /// `14:02:07` on the user's clock.
    pub fn clock(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.offset).format("%H:%M:%S").to_string()
    }

    /// `2026-11-23 14:02` on the user's clock.
    pub fn date(&self, time: DateTime<Utc>) -> String {
        time.with_timezone(&self.offset).format("%Y-%m-%d %H:%M").to_string()
    }
}

/// How we stand with the cloud.
#[derive(Debug, Clone, PartialEq)]
pub enum Link {
    Connecting,
    Connected,
    Failed(crate::model::Problem),
}

/// What a layer wants, as data.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    Open(Route),
    /// Take this layer away, and all that lies over it.
    Close,
    /// Take this layer and the one under it away.
    CloseTwo,
    Do(Effect),
    Shell(Wish),
    Run(Job),
    /// A short notice that goes by itself.
    Say(String),
    /// What was marked is being done: nothing stays marked.
    Unmark,
    /// The layer under this one shall select this cluster.
    Select(ClusterId),
    /// Connect there.
    Go(Destination),
    /// Turn a setting to this value.
    Prefer {
        name: String,
        value: String,
    },
    /// Done as if its key had been pressed in the layer that is on top then.
    Pick(Pick),
}

/// Every page and dialog there is.
#[derive(Debug, Clone, PartialEq)]
pub enum Route {
    Home,
    /// All that moves.
    Movers,
    Cluster {
        id: ClusterId,
        why: bool,
    },
    Shells(Enter),
    /// A command that is to run.
    Line(Where),
    Bastion(ClusterId),
    Bundle(ClusterId),
    NewTemplate,
    NewCluster(Option<TemplateId>),
    DeleteCluster(ClusterId),
    DeleteTemplate(TemplateId),
    Kubeconfig(ClusterId),
    /// Sign a certificate request for the cluster.
    Sign(ClusterId),
    /// The form of a change.
    Change(ClusterId, Wanted),
    /// Asked before something is done.
    Confirm(Box<Question>),
    /// … to several things.
    Several(Box<Several>),
    Discard,
    /// The project and its cloud, at a pane.
    Cloud(Option<cloud::Pane>),
    /// What is in an image, by its id.
    DescribeImage(String),
    ImportImage,
    ClusterQuota,
    RemoveOrphans(Vec<Orphan>),
    EditTemplate(TemplateId),
    /// A text over the whole screen.
    Read(Matter),
    /// The last look; with the command that would do the same.
    Review {
        wish: Box<NewCluster>,
        command: Vec<String>,
    },
    /// The places there are to go to.
    Clouds,
    /// What was asked of the cloud.
    Calls,
    Settings,
    Help(Vec<Context>),
    /// The command line over a layer of these contexts.
    Palette {
        about: Vec<Context>,
        recent: Vec<Pick>,
    },
}

pub trait Layer: Send {
    /// For the keymap, the most special first; `Global` is added by the application.
    fn contexts(&self) -> Vec<Context>;

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask>;

    /// What would open it again, if it is a page that one goes back to.
    fn route(&self) -> Option<Route> {
        None
    }

    /// What it wants done as soon as it is on top.
    fn opened(&mut self) -> Vec<Ask> {
        Vec::new()
    }

    /// Whether there is something to go back from.
    fn can_go_back(&self) -> bool {
        true
    }

    /// Whether all keys that its own contexts do not know go to the shell on it just now.
    fn types_to_shell(&self) -> bool {
        false
    }

    /// The room for a shell on it, when the area is all there is.
    fn shows_shell(&self, _area: Rect, _cx: &Cx) -> Option<Size> {
        None
    }

    /// Whether printable keys are text just now.
    fn takes_text(&self) -> bool {
        false
    }

    /// A key no context knows, or text. `None`: it changed nothing.
    fn text(&mut self, _key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        None
    }

    fn paste(&mut self, _text: &str, _cx: &Cx) {}

    /// A click on one of the rows or headings that it told of, in the pane that has the keys.
    fn click(&mut self, _on: Under, _cx: &Cx) -> Clicked {
        Clicked::NOTHING
    }

    /// A turn of the wheel over the pane of this number, where panes have numbers.
    fn wheel(&mut self, _pane: Option<u8>, down: bool, cx: &Cx) -> Vec<Ask> {
        let action = if down { Action::Down } else { Action::Up };
        (0..WHEEL).flat_map(|_| self.on(action, cx)).collect()
    }

    /// Every accepted reply, after the fleet knows it. `None`: it is not for this layer, and
    /// what it refuses is told by somebody else.
    fn reply(&mut self, _reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        None
    }

    /// The fleet is another now.
    fn news(&mut self, _cx: &Cx) {}

    /// `&mut self` only for scroll positions: drawing twice gives the same picture.
    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer);

    /// Whether what is under it stays on screen.
    fn is_overlay(&self) -> bool {
        false
    }

    /// The cluster whose events should be followed while this layer is on screen.
    fn cluster(&self, _cx: &Cx) -> Option<ClusterId> {
        None
    }

    /// The cluster whose nodes, history and issued certificates it shows.
    fn inside(&self) -> Option<ClusterId> {
        None
    }

    /// The clusters whose nodes it shows.
    fn nodes_of(&self, _cx: &Cx) -> Vec<ClusterId> {
        self.inside().into_iter().collect()
    }

    /// Whether it shows what is asked of the cloud.
    fn follows_calls(&self) -> bool {
        false
    }

    /// Whether the action is worth a hint just now. What is pressed all the same is tried.
    fn offers(&self, _action: Action, _cx: &Cx) -> bool {
        true
    }

    /// Parts of the project that it shows.
    fn needs(&self) -> Vec<Need> {
        Vec::new()
    }

    fn select_cluster(&mut self, _id: ClusterId) {}

    /// Takes all marks away.
    fn unmark(&mut self) {}
}
