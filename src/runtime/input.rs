//! Keys, pastes, sizes and signals, turned into messages.

use crossterm::event::{
    Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEvent, MouseEventKind,
};
use futures_util::StreamExt;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::watch;

use super::In;
use super::ground::Late;
use crate::model::Problem;
use crate::ui::key::{Code, KeyPress};
use crate::ui::{Gesture, Mouse, Msg};

/// The keyboard, which others can have for a while.
pub struct Keys {
    lend: watch::Sender<bool>,
    away: watch::Receiver<bool>,
}

/// Ours again when this is dropped.
pub struct Lent<'a>(&'a watch::Sender<bool>);

impl Keys {
    /// Returns when nobody here reads it any more.
    pub async fn lend(&self) -> Lent<'_> {
        self.lend.send_replace(true);
        // A listener that is gone reads nothing.
        let _ = self.away.clone().wait_for(|away| *away).await;
        Lent(&self.lend)
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.send_replace(false);
    }
}

/// Starts to listen; it ends with the inbox. `late`: an answer of the terminal may still come.
pub fn spawn(inbox: UnboundedSender<In>, late: bool) -> Result<Keys, Problem> {
    let handlers: [(SignalKind, fn() -> In); 6] = [
        (SignalKind::interrupt(), || In::Msg(Msg::Quit)),
        (SignalKind::terminate(), || In::Msg(Msg::Quit)),
        (SignalKind::hangup(), || In::Msg(Msg::Quit)),
        // The event stream tells it too, but under load not always before the next key.
        (SignalKind::window_change(), || In::Msg(Msg::Resize)),
        (SignalKind::from_raw(Signal::TSTP.as_raw()), || In::Stop),
        (SignalKind::from_raw(Signal::CONT.as_raw()), || In::Resumed),
    ];
    for (kind, meaning) in handlers {
        let refuse = |error| Problem::local(format!("cannot listen for signals: {error}"));
        let mut signals = signal(kind).map_err(refuse)?;
        let inbox = inbox.clone();
        tokio::spawn(async move { while signals.recv().await.is_some() && inbox.send(meaning()).is_ok() {} });
    }
    let (lend, wanted) = watch::channel(false);
    let (tell, away) = watch::channel(false);
    tokio::spawn(listen(inbox, wanted, tell, Late::new(late)));
    Ok(Keys { lend, away })
}

async fn listen(
    inbox: UnboundedSender<In>,
    mut wanted: watch::Receiver<bool>,
    tell: watch::Sender<bool>,
    mut late: Late,
) {
    loop {
        let mut events = EventStream::new();
        loop {
            let event = tokio::select! {
                biased;
                lent = wanted.wait_for(|lent| *lent) => match lent {
                    Ok(_) => break,
                    Err(_) => return,
                },
                event = events.next() => event,
            };
            let Some(Ok(event)) = event else {
                // The terminal is gone; so is whoever could read us. An inbox that is gone too is as good.
                let _ = inbox.send(In::Msg(Msg::Quit));
                return;
            };
            let Some(msg) = translate(event) else { continue };
            let answers = matches!(&msg, Msg::Key(key) if late.takes(*key));
            if !answers && inbox.send(In::Msg(msg)).is_err() {
                return;
            }
        }
        // Whoever has it now must be the only reader.
        drop(events);
        tell.send_replace(true);
        if wanted.wait_for(|lent| !*lent).await.is_err() {
            return;
        }
        tell.send_replace(false);
    }
}

fn translate(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => press(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) => Some(Msg::Resize),
        Event::FocusGained => Some(Msg::Focus(true)),
        Event::FocusLost => Some(Msg::Focus(false)),
        Event::Mouse(mouse) => point(mouse).map(Msg::Mouse),
    }
}

/// Only the first button and the wheel mean something; a press with shift is the terminal's own.
fn point(event: MouseEvent) -> Option<Mouse> {
    let gesture = match event.kind {
        MouseEventKind::Down(MouseButton::Left) => Gesture::Press,
        MouseEventKind::Drag(MouseButton::Left) => Gesture::Drag,
        MouseEventKind::Up(MouseButton::Left) => Gesture::Release,
        MouseEventKind::ScrollUp => Gesture::WheelUp,
        MouseEventKind::ScrollDown => Gesture::WheelDown,
        _ => return None,
    };
    Some(Mouse { column: event.column, row: event.row, gesture })
}

/// Releases and keys without a meaning here are left out.
fn press(key: KeyEvent) -> Option<KeyPress> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let mut shift = key.modifiers.contains(KeyModifiers::SHIFT);
    let code = match key.code {
        KeyCode::Char(c) => {
            shift = false;
            let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
            // One byte each, which crossterm calls by digits.
            let digits = [('4', '\\'), ('5', ']'), ('6', '^'), ('7', '_')];
            let named = digits.iter().find(|(digit, _)| ctrl && *digit == c);
            Code::Char(named.map_or(c, |(_, name)| *name))
        }
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => {
            shift = true;
            Code::Tab
        }
        KeyCode::Backspace => Code::Backspace,
        KeyCode::Delete => Code::Delete,
        KeyCode::Insert => Code::Insert,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(n) => Code::F(n),
        _ => return None,
    };
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    Some(KeyPress { code, ctrl: key.modifiers.contains(KeyModifiers::CONTROL), alt, shift })
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::press;

    #[test]
    fn keys_come_as_keymaps_spell_them() {
        let told = |code, modifiers| press(KeyEvent::new(code, modifiers)).unwrap().to_string();
        assert_eq!(told(KeyCode::Char('G'), KeyModifiers::SHIFT), "G");
        assert_eq!(told(KeyCode::BackTab, KeyModifiers::SHIFT), "shift-tab");
        assert_eq!(told(KeyCode::BackTab, KeyModifiers::NONE), "shift-tab");
        assert_eq!(told(KeyCode::Char('s'), KeyModifiers::CONTROL), "ctrl-s");
        assert_eq!(told(KeyCode::Char('5'), KeyModifiers::CONTROL), "ctrl-]");
        assert_eq!(told(KeyCode::Char('5'), KeyModifiers::NONE), "5");
        assert_eq!(press(KeyEvent::new(KeyCode::CapsLock, KeyModifiers::NONE)), None);
    }
}
