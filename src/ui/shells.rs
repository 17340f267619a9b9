//! The shells on nodes that are open: pure state, like all of the dashboard. Bytes of a node come
//! in as messages, what is typed goes out as effects; `runtime::shells` has the ssh and its terminal.
//!
//! Start at [`Shells::on`] (what a page wants), [`Shells::news`] (what comes from a node) and
//! [`Shells::fit`] (the room there is, told before each picture).

pub mod browse;
pub mod keys;
pub mod program;
pub mod stream;
pub mod term;
pub mod view;

use std::fmt;

use self::browse::Browse;
pub use self::program::Program;
use self::term::{Size, Term};
use super::effect::Effect;
use super::key::{Code, KeyPress};
use super::layer::Ask;
use super::pointer::WHEEL;
use super::widgets::list::Step;
use super::widgets::text;
use crate::model::text::clean;
use crate::model::{ClusterId, Problem};

/// So many may be open at once.
pub const MOST: usize = 50;

/// One shell of this run of the program; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShellId(pub u64);

/// What was typed or shown, which may be a password: never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// What a shell wants done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum ShellDo {
    Start(ClusterId, Program),
    Type(Bytes),
    Resize(Size),
    End,
}

/// What comes back.
#[derive(Debug, Clone)]
pub enum ShellNews {
    /// The way is found and ssh is started; what the user is to read before.
    Started {
        node: String,
        notes: Vec<String>,
    },
    Output(Bytes),
    /// With ssh's exit code, and what it means where ssh itself failed.
    Ended {
        code: Option<i32>,
        problem: Option<Problem>,
    },
}

/// What a page wants of them.
#[derive(Debug, Clone, PartialEq)]
pub enum Wish {
    Open(ClusterId, Program),
    /// The same once more.
    Again,
    /// By its place in the line of tabs.
    Select(usize),
    Turn {
        back: bool,
    },
    Key(KeyPress),
    Paste(String),
    Step(Step),
    /// Turn the wheel.
    Wheel {
        down: bool,
    },
    Mark,
    Find {
        text: String,
        older: bool,
    },
    Copy,
    /// Show the present again.
    Live,
    /// End it, and take its tab away.
    Close,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Course {
    /// The way is looked for.
    Seeking,
    Running,
    Ended(Option<i32>),
}

pub struct Shell {
    pub id: ShellId,
    pub cluster: ClusterId,
    pub program: Program,
    /// What it is called: with the node's short name, when that is known.
    pub label: String,
    pub course: Course,
    /// Something came while another one was shown.
    pub unseen: bool,
    term: Term,
    size: Size,
    browse: Option<Browse>,
}

impl Shell {
    pub fn is_alive(&self) -> bool {
        !matches!(self.course, Course::Ended(_))
    }

    pub fn browse(&self) -> Option<&Browse> {
        self.browse.as_ref()
    }

    /// What is to be drawn.
    pub fn screen(&self) -> &vt100::Screen {
        self.browse.as_ref().map_or(self.term.screen(), Browse::screen)
    }
}

#[derive(Default)]
pub struct Shells {
    all: Vec<Shell>,
    current: usize,
    next: u64,
    /// Of all of them: they share one place.
    room: Size,
    effects: Vec<Effect>,
    changed: bool,
}

impl Shells {
    pub fn all(&self) -> &[Shell] {
        &self.all
    }

    pub fn current(&self) -> Option<&Shell> {
        self.all.get(self.current)
    }

    /// How many would end with the program.
    pub fn alive(&self) -> usize {
        self.all.iter().filter(|shell| shell.is_alive()).count()
    }

    /// Whether another picture is needed, since the last call.
    pub fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Effects that did not come from a wish.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// Gives every shell this much room.
    pub fn fit(&mut self, room: Size) {
        self.room = room;
        for shell in self.all.iter_mut().filter(|shell| shell.size != room) {
            shell.size = room;
            shell.term.resize(room);
            // Its lines are others now.
            shell.browse = None;
            self.effects.push(Effect::Shell(shell.id, ShellDo::Resize(room)));
        }
    }

    pub fn on(&mut self, wish: Wish) -> Vec<Ask> {
        self.changed = true;
        match wish {
            Wish::Open(cluster, program) => self.open(cluster, program),
            Wish::Again => match self.current().map(|shell| (shell.cluster, shell.program.clone())) {
                Some((cluster, program)) => self.open(cluster, program),
                None => Vec::new(),
            },
            Wish::Select(at) if at < self.all.len() => self.show(at),
            Wish::Select(_) => Vec::new(),
            Wish::Turn { back } => {
                let count = self.all.len().max(1);
                self.show((self.current + if back { count - 1 } else { 1 }) % count)
            }
            Wish::Key(key) => {
                self.changed = false;
                let application = self.current().is_some_and(|shell| shell.term.screen().application_cursor());
                self.send(keys::encode(key, application))
            }
            Wish::Paste(text) => {
                self.changed = false;
                let bracketed = self.current().is_some_and(|shell| shell.term.screen().bracketed_paste());
                self.send(keys::paste(&text, bracketed))
            }
            Wish::Step(step) => self.hold(|browse| browse.step(step)),
            Wish::Wheel { down } => self.wheel(down),
            Wish::Mark => self.hold(Browse::turn_mark),
            Wish::Find { text, older } => {
                let mut found = false;
                self.hold(|browse| found = browse.find(&text, older));
                if found { Vec::new() } else { vec![Ask::Say(format!("nothing here contains \"{text}\""))] }
            }
            Wish::Copy => self.copy(),
            Wish::Live => {
                if let Some(shell) = self.all.get_mut(self.current) {
                    shell.browse = None;
                }
                Vec::new()
            }
            Wish::Close => self.close(),
        }
    }

    fn open(&mut self, cluster: ClusterId, program: Program) -> Vec<Ask> {
        if self.all.len() >= MOST {
            return vec![Ask::Say(format!("{MOST} shells are open; end one first"))];
        }
        let id = ShellId(self.next);
        self.next += 1;
        let label = program.label(program.node().unwrap_or("first master"));
        let mut term = Term::new(self.room);
        term.feed(format!("{}\r\n", program.begins()).as_bytes());
        self.all.push(Shell {
            id,
            cluster,
            program: program.clone(),
            label,
            course: Course::Seeking,
            unseen: false,
            term,
            size: self.room,
            browse: None,
        });
        self.current = self.all.len() - 1;
        let size = self.room;
        let effects = [ShellDo::Start(cluster, program), ShellDo::Resize(size)];
        effects.map(|what| Ask::Do(Effect::Shell(id, what))).into()
    }

    fn show(&mut self, at: usize) -> Vec<Ask> {
        self.current = at;
        if let Some(shell) = self.all.get_mut(at) {
            shell.unseen = false;
        }
        Vec::new()
    }

    /// To the shell, whose present is shown again.
    fn send(&mut self, bytes: Vec<u8>) -> Vec<Ask> {
        let Some(shell) = self.all.get_mut(self.current) else { return Vec::new() };
        self.changed |= shell.browse.take().is_some();
        if bytes.is_empty() || !shell.is_alive() {
            return Vec::new();
        }
        vec![Ask::Do(Effect::Shell(shell.id, ShellDo::Type(Bytes(bytes))))]
    }

    fn hold(&mut self, act: impl FnOnce(&mut Browse)) -> Vec<Ask> {
        if let Some(shell) = self.all.get_mut(self.current) {
            act(shell.browse.get_or_insert_with(|| Browse::new(shell.term.screen())));
        }
        Vec::new()
    }

    /// Through what the shell has shown; a program that has the whole screen gets arrow keys, as terminals do it.
    fn wheel(&mut self, down: bool) -> Vec<Ask> {
        let Some(shell) = self.all.get_mut(self.current) else { return Vec::new() };
        let screen = shell.term.screen();
        if screen.alternate_screen() && shell.browse.is_none() {
            self.changed = false;
            let key = KeyPress::plain(if down { Code::Down } else { Code::Up });
            let bytes = keys::encode(key, screen.application_cursor());
            return self.send(bytes.repeat(WHEEL));
        }
        if down && shell.browse.is_none() {
            return Vec::new();
        }
        self.hold(|browse| browse.scroll(down, WHEEL));
        if let Some(shell) = self.all.get_mut(self.current)
            && shell.browse.as_ref().is_some_and(Browse::is_at_end)
        {
            shell.browse = None;
        }
        Vec::new()
    }

    fn copy(&mut self) -> Vec<Ask> {
        let Some(shell) = self.current() else { return Vec::new() };
        let text = match &shell.browse {
            Some(browse) => browse.text(),
            None => Browse::new(shell.term.screen()).text(),
        };
        if text.is_empty() {
            return vec![Ask::Say("there is nothing to copy".into())];
        }
        let lines = text.lines().count();
        let told = if lines == 1 { "1 line copied".into() } else { format!("{lines} lines copied") };
        vec![Ask::Do(Effect::Copy(text)), Ask::Say(told)]
    }

    fn close(&mut self) -> Vec<Ask> {
        if self.current >= self.all.len() {
            return Vec::new();
        }
        let gone = self.all.remove(self.current);
        self.show(self.current.min(self.all.len().saturating_sub(1)));
        if gone.is_alive() { vec![Ask::Do(Effect::Shell(gone.id, ShellDo::End))] } else { Vec::new() }
    }

    /// Takes what came of a shell. `seen`: the current one is on screen.
    pub fn news(&mut self, id: ShellId, news: ShellNews, seen: bool) -> Vec<Effect> {
        // It may have been closed meanwhile.
        let Some(at) = self.all.iter().position(|shell| shell.id == id) else { return Vec::new() };
        let seen = seen && at == self.current;
        let shell = &mut self.all[at];
        self.changed |= seen && shell.browse.is_none();
        shell.unseen &= !seen;
        match news {
            ShellNews::Started { node, notes } => {
                shell.label = shell.program.label(&node);
                shell.course = Course::Running;
                shell.term.feed(b"\x1b[H\x1b[2J");
                for note in notes {
                    for line in text::wrap(&clean(&note), shell.size.columns.into(), 8) {
                        shell.term.feed(format!("{line}\r\n").as_bytes());
                    }
                }
                self.changed = true;
                Vec::new()
            }
            ShellNews::Output(Bytes(bytes)) => {
                let answers = shell.term.feed(&bytes);
                if !seen && !shell.unseen {
                    shell.unseen = true;
                    self.changed = true;
                }
                if answers.is_empty() {
                    return Vec::new();
                }
                vec![Effect::Shell(id, ShellDo::Type(Bytes(answers)))]
            }
            ShellNews::Ended { code, problem } => {
                shell.course = Course::Ended(code);
                shell.term.tell(&last_words(shell.program.noun(), code, problem.as_ref(), shell.size));
                shell.unseen |= !seen;
                self.changed = true;
                Vec::new()
            }
        }
    }
}

/// How it ended, and what that means.
fn last_words(noun: &str, code: Option<i32>, problem: Option<&Problem>, size: Size) -> Vec<String> {
    let ended = match code {
        Some(0) => format!("The {noun} has ended."),
        Some(code) => format!("The {noun} has ended with exit code {code}."),
        None => format!("There is no {noun}."),
    };
    let told = problem.map(|problem| clean(&problem.summary));
    let advice = problem.and_then(|problem| problem.advice.as_deref()).map(|advice| format!("→ {}", clean(advice)));
    let lines = [Some(ended), told, advice].into_iter().flatten();
    lines.flat_map(|line| text::wrap(&line, size.columns.into(), 8)).collect()
}

#[cfg(test)]
mod tests;
