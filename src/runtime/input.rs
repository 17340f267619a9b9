//! Keys, pastes, sizes and signals, turned into messages.

use crossterm::event::{Event, EventStream, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use futures_util::StreamExt;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::UnboundedSender;

use super::In;
use crate::model::Problem;
use crate::ui::Msg;
use crate::ui::key::{Code, KeyPress};

/// Starts to listen; it ends with the inbox.
pub fn spawn(inbox: UnboundedSender<In>) -> Result<(), Problem> {
    let handlers: [(SignalKind, fn() -> In); 5] = [
        (SignalKind::interrupt(), || In::Msg(Msg::Quit)),
        (SignalKind::terminate(), || In::Msg(Msg::Quit)),
        (SignalKind::hangup(), || In::Msg(Msg::Quit)),
        (SignalKind::from_raw(Signal::TSTP.as_raw()), || In::Stop),
        (SignalKind::from_raw(Signal::CONT.as_raw()), || In::Resumed),
    ];
    for (kind, meaning) in handlers {
        let refuse = |error| Problem::local(format!("cannot listen for signals: {error}"));
        let mut signals = signal(kind).map_err(refuse)?;
        let inbox = inbox.clone();
        tokio::spawn(async move { while signals.recv().await.is_some() && inbox.send(meaning()).is_ok() {} });
    }
    tokio::spawn(async move {
        let mut events = EventStream::new();
        while let Some(Ok(event)) = events.next().await {
            if let Some(msg) = translate(event)
                && inbox.send(In::Msg(msg)).is_err()
            {
                return;
            }
        }
        // The terminal is gone; so is whoever could read us. An inbox that is gone too is as good.
        let _ = inbox.send(In::Msg(Msg::Quit));
    });
    Ok(())
}

fn translate(event: Event) -> Option<Msg> {
    match event {
        Event::Key(key) => press(key).map(Msg::Key),
        Event::Paste(text) => Some(Msg::Paste(text)),
        Event::Resize(..) => Some(Msg::Resize),
        Event::Mouse(_) | Event::FocusGained | Event::FocusLost => None,
    }
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
            Code::Char(c)
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
        assert_eq!(press(KeyEvent::new(KeyCode::CapsLock, KeyModifiers::NONE)), None);
    }
}
