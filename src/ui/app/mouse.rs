//! What the mouse does: the same as keys, to what is under it.

use super::{App, cx};
use crate::ui::action::Action;
use crate::ui::effect::Effect;
use crate::ui::key::{Code, KeyPress};
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::pointer::{Clicked, Gesture, Mouse, Spot, Under};

impl App {
    pub(super) fn mouse(&mut self, mouse: Mouse, effects: &mut Vec<Effect>) {
        let Mouse { column, row, gesture } = mouse;
        match gesture {
            Gesture::Press => self.click(column, row, effects),
            Gesture::Drag => self.changed |= self.pointer.drag(column, row),
            Gesture::Release => self.pointer.release(),
            Gesture::WheelUp | Gesture::WheelDown => {
                let pane = self.pointer.at(column, row).1.map(|(number, _)| number);
                self.ask_top(effects, |layer, cx| layer.wheel(pane, gesture == Gesture::WheelDown, cx));
            }
        }
    }

    fn click(&mut self, column: u16, row: u16, effects: &mut Vec<Effect>) {
        if self.pointer.hold(column, row) {
            return;
        }
        let (hit, pane) = self.pointer.at(column, row);
        let Some(hit) = hit else { return };
        if !matches!(hit.spot, Spot::Key(_)) {
            self.chord.clear();
        }
        let here = pane.is_none_or(|(_, focused)| focused);
        if let Some(action) = pane.filter(|_| !here).and_then(|(number, _)| Action::pane(number)) {
            self.act(action, effects);
        }
        let place = match hit.spot {
            Spot::Act(action) => return self.act(action, effects),
            Spot::Key(key) => return self.key(key, effects),
            Spot::Tab(number) => {
                return Action::pane(number).into_iter().for_each(|action| self.act(action, effects));
            }
            Spot::Pane { .. } => return,
            Spot::Rows => Under::Row(usize::from(row - hit.area.y)),
            Spot::Field(at) => Under::Field(at),
            Spot::Shell(at) => Under::Shell(at),
            Spot::Heading(column) => Under::Heading(column),
        };
        let mut enter = false;
        self.ask_top(effects, |layer, cx| match layer.click(place, cx) {
            Clicked::Done(asks) => asks,
            Clicked::Enter => {
                enter = here;
                Vec::new()
            }
        });
        if enter {
            self.key(KeyPress::plain(Code::Enter), effects);
        }
    }

    /// Tells the uppermost layer, and does what it asks.
    fn ask_top(&mut self, effects: &mut Vec<Effect>, tell: impl FnOnce(&mut dyn Layer, &Cx) -> Vec<Ask>) {
        let cx = cx!(self);
        let Some(layer) = self.layers.last_mut() else { return };
        let asks = tell(layer.as_mut(), &cx);
        self.changed = true;
        self.answer(asks, self.layers.len() - 1, effects);
    }
}
