//! The terminal's clipboard by OSC 52, which needs no daemon and reaches through ssh; and how it gets
//! through tmux and GNU screen, which keep such strings to themselves.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Screen takes no longer string at once.
const PART: usize = 76;

/// What lies between us and the terminal, as far as the environment tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Between {
    Nothing,
    Tmux,
    /// Over ssh nothing but TERM tells, and an old tmux calls itself so too.
    Screen,
}

impl Between {
    pub fn read(var: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| var(name).is_some_and(|value| !value.is_empty());
        let term = var("TERM").unwrap_or_default();
        match () {
            () if set("TMUX") || term.starts_with("tmux") => Self::Tmux,
            () if set("STY") || term.starts_with("screen") => Self::Screen,
            () => Self::Nothing,
        }
    }
}

/// What is to be written. Plain it is always: tmux with `set-clipboard on` takes that.
/// Wrapped, tmux hands it on with `allow-passthrough on`, and screen always does.
pub fn copy(text: &str, between: Between) -> String {
    let code = STANDARD.encode(text);
    let plain = format!("\x1b]52;c;{code}\x07");
    match between {
        Between::Nothing => plain,
        Between::Tmux => format!("{plain}\x1bPtmux;\x1b{plain}\x1b\\"),
        Between::Screen => {
            let mut wrapped = format!("{plain}\x1bP\x1b]52;c;\x1b\\");
            for at in (0..code.len()).step_by(PART) {
                wrapped.push_str(&format!("\x1bP{}\x1b\\", &code[at..code.len().min(at + PART)]));
            }
            wrapped.push_str("\x1bP\x07\x1b\\");
            wrapped
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::{Between, copy};

    #[rstest]
    #[case(&[("TERM", "xterm-256color")], Between::Nothing)]
    #[case(&[("TERM", "linux"), ("TMUX", "")], Between::Nothing)]
    #[case(&[("TERM", "screen"), ("TMUX", "/tmp/tmux-0/default,1,0")], Between::Tmux)]
    #[case(&[("TERM", "tmux-256color")], Between::Tmux)]
    #[case(&[("TERM", "xterm"), ("STY", "12.pts-0.host")], Between::Screen)]
    #[case(&[("TERM", "screen.xterm-256color")], Between::Screen)]
    fn what_lies_between(#[case] env: &[(&str, &str)], #[case] wanted: Between) {
        let var = |name: &str| env.iter().find(|(have, _)| *have == name).map(|(_, value)| (*value).to_owned());
        assert_eq!(Between::read(var), wanted);
    }

    /// As screen does with what is wrapped: it takes the wrapping off and writes the rest.
    fn through_screen(text: &str) -> String {
        let parts = text.split("\x1bP").skip(1).map(|part| part.split_once("\x1b\\").unwrap().0);
        parts.inspect(|part| assert!(part.len() <= 256, "{part}")).collect()
    }

    #[test]
    fn it_comes_through_whole() {
        let text = "a certificate ".repeat(300);
        let plain = copy(&text, Between::Nothing);
        assert!(plain.starts_with("\x1b]52;c;YSBj") && plain.ends_with('\x07'));
        let tmux = copy(&text, Between::Tmux);
        let (first, wrapped) = tmux.split_once("\x1bPtmux;").unwrap();
        assert_eq!(first, plain);
        assert_eq!(wrapped.strip_suffix("\x1b\\").unwrap().replace("\x1b\x1b", "\x1b"), plain);
        let screen = copy(&text, Between::Screen);
        assert_eq!(through_screen(screen.strip_prefix(&plain).unwrap()), plain);
        assert_eq!(through_screen(copy("", Between::Screen).strip_prefix("\x1b]52;c;\x07").unwrap()), "\x1b]52;c;\x07");
    }
}
