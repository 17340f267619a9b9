//! Signing a certificate request: from a file or pasted, with a look at what it asks for before,
//! and the certificate afterwards, to be read, copied or written to a file.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use super::confirm::field;
use crate::model::{Authority, CertificateRequest, ClusterId, Problem};
use crate::service::CaCertificate;
use crate::ui::action::{Action, Context};
use crate::ui::effect::{Job, RequestFrom};
use crate::ui::key::KeyPress;
use crate::ui::layer::{Ask, Cx, Layer, Route};
use crate::ui::msg::{Reply, Saved};
use crate::ui::pages::reader::matter::Matter;
use crate::ui::panes::{press, problem_lines};
use crate::ui::theme::Role;
use crate::ui::widgets::input::Input;
use crate::ui::widgets::paper::Paper;
use crate::ui::widgets::{boxes, text};

/// Those that differ; kubelets' is the Kubernetes one.
const AUTHORITIES: [Authority; 3] = [Authority::Kubernetes, Authority::Etcd, Authority::FrontProxy];
/// How a request begins, wherever it is pasted.
const BEGIN: &str = "-----BEGIN";

type Lines = Vec<Vec<Span<'static>>>;

pub struct Signing {
    id: ClusterId,
    name: String,
    /// Index of [`AUTHORITIES`].
    authority: usize,
    path: Input,
    /// A request that was pasted; it counts before the path.
    pasted: Option<String>,
    state: State,
}

enum State {
    /// A file is being named, or a paste waited for.
    Choosing(Option<Problem>),
    Reading,
    Review(Box<CertificateRequest>, Option<Problem>),
    Signing(Box<CertificateRequest>),
    /// Where it shall be written is being named.
    Signed(Box<CaCertificate>, Option<Problem>),
    Writing(Box<CaCertificate>),
    Exists(Box<CaCertificate>, String),
    Written(Box<CaCertificate>, String),
}

impl Signing {
    pub fn new(id: ClusterId, cx: &Cx) -> Option<Self> {
        let name = cx.fleet.clusters.get(&id)?.name.clone();
        Some(Self { id, name, authority: 0, path: Input::default(), pasted: None, state: State::Choosing(None) })
    }

    fn typing(&self) -> bool {
        matches!(self.state, State::Choosing(_) | State::Signed(..))
    }

    fn authority(&self) -> Authority {
        AUTHORITIES[self.authority % AUTHORITIES.len()]
    }

    fn read(&mut self, from: RequestFrom) -> Vec<Ask> {
        self.state = State::Reading;
        vec![Ask::Run(Job::ReadRequest(from))]
    }

    fn write(&mut self, certificate: Box<CaCertificate>, overwrite: bool) -> Vec<Ask> {
        let (path, text) = (self.path.text().to_owned(), certificate.pem.clone());
        self.state = State::Writing(certificate);
        vec![Ask::Run(Job::Write { path, text, overwrite })]
    }

    fn accept(&mut self) -> Vec<Ask> {
        let authority = self.authority();
        if matches!(self.state, State::Choosing(_))
            && let Some(text) = self.pasted.take()
        {
            return self.read(RequestFrom::Text(text));
        }
        match std::mem::replace(&mut self.state, State::Choosing(None)) {
            State::Choosing(_) if self.path.text().trim().is_empty() => {
                let told = Problem::invalid("name a file, or paste the request itself");
                self.state = State::Choosing(Some(told));
                Vec::new()
            }
            State::Choosing(_) => self.read(RequestFrom::File(self.path.text().to_owned())),
            State::Review(request, _) => {
                let job = Job::Sign { id: self.id, authority, request: request.pem.clone() };
                self.state = State::Signing(request);
                vec![Ask::Run(job)]
            }
            State::Signed(certificate, _) if self.path.text().trim().is_empty() => {
                self.state = State::Signed(certificate, Some(Problem::invalid("the path is empty")));
                Vec::new()
            }
            State::Signed(certificate, _) => self.write(certificate, false),
            State::Exists(certificate, _) => self.write(certificate, true),
            State::Written(..) => vec![Ask::Close],
            waiting => {
                self.state = waiting;
                Vec::new()
            }
        }
    }

    fn certificate(&self) -> Option<&CaCertificate> {
        match &self.state {
            State::Signed(certificate, _)
            | State::Writing(certificate)
            | State::Exists(certificate, _)
            | State::Written(certificate, _) => Some(certificate),
            _ => None,
        }
    }

    /// Before signing: another authority. After it: the certificate as a text.
    fn turn(&mut self, cx: &Cx) -> Vec<Ask> {
        match self.certificate() {
            None => {
                self.authority += 1;
                Vec::new()
            }
            Some(certificate) => {
                let mut paper = Paper::default();
                facts(certificate, cx).into_iter().for_each(|(label, value)| paper.fact(label, value));
                paper.push(Vec::new());
                paper.append(Paper::plain(&certificate.pem));
                let title = format!("{} ─ signed by {}", certificate.subject, self.name);
                vec![Ask::Open(Route::Read(Matter::Said { title, paper: Box::new(paper) }))]
            }
        }
    }

    fn keys(&self, accept: &str, turn: Option<&str>, back: &str, cx: &Cx) -> Vec<Span<'static>> {
        let mut keys = Vec::new();
        let all = [(Action::Accept, Some(accept)), (Action::Turn, turn), (Action::Back, Some(back))];
        for (action, what) in all.into_iter().filter_map(|(action, what)| Some((action, what?))) {
            if !keys.is_empty() {
                keys.push(Span::raw("     "));
            }
            keys.extend(press(action, &[Context::Signing], what, cx));
        }
        keys
    }

    /// What is said, and the line that the field is on.
    fn lines(&self, room: usize, cx: &Cx) -> (Lines, Option<usize>) {
        let mut lines: Lines = Vec::new();
        let mut at = None;
        let wrapped =
            |role, told: &str| text::wrap(told, room, 4).into_iter().map(move |line| vec![cx.span(role, line)]);
        let fact = |label: &str, value: String| {
            vec![
                cx.span(Role::Label, text::pad(label, 12)),
                cx.span(Role::Text, text::fit(&value, room.saturating_sub(12))),
            ]
        };
        let problem = |lines: &mut Lines, problem: &Option<Problem>| {
            if let Some(problem) = problem {
                lines.push(Vec::new());
                lines.extend(problem_lines(problem, room, cx));
            }
        };
        match &self.state {
            State::Choosing(why) => {
                lines.push(fact("authority", self.authority().to_string()));
                lines.push(match &self.pasted {
                    Some(text) => vec![cx.span(Role::Ok, format!("● a request of {} bytes is pasted", text.len()))],
                    None => vec![cx.span(Role::Label, "The request (PEM): a file's path here, or paste it")],
                });
                at = Some(lines.len());
                lines.push(Vec::new());
                problem(&mut lines, why);
                lines.push(Vec::new());
                lines.push(self.keys("look at it", Some("other authority"), "back", cx));
            }
            State::Reading => lines.push(vec![cx.span(Role::Moving, "◌ reading the request…")]),
            State::Review(request, why) => {
                lines.push(fact("authority", self.authority().to_string()));
                lines.push(fact("subject", request.subject.clone()));
                lines.push(fact("key", request.key_type.clone()));
                let list = |list: &[String]| if list.is_empty() { "none asked for".into() } else { list.join(", ") };
                lines.push(fact("names", list(&request.names)));
                lines.push(fact("usages", list(&request.usages)));
                lines.push(Vec::new());
                if request.is_authority {
                    lines.extend(wrapped(Role::Failed, "✖ It asks for an authority, which is refused."));
                }
                if request.subject.contains("system:masters") && self.authority() == Authority::Kubernetes {
                    lines.extend(wrapped(Role::Warning, "! Whoever has its key may do anything in the cluster."));
                }
                lines.extend(wrapped(
                    Role::Muted,
                    "Good for up to five years; there is no way to take it back but another CA.",
                ));
                problem(&mut lines, why);
                lines.push(Vec::new());
                lines.push(self.keys("sign it", Some("other authority"), "back", cx));
            }
            State::Signing(_) => lines.push(vec![cx.span(Role::Moving, "◌ signing…")]),
            State::Writing(_) => lines.push(vec![cx.span(Role::Moving, "◌ writing…")]),
            State::Signed(certificate, why) => {
                lines.push(vec![cx.span(Role::Ok, "● signed")]);
                lines.extend(facts(certificate, cx).into_iter().map(|(label, value)| fact(label, value)));
                lines.push(Vec::new());
                lines.push(vec![cx.span(Role::Label, "Write it to:")]);
                at = Some(lines.len());
                lines.push(Vec::new());
                problem(&mut lines, why);
                lines.push(Vec::new());
                lines.push(self.keys("write", Some("read it"), "close", cx));
            }
            State::Exists(_, what) => {
                lines.extend(wrapped(Role::Warning, &format!("{what} Write over it?")));
                lines.extend([Vec::new(), self.keys("yes", None, "no", cx)]);
            }
            State::Written(_, path) => {
                let path = text::fit_end(path, room.saturating_sub(13));
                lines.push(vec![cx.span(Role::Ok, "● written to "), cx.span(Role::Strong, path)]);
                lines.extend([Vec::new(), self.keys("close", Some("read it"), "close", cx)]);
            }
        }
        (lines, at)
    }
}

fn facts(certificate: &CaCertificate, cx: &Cx) -> [(&'static str, String); 4] {
    [
        ("subject", certificate.subject.clone()),
        ("authority", certificate.authority.to_string()),
        ("valid to", cx.date(certificate.not_after)),
        ("SHA-256", certificate.fingerprint.clone()),
    ]
}

impl Layer for Signing {
    fn contexts(&self) -> Vec<Context> {
        vec![Context::Signing]
    }

    fn takes_text(&self) -> bool {
        // A letter typed on while it is read or signed must not quit with it.
        true
    }

    fn is_overlay(&self) -> bool {
        true
    }

    fn text(&mut self, key: KeyPress, _cx: &Cx) -> Option<Vec<Ask>> {
        (self.typing() && self.path.key(key)).then(|| {
            self.pasted = None;
            if let State::Choosing(why) | State::Signed(_, why) = &mut self.state {
                *why = None;
            }
            Vec::new()
        })
    }

    fn paste(&mut self, text: &str, _cx: &Cx) {
        if matches!(self.state, State::Choosing(_)) && text.contains(BEGIN) {
            self.pasted = Some(text.to_owned());
            self.state = State::Choosing(None);
        } else if self.typing() {
            self.path.paste(text);
        }
    }

    fn on(&mut self, action: Action, cx: &Cx) -> Vec<Ask> {
        match action {
            Action::Accept => self.accept(),
            Action::Turn => self.turn(cx),
            Action::Back => {
                match std::mem::replace(&mut self.state, State::Choosing(None)) {
                    State::Review(..) => {}
                    State::Exists(certificate, _) => self.state = State::Signed(certificate, None),
                    _ => return vec![Ask::Close],
                }
                Vec::new()
            }
            _ => Vec::new(),
        }
    }

    fn reply(&mut self, reply: &Reply, _cx: &Cx) -> Option<Vec<Ask>> {
        self.state = match (reply, std::mem::replace(&mut self.state, State::Reading)) {
            (Reply::Request(Ok(request)), State::Reading) => State::Review(request.clone(), None),
            (Reply::Request(Err(problem)), State::Reading) => State::Choosing(Some(problem.clone())),
            (Reply::Signed(id, Ok(certificate)), State::Signing(_)) if *id == self.id => {
                let common = certificate.subject.split(", ").find_map(|part| part.strip_prefix("CN="));
                let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
                let file: String = common.unwrap_or("certificate").chars().filter(plain).collect();
                self.path = Input::new(&format!("~/{}-{file}.crt", self.name));
                State::Signed(certificate.clone(), None)
            }
            (Reply::Signed(id, Err(problem)), State::Signing(request)) if *id == self.id => {
                State::Review(request, Some(problem.clone()))
            }
            (Reply::Written(saved), State::Writing(certificate)) => match saved.clone() {
                Saved::Done { path, .. } => State::Written(certificate, path),
                Saved::Exists { what } => State::Exists(certificate, what),
                Saved::Failed(problem) => State::Signed(certificate, Some(problem)),
            },
            (_, state) => state,
        };
        None
    }

    fn view(&mut self, cx: &Cx, area: Rect, buf: &mut Buffer) {
        let room = usize::from(area.width.min(76)).saturating_sub(4);
        let (lines, at) = self.lines(room, cx);
        let height = u16::try_from(lines.len() + 2).unwrap_or(u16::MAX);
        let title = format!("Sign for {}", text::fit(&self.name, 40));
        let inner = boxes::dialog(area, 76, height, &title, Role::BorderFocused, cx, buf);
        text::put_lines(buf, inner, lines);
        if let Some(at) = at {
            let place = Rect { y: inner.y + u16::try_from(at).unwrap_or(0), height: 1, ..inner };
            field(&mut self.path, place, inner, cx, buf);
        }
    }
}
