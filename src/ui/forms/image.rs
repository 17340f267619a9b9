//! Forms about images: the properties of one that is there, and one to be imported.

use super::command::{Command, Wording, quote};
use super::field::{Field, Kind, Values};
use super::form::{Form, Subject};
use super::offers::Offer;
use crate::model::image::{DISK_FORMATS, Properties, name_in};
use crate::model::labels::catalogue::Sheet;
use crate::model::{Check, Image, NewImage, Problem};
use crate::ui::effect::Job;
use crate::ui::layer::{Ask, Cx, Layer};
use crate::ui::msg::Reply;
use crate::ui::panes::project::images;
use crate::ui::project::{Task, Told};
use crate::ui::widgets::input::Input;

/// The fields that both have; `known` is what to begin with.
fn properties(known: &Properties) -> Vec<Field> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    vec![
        Field::text(
            "os_distro",
            "Distribution",
            "Drivers are chosen by it: ubuntu, fedora-coreos, and what your own drivers name.",
            &text(&known.os_distro),
        ),
        Field::text(
            "os_version",
            "Its release",
            "For people: 24.04, 41. Nothing hangs on it.",
            &text(&known.os_version),
        ),
        Field::text(
            "kube_version",
            "Kubernetes",
            "The version of Kubernetes inside, like v1.31.4. Upgrades go by it. Empty: none inside, or not known.",
            &text(&known.kube_version),
        ),
        Field::text(
            "os_admin_user",
            "Login",
            "Whom the image lets in by ssh, where that is not the distribution's usual user.",
            &text(&known.os_admin_user),
        ),
    ]
}

fn wanted(values: &Values) -> Properties {
    Properties {
        os_distro: values.text("os_distro"),
        os_version: values.text("os_version"),
        kube_version: values.text("kube_version"),
        os_admin_user: values.text("os_admin_user"),
    }
}

/// That no driver is chosen by the distribution.
fn unknown_distro(values: &Values, cx: &Cx) -> Option<Check> {
    let cloud = cx.fleet.inventory.as_ref().filter(|cloud| !cloud.distros.is_empty())?;
    let distro = values.text("os_distro").filter(|distro| !cloud.distros.contains(distro))?;
    let mut known = cloud.distros.clone();
    known.sort();
    known.dedup();
    let told = format!("there is no driver for {distro}");
    Some(Check::warning("os_distro", told).advise(format!("There are some for: {}", known.join(", "))))
}

fn flags(command: &mut Command, properties: &Properties, wording: Wording) {
    for (name, value) in properties.pairs() {
        let Some(value) = value else { continue };
        match wording {
            Wording::Jeroboam => command.value(&format!("--{}", name.replace('_', "-")), Some(value)),
            Wording::OpenStack => command.value("--property", Some(&format!("{name}={value}"))),
        }
    }
}

/// Images are none of `openstack coe`'s.
fn program(wording: Wording) -> &'static str {
    match wording {
        Wording::Jeroboam => "jeroboam",
        Wording::OpenStack => "openstack",
    }
}

fn answer(reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
    match reply {
        Reply::Project(Told::Image(answer)) => Some(answer.as_ref().map(|_| vec![Ask::Close]).map_err(Clone::clone)),
        _ => None,
    }
}

pub struct Described(Image);

/// `None`: the image is gone.
pub fn describe(id: &str, cx: &Cx) -> Option<Box<dyn Layer>> {
    let image = cx.fleet.inventory.as_ref()?.images.iter().find(|image| image.id == id)?;
    let known = Properties::of(image);
    let guess = Properties::guess(&image.name);
    // What the image does not say may stand in its name.
    let begin = Properties {
        os_distro: known.os_distro.clone().or(guess.os_distro),
        os_version: known.os_version.clone().or(guess.os_version),
        kube_version: known.kube_version.clone().or(guess.kube_version),
        os_admin_user: known.os_admin_user.clone(),
    };
    Some(Box::new(Form::new(Described(image.clone()), properties(&begin), cx)))
}

impl Subject for Described {
    fn title(&self) -> &'static str {
        "What is in the image"
    }

    fn named(&self) -> Option<&str> {
        Some(&self.0.name)
    }

    fn button(&self) -> &'static str {
        "  Set  "
    }

    fn doing(&self) -> &'static str {
        "telling Glance…"
    }

    fn ending(&self) -> &'static str {
        "Gives the image these properties; all its others stay as they are."
    }

    fn offers(&self, _: &str, _: &Values, _: &Cx) -> Vec<Offer> {
        Vec::new()
    }

    fn none(&self, _: &str, _: &Values, _: &Cx) -> Option<String> {
        Some("not told".into())
    }

    fn defaults(&self, _: &mut [Field], _: &Cx) {}

    fn check(&self, values: &Values, _: &Cx) -> Vec<Problem> {
        wanted(values).shape()
    }

    fn remarks(&self, values: &Values, cx: &Cx) -> Vec<Check> {
        let others = (!images::is_ours(&self.0, cx)).then(|| {
            let told = format!("{} belongs to another project: Glance may refuse", self.0.name);
            Check::warning("os_distro", told).advise("Its owner or an administrator can do it")
        });
        unknown_distro(values, cx).into_iter().chain(others).collect()
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        let mut command = Command::of(program(wording), "image set");
        command.word(&self.0.id, "IMAGE");
        let (known, wanted) = (Properties::of(&self.0), wanted(values));
        flags(&mut command, &wanted, wording);
        let gone =
            known.pairs().into_iter().zip(wanted.pairs()).filter(|((_, was), (_, is))| was.is_some() && is.is_none());
        let gone: Vec<&str> = gone.map(|((name, _), _)| name).collect();
        if wording == Wording::Jeroboam {
            gone.iter().for_each(|name| command.value("--unset", Some(name)));
            return command.parts();
        }
        let mut parts = command.parts();
        if !gone.is_empty() {
            parts.push(format!("&& openstack image unset {}", quote(&self.0.id)));
            parts.extend(gone.iter().map(|name| format!("--property {name}")));
        }
        parts
    }

    fn sheet<'a>(&self, _: &Values, _: &Cx<'a>) -> Option<&'a Sheet> {
        None
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::Project(Task::SetImage(self.0.id.clone(), wanted(values)))
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        answer(reply)
    }
}

pub struct Imported;

pub fn import(cx: &Cx) -> Box<dyn Layer> {
    let mut fields = vec![
        Field::text(
            "url",
            "URL",
            "Where Glance fetches the image by itself, so the cloud must be able to reach it: https:// or http://.",
            "",
        ),
        Field::text("name", "Name", "How the image is called; the file's name, if you do not choose.", ""),
    ];
    fields.extend(properties(&Properties::default()));
    let formats = DISK_FORMATS.map(|format| (format, format));
    fields.push(Field::switch("disk_format", "Form", "The form of the disk in the file.", &formats, 0));
    fields.push(Field::number(
        "min_disk",
        "Least disk",
        "GB that a flavor must have for it. Empty: whatever it has is tried.",
        "",
    ));
    Box::new(Form::new(Imported, fields, cx))
}

fn wish(values: &Values) -> NewImage {
    NewImage {
        name: values.text("name").unwrap_or_default(),
        url: values.text("url").unwrap_or_default(),
        disk_format: values.text("disk_format").unwrap_or_default(),
        min_disk: values.number("min_disk").unwrap_or_default(),
        properties: wanted(values),
    }
}

impl Subject for Imported {
    fn title(&self) -> &'static str {
        "Import an image"
    }

    fn button(&self) -> &'static str {
        "  Import  "
    }

    fn doing(&self) -> &'static str {
        "asking Glance…"
    }

    fn ending(&self) -> &'static str {
        "Glance makes a private image and fetches its content; the list shows when it is there."
    }

    fn offers(&self, _: &str, _: &Values, _: &Cx) -> Vec<Offer> {
        Vec::new()
    }

    fn none(&self, id: &str, _: &Values, _: &Cx) -> Option<String> {
        Some(if id == "min_disk" { "none".into() } else { "not told".into() })
    }

    /// What the address and the name tell.
    fn defaults(&self, fields: &mut [Field], _: &Cx) {
        let values = Values(fields);
        let url = values.text("url").unwrap_or_default();
        let name = if values.typed("name") { values.text("name") } else { name_in(&url) };
        let guess = Properties::guess(name.as_deref().unwrap_or_default());
        for field in fields.iter_mut().filter(|field| !field.typed) {
            let guessed = match field.id {
                "name" => &name,
                "os_distro" => &guess.os_distro,
                "os_version" => &guess.os_version,
                "kube_version" => &guess.kube_version,
                _ => continue,
            };
            field.kind = Kind::Text(Input::new(guessed.as_deref().unwrap_or_default()));
        }
    }

    fn check(&self, values: &Values, _: &Cx) -> Vec<Problem> {
        wish(values).shape()
    }

    fn remarks(&self, values: &Values, cx: &Cx) -> Vec<Check> {
        unknown_distro(values, cx).into_iter().collect()
    }

    fn command(&self, values: &Values, wording: Wording) -> Vec<String> {
        let wish = wish(values);
        let disk = Some(wish.min_disk.to_string()).filter(|_| wish.min_disk > 0);
        let verb = if wording == Wording::Jeroboam { "image import" } else { "image create" };
        let mut command = Command::of(program(wording), verb);
        command.word(&wish.name, "NAME");
        if wording == Wording::Jeroboam {
            command.value("--url", Some(if wish.url.is_empty() { "URL" } else { &wish.url }));
            flags(&mut command, &wish.properties, wording);
            command.value("--disk-format", Some(wish.disk_format.as_str()).filter(|format| *format != DISK_FORMATS[0]));
            command.value("--min-disk", disk.as_deref());
            return command.parts();
        }
        command.value("--disk-format", Some(&wish.disk_format));
        command.value("--container-format", Some("bare"));
        command.value("--min-disk", disk.as_deref());
        flags(&mut command, &wish.properties, wording);
        let mut parts = command.parts();
        let name = if wish.name.is_empty() { "NAME".to_owned() } else { quote(&wish.name) };
        parts.push(format!("&& openstack image import --method web-download {name}"));
        parts.push(format!("--uri {}", if wish.url.is_empty() { "URL".to_owned() } else { quote(&wish.url) }));
        parts
    }

    fn sheet<'a>(&self, _: &Values, _: &Cx<'a>) -> Option<&'a Sheet> {
        None
    }

    fn job(&self, values: &Values, _: &Cx) -> Job {
        Job::Project(Task::ImportImage(wish(values)))
    }

    fn answer(&self, reply: &Reply) -> Option<Result<Vec<Ask>, Vec<Problem>>> {
        answer(reply)
    }
}
