//! Colours by role. Themes are TOML files (`themes/`), embedded; a user's file of
//! the same name wins. Nothing on the screen is told by colour alone, so every
//! theme may be reduced to attributes ([`Depth::None`]).

use std::collections::BTreeMap;

use ratatui::style::{Color, Modifier, Style};
use serde::Deserialize;

use crate::model::Problem;

/// Themes that come with the program: name and text.
pub const EMBEDDED: [(&str, &str); 7] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("high-contrast", include_str!("../../themes/high-contrast.toml")),
    ("solarized", include_str!("../../themes/solarized.toml")),
    ("nord", include_str!("../../themes/nord.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
    ("mono16", include_str!("../../themes/mono16.toml")),
];

/// How many colours the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// `NO_COLOR`: attributes only.
    None,
    /// The sixteen ANSI colours.
    Sixteen,
    /// The 256-colour palette.
    Indexed,
    True,
}

macro_rules! roles {
    ($($variant:ident $name:literal),+ $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Role { $($variant),+ }

        impl Role {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// Its name in theme files.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

roles! {
    Text "text", Muted "muted", Faint "faint", Border "border", BorderFocused "border-focused",
    Title "title", TitleFocused "title-focused", Brand "brand", Heading "heading", Label "label",
    Strong "strong", Selected "selected", SelectedIdle "selected-idle", Ok "ok", Moving "moving",
    Warning "warning", Failed "failed", Bar "bar", BarRest "bar-rest", Key "key", Hint "hint",
    Field "field", FieldFocused "field-focused", Cursor "cursor", Match "match",
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inherits: Option<String>,
    #[serde(default)]
    palette: BTreeMap<String, String>,
    #[serde(default)]
    roles: BTreeMap<String, Look>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Look {
    fg: Option<String>,
    bg: Option<String>,
    bold: bool,
    dim: bool,
    italic: bool,
    underline: bool,
    reverse: bool,
}

#[derive(Debug, Clone)]
pub struct Theme {
    styles: BTreeMap<Role, Style>,
    depth: Depth,
}

impl Theme {
    /// The theme `name`, from `user` (where it came from, its text) or embedded,
    /// brought down to what the terminal can show. Always gives a usable theme.
    pub fn load(name: &str, user: Option<(&str, &str)>, depth: Depth) -> (Self, Vec<Problem>) {
        let (theme, problems) = Self::read(name, user, depth);
        let mut colours = theme.styles.values().flat_map(|style| [style.fg, style.bg]).flatten();
        // Sixteen colours are not enough to approximate a theme made of shades.
        let beyond = |colour| matches!(colour, Color::Rgb(..) | Color::Indexed(16..));
        if depth == Depth::Sixteen && colours.any(beyond) {
            return (Self::read("mono16", None, depth).0, problems);
        }
        (theme, problems)
    }

    fn read(name: &str, user: Option<(&str, &str)>, depth: Depth) -> (Self, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut bad = |why: String| problems.push(Problem::invalid(why));
        let origin = user.map_or_else(|| format!("theme {name}"), |(origin, _)| origin.to_owned());
        let text = user.map(|(_, text)| text).or_else(|| embedded(name)).unwrap_or_else(|| {
            let all: Vec<&str> = EMBEDDED.iter().map(|(name, _)| *name).collect();
            bad(format!("there is no theme \"{name}\"; there are {}", all.join(", ")));
            EMBEDDED[0].1
        });
        let mut chain = Vec::new();
        let mut next = Some(text);
        while let Some(text) = next.take() {
            match toml::from_str::<File>(text) {
                Ok(file) => {
                    if let Some(parent) = &file.inherits {
                        next = embedded(parent).filter(|_| chain.len() < EMBEDDED.len());
                        if next.is_none() {
                            bad(format!("{origin}: cannot inherit from \"{parent}\""));
                        }
                    }
                    chain.push(file);
                }
                Err(error) => {
                    bad(format!("{origin}: {}", error.to_string().trim_end()));
                    next = Some(EMBEDDED[0].1).filter(|_| chain.is_empty() && text != EMBEDDED[0].1);
                }
            }
        }
        let mut palette = BTreeMap::new();
        let mut looks = BTreeMap::new();
        for file in chain.into_iter().rev() {
            palette.extend(file.palette);
            looks.extend(file.roles);
        }
        let mut styles = BTreeMap::new();
        for (name, look) in looks {
            match Role::ALL.iter().find(|role| role.name() == name) {
                Some(role) => {
                    let style = look.style(&palette, &mut |why| bad(format!("{origin}: {name}: {why}")));
                    styles.insert(*role, reduce(*role, style, depth));
                }
                None => bad(format!("{origin}: there is no role \"{name}\"")),
            }
        }
        (Self { styles, depth }, problems)
    }

    /// A colour that somebody else has chosen, as the terminal can show it.
    pub fn shade(&self, colour: Color) -> Option<Color> {
        match self.depth {
            Depth::True => Some(colour),
            Depth::Indexed => Some(indexed(colour)),
            Depth::Sixteen => Some(sixteen(colour)),
            Depth::None => None,
        }
    }

    pub fn style(&self, role: Role) -> Style {
        self.styles.get(&role).copied().unwrap_or_default()
    }
}

fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(have, _)| *have == name).map(|(_, text)| *text)
}

impl Look {
    fn style(&self, palette: &BTreeMap<String, String>, bad: &mut dyn FnMut(String)) -> Style {
        let mut colour = |wanted: &Option<String>| {
            let wanted = wanted.as_ref()?;
            let named = palette.get(wanted).unwrap_or(wanted);
            named.parse::<Color>().map_err(|_| bad(format!("\"{named}\" is not a colour"))).ok()
        };
        let mut style = Style { fg: colour(&self.fg), bg: colour(&self.bg), ..Style::default() };
        for (set, modifier) in [
            (self.bold, Modifier::BOLD),
            (self.dim, Modifier::DIM),
            (self.italic, Modifier::ITALIC),
            (self.underline, Modifier::UNDERLINED),
            (self.reverse, Modifier::REVERSED),
        ] {
            if set {
                style = style.add_modifier(modifier);
            }
        }
        style
    }
}

fn reduce(role: Role, style: Style, depth: Depth) -> Style {
    match depth {
        Depth::True | Depth::Sixteen => style,
        Depth::Indexed => Style { fg: style.fg.map(indexed), bg: style.bg.map(indexed), ..style },
        Depth::None => {
            let bare = Style { fg: None, bg: None, ..style };
            match role {
                Role::Selected => bare.add_modifier(Modifier::REVERSED),
                Role::BorderFocused | Role::Failed | Role::SelectedIdle => bare.add_modifier(Modifier::BOLD),
                Role::Faint | Role::Border => bare.add_modifier(Modifier::DIM),
                _ => bare,
            }
        }
    }
}

/// The nearest of the 6×6×6 cube and the grey ramp.
fn indexed(colour: Color) -> Color {
    let Color::Rgb(r, g, b) = colour else { return colour };
    let step = |v: u8| match v {
        0..=47 => 0u8,
        48..=114 => 1,
        v => (v - 35) / 40,
    };
    let level = |s: u8| if s == 0 { 0 } else { 55 + 40 * s };
    let apart = |x: (u8, u8, u8)| {
        let square = |a: u8, b: u8| u32::from(a.abs_diff(b)).pow(2);
        square(x.0, r) + square(x.1, g) + square(x.2, b)
    };
    let cube = (step(r), step(g), step(b));
    let mean = u8::try_from((u16::from(r) + u16::from(g) + u16::from(b)) / 3).unwrap_or(u8::MAX);
    let grey = (mean.saturating_sub(3) / 10).min(23);
    let shade = 8 + 10 * grey;
    if apart((shade, shade, shade)) < apart((level(cube.0), level(cube.1), level(cube.2))) {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * cube.0 + 6 * cube.1 + cube.2)
    }
}

/// One of the sixteen: as bright, and of the hues that are strong in it.
fn sixteen(colour: Color) -> Color {
    let (r, g, b) = match colour {
        Color::Rgb(r, g, b) => (r, g, b),
        Color::Indexed(index @ 16..=231) => {
            let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
            let cube = index - 16;
            (level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        Color::Indexed(index @ 232..) => {
            let shade = 8 + 10 * (index - 232);
            (shade, shade, shade)
        }
        named => return named,
    };
    let (most, least) = (r.max(g).max(b), r.min(g).min(b));
    if most - least < 40 {
        return match most {
            0..=63 => Color::Black,
            64..=145 => Color::DarkGray,
            146..=223 => Color::Gray,
            224.. => Color::White,
        };
    }
    let half = least + (most - least) / 2;
    match (r > half, g > half, b > half, most > 191) {
        (true, false, false, false) => Color::Red,
        (true, false, false, true) => Color::LightRed,
        (false, true, false, false) => Color::Green,
        (false, true, false, true) => Color::LightGreen,
        (true, true, _, false) => Color::Yellow,
        (true, true, _, true) => Color::LightYellow,
        (false, false, _, false) => Color::Blue,
        (false, false, _, true) => Color::LightBlue,
        (true, false, true, false) => Color::Magenta,
        (true, false, true, true) => Color::LightMagenta,
        (false, true, true, false) => Color::Cyan,
        (false, true, true, true) => Color::LightCyan,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeSet, HashSet};

    use ratatui::style::Color;

    use super::{Depth, EMBEDDED, Role, Theme, indexed, sixteen};

    #[test]
    fn every_embedded_theme_is_clean_and_complete_at_every_depth() {
        for (name, _) in EMBEDDED {
            for depth in [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True] {
                let (theme, problems) = Theme::load(name, None, depth);
                assert_eq!(problems, [], "{name}");
                assert_eq!(theme.styles.len(), Role::ALL.len(), "{name}");
                let colours = theme.styles.values().flat_map(|style| [style.fg, style.bg]).flatten();
                for colour in colours {
                    match depth {
                        Depth::None => panic!("{name}: a colour in spite of NO_COLOR"),
                        Depth::Sixteen | Depth::Indexed => assert!(!matches!(colour, Color::Rgb(..)), "{name}"),
                        Depth::True => {}
                    }
                }
            }
        }
    }

    #[test]
    fn the_folder_is_what_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/themes");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let files: BTreeSet<String> = files.collect();
        let embedded: BTreeSet<String> = EMBEDDED.iter().map(|(name, _)| format!("{name}.toml")).collect();
        assert_eq!(files, embedded);
    }

    #[test]
    fn statuses_look_different_in_every_theme() {
        for (name, _) in EMBEDDED {
            for depth in [Depth::Sixteen, Depth::Indexed, Depth::True] {
                let (theme, _) = Theme::load(name, None, depth);
                let looks: HashSet<_> =
                    [Role::Ok, Role::Moving, Role::Warning, Role::Failed].map(|role| theme.style(role)).into();
                assert_eq!(looks.len(), 4, "{name} {depth:?}: {looks:?}");
            }
        }
    }

    #[test]
    fn the_theme_without_colours_has_none_at_any_depth() {
        for depth in [Depth::None, Depth::Sixteen, Depth::True] {
            let (theme, _) = Theme::load("mono", None, depth);
            assert!(theme.styles.values().all(|style| style.fg.is_none() && style.bg.is_none()), "{depth:?}");
        }
    }

    /// How much light of each kind a screen gives off for it.
    fn linear(colour: Color) -> [f64; 3] {
        let Color::Rgb(r, g, b) = colour else { panic!("{colour} is no shade") };
        [r, g, b].map(|v| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn mix(by: [[f64; 3]; 3], of: [f64; 3]) -> [f64; 3] {
        by.map(|row| row[0] * of[0] + row[1] * of[1] + row[2] * of[2])
    }

    /// Contrast as WCAG 2.1 counts it.
    fn contrast(a: Color, b: Color) -> f64 {
        let luminance = |colour| {
            let [r, g, b] = linear(colour);
            0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05
        };
        let (a, b) = (luminance(a), luminance(b));
        (a / b).max(b / a)
    }

    #[test]
    fn themes_with_a_ground_of_their_own_can_be_read_on_it() {
        // Text, all else that is read, and both on the selected row.
        let wanted = [("high-contrast", 7.0, 7.0, 4.5), ("solarized", 4.5, 3.0, 2.0), ("nord", 4.5, 3.0, 2.0)];
        for (name, text, rest, lifted) in wanted {
            let (theme, _) = Theme::load(name, None, Depth::True);
            let ground = theme.style(Role::Text).bg.unwrap();
            for role in Role::ALL.iter().filter(|role| ![Role::Border, Role::BarRest].contains(role)) {
                let Some(fg) = theme.style(*role).fg else { continue };
                let wanted = if *role == Role::Text { text } else { rest };
                assert!(contrast(fg, ground) >= wanted, "{name}: {role:?}: {}", contrast(fg, ground));
            }
            for role in [Role::Strong, Role::Ok, Role::Moving, Role::Warning, Role::Failed] {
                let found = contrast(theme.style(role).fg.unwrap(), theme.style(Role::Selected).bg.unwrap());
                assert!(found >= lifted, "{name}: selected {role:?}: {found}");
            }
        }
    }

    /// Where a colour is in CIE 1976 L*a*b* for an eye that sees by `by`: distances there are
    /// about as great as they look.
    fn seen(colour: Color, by: [[f64; 3]; 3]) -> [f64; 3] {
        let light = mix(by, linear(colour)).map(|v| v.clamp(0.0, 1.0));
        let [x, y, z] = mix([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]], light);
        let [x, y, z] =
            [x / 0.95047, y, z / 1.08883].map(|v: f64| if v > 0.008_856 { v.cbrt() } else { 7.787 * v + 16.0 / 116.0 });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    #[test]
    fn statuses_look_different_to_a_person_with_red_green_blindness() {
        // Machado, Oliveira, Fernandes 2009, at full severity.
        let eyes = [
            (
                "protanopia",
                [
                    [0.152_286, 1.052_583, -0.204_868],
                    [0.114_503, 0.786_281, 0.099_216],
                    [-0.003_882, -0.048_116, 1.051_998],
                ],
            ),
            (
                "deuteranopia",
                [
                    [0.367_322, 0.860_646, -0.227_968],
                    [0.280_085, 0.672_501, 0.047_413],
                    [-0.011_820, 0.042_940, 0.968_881],
                ],
            ),
        ];
        let roles = [Role::Ok, Role::Moving, Role::Warning, Role::Failed];
        // 2.3 is just to be noticed side by side; these stand rows apart, each with its sign.
        for (name, wanted) in
            [("dark", 7.0), ("light", 15.0), ("high-contrast", 20.0), ("solarized", 15.0), ("nord", 18.0)]
        {
            let (theme, _) = Theme::load(name, None, Depth::True);
            let colour = |role: Role| theme.style(role).fg.unwrap();
            for (eye, by) in eyes {
                let pairs = roles.iter().enumerate().flat_map(|(at, a)| roles[at + 1..].iter().map(move |b| (*a, *b)));
                for (a, b) in pairs {
                    let (here, there) = (seen(colour(a), by), seen(colour(b), by));
                    let apart = here.iter().zip(there).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    assert!(apart >= wanted, "{name}: {a:?} and {b:?} with {eye}: {apart:.1}");
                }
            }
        }
    }

    #[test]
    fn a_faulty_theme_still_gives_a_picture_and_says_why() {
        let (theme, problems) =
            Theme::load("mine", Some(("mine.toml", "[roles]\ntext = { fg = \"plaid\" }\nblub = {}\n")), Depth::True);
        let told: Vec<&str> = problems.iter().map(|problem| problem.summary.as_str()).collect();
        assert_eq!(told, ["mine.toml: there is no role \"blub\"", "mine.toml: text: \"plaid\" is not a colour"]);
        assert_eq!(theme.style(Role::Text).fg, None);
        let (theme, problems) = Theme::load("mine", Some(("mine.toml", "[roles")), Depth::True);
        assert_eq!((theme.styles.len(), problems.len()), (Role::ALL.len(), 1));
        let (_, problems) = Theme::load("nope", None, Depth::True);
        assert_eq!(
            problems[0].summary,
            "there is no theme \"nope\"; there are dark, light, high-contrast, solarized, nord, mono, mono16"
        );
    }

    #[test]
    fn shades_find_their_neighbours() {
        assert_eq!(indexed(Color::Rgb(255, 255, 255)), Color::Indexed(231));
        assert_eq!(indexed(Color::Rgb(0, 0, 0)), Color::Indexed(16));
        assert_eq!(indexed(Color::Rgb(130, 130, 130)), Color::Indexed(244));
        for (colour, nearest) in [
            (Color::Indexed(196), Color::LightRed),
            (Color::Indexed(22), Color::Green),
            (Color::Indexed(236), Color::Black),
            (Color::Indexed(255), Color::White),
            (Color::Rgb(250, 180, 20), Color::LightYellow),
            (Color::Cyan, Color::Cyan),
        ] {
            assert_eq!(sixteen(colour), nearest);
        }
    }
}
