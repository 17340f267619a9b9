//! Text by display width: cutting, wrapping, and lines put into a buffer. All text of a picture comes
//! through here, so that what could steer a terminal ends here, also where whoever read it forgot that.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::model::text::{clean, is_unsafe};

/// The text as it may be shown. Most is so already.
fn harmless(text: &str) -> Cow<'_, str> {
    let is_plain = text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || !text.chars().any(is_unsafe);
    if is_plain { Cow::Borrowed(text) } else { Cow::Owned(clean(text)) }
}

/// Columns a text takes.
pub fn width(text: &str) -> usize {
    text.width()
}

/// At most `room` columns; what is cut off is told by `…`.
pub fn fit(text: &str, room: usize) -> String {
    if room == 0 {
        return String::new();
    }
    // A cheap way out for hostile lengths: no screen is wider than this.
    let text = text.char_indices().nth(4096).map_or(text, |(at, _)| &text[..at]);
    let text = &*harmless(text);
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        // Of the whole, not summed: some sequences are wider or narrower than their parts.
        if kept.width() > room - 1 {
            kept.pop();
            break;
        }
    }
    kept.push('…');
    kept
}

/// [`fit`] and filled up with spaces to exactly `room` columns.
pub fn pad(text: &str, room: usize) -> String {
    let mut kept = fit(text, room);
    let have = kept.width();
    kept.extend(std::iter::repeat_n(' ', room.saturating_sub(have)));
    kept
}

/// Like [`fit`], keeping the end (`…/workers.3.server`).
pub fn fit_end(text: &str, room: usize) -> String {
    let text = &*harmless(text);
    if text.width() <= room {
        return text.to_owned();
    }
    let mut kept: Vec<char> = Vec::new();
    let mut have = 1;
    for c in text.chars().rev() {
        have += c.width().unwrap_or(0);
        if have > room {
            break;
        }
        kept.push(c);
    }
    if room > 0 {
        kept.push('…');
    }
    kept.into_iter().rev().collect()
}

/// Breaks at spaces where it can, at most `lines` lines, the last one cut.
pub fn wrap(text: &str, room: usize, lines: usize) -> Vec<String> {
    let mut done: Vec<String> = Vec::new();
    if room == 0 || lines == 0 {
        return done;
    }
    let mut line = String::new();
    let text = text.char_indices().nth(8192).map_or(text, |(at, _)| &text[..at]);
    let text = harmless(text);
    let mut rest = text.split(' ').peekable();
    while let Some(word) = rest.next() {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if joined.width() <= room {
            line = joined;
            continue;
        }
        if done.len() + 1 == lines {
            let tail: Vec<&str> = rest.collect();
            line = fit(&format!("{joined} {}", tail.join(" ")), room);
            break;
        }
        let mut word = word.to_owned();
        if !line.is_empty() {
            done.push(std::mem::take(&mut line));
        }
        while word.width() > room && done.len() + 1 < lines {
            let mut head = String::new();
            let mut chars = word.chars();
            for c in chars.by_ref() {
                if head.width() + c.width().unwrap_or(0) > room && !head.is_empty() {
                    let left: String = chars.collect();
                    word = format!("{c}{left}");
                    break;
                }
                head.push(c);
            }
            done.push(head);
        }
        line = if done.len() + 1 == lines && word.width() > room { fit(&word, room) } else { word };
    }
    if !line.is_empty() {
        done.push(line);
    }
    done.truncate(lines);
    done
}

/// Columns of spans together.
pub fn spans_width(spans: &[Span]) -> usize {
    spans.iter().map(|span| span.content.width()).sum()
}

/// Spans cut to `room` columns, `…` where something was lost.
pub fn fit_spans(spans: Vec<Span<'static>>, room: usize) -> Vec<Span<'static>> {
    if spans_width(&spans) <= room {
        return spans;
    }
    let mut left = room;
    let mut kept = Vec::new();
    for span in spans {
        let wide = span.content.width();
        if wide < left {
            left -= wide;
            kept.push(span);
        } else {
            let cut = if wide == left {
                format!("{}…", fit_plain(&span.content, left.saturating_sub(1)))
            } else {
                fit(&span.content, left)
            };
            kept.push(Span::styled(cut, span.style));
            break;
        }
    }
    kept
}

/// Cut without a mark.
fn fit_plain(text: &str, room: usize) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        kept.push(c);
        if kept.width() > room {
            kept.pop();
            break;
        }
    }
    kept
}

/// One line of spans at a place, cut to `room`.
pub fn put(buf: &mut Buffer, x: u16, y: u16, room: u16, spans: Vec<Span<'static>>) {
    let area = *buf.area();
    if y < area.top() || y >= area.bottom() || x < area.left() || x >= area.right() {
        return;
    }
    let room = room.min(area.right() - x);
    let safe = |span: Span<'static>| match harmless(&span.content) {
        Cow::Borrowed(_) => span,
        Cow::Owned(text) => Span::styled(text, span.style),
    };
    let spans = spans.into_iter().map(safe).collect();
    buf.set_line(x, y, &Line::from(fit_spans(spans, usize::from(room))), room);
}

/// Lines from the top of an area on, as many as there is room for.
pub fn put_lines(buf: &mut Buffer, area: Rect, lines: Vec<Vec<Span<'static>>>) {
    for (y, line) in (area.top()..area.bottom()).zip(lines) {
        put(buf, area.x, y, area.width, line);
    }
}

/// The same of what is drawn by widgets that are not ours, as lines being typed are.
pub fn tame(buf: &mut Buffer) {
    for cell in &mut buf.content {
        if let Cow::Owned(_) = harmless(cell.symbol()) {
            cell.set_symbol("\u{FFFD}");
        }
    }
}

/// Empties an area and gives it a style. Cells are reset, not filled with spaces:
/// borders do not merge into a space.
pub fn blank(buf: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(*buf.area());
    for position in area.positions() {
        buf[position].reset();
        buf[position].set_style(style);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{fit, fit_end, pad, width, wrap};

    #[test]
    fn cuts_by_columns_not_characters() {
        assert_eq!(fit("日本語クラスタ", 7), "日本語…");
        assert_eq!(fit("日本語クラスタ", 6), "日本…");
        assert_eq!(pad("日本", 5), "日本 ");
        assert_eq!(fit("🚀🚀🚀", 4), "🚀…");
        assert_eq!(fit_end("workers.0.server", 8), "….server");
        assert_eq!(wrap("no valid host was found", 10, 5), ["no valid", "host was", "found"]);
        assert_eq!(wrap("no valid host was found", 10, 2), ["no valid", "host was …"]);
        assert_eq!(wrap("abcdefghijkl", 5, 9), ["abcde", "fghij", "kl"]);
    }

    proptest! {
        #[test]
        fn never_wider_than_the_room(text in "\\PC{0,40}", room in 0usize..30, lines in 0usize..5) {
            prop_assert!(width(&fit(&text, room)) <= room);
            prop_assert!(width(&fit_end(&text, room)) <= room.max(1));
            prop_assert_eq!(width(&pad(&text, room)), room);
            let wrapped = wrap(&text, room, lines);
            prop_assert!(wrapped.len() <= lines);
            // One character may be wider than all the room there is.
            prop_assert!(wrapped.iter().all(|line| width(line) <= room.max(2)), "{:?}", wrapped);
        }
    }
}
