//! Signing a certificate request from the dashboard.

use jeroboam::model::{Authority, Problem};
use jeroboam::ui::{Effect, Job, Msg, Reply, RequestFrom, Saved};

use super::desk::{Desk, answer};
use super::world::{self, ML};

fn begun() -> Desk {
    let mut desk = Desk::ready();
    desk.press("down enter 6 i");
    desk
}

#[test]
fn a_pasted_request_is_looked_at_before_it_is_signed_and_its_certificate_is_written() {
    let mut desk = begun();
    let pem = world::request().pem;
    desk.send(Msg::Paste(pem.clone()));
    assert!(desk.screen(80, 24).contains("is pasted"));
    desk.send(Msg::Key("enter".parse().unwrap()));
    assert!(desk.open.iter().any(|(_, job)| *job == Job::ReadRequest(RequestFrom::Text(pem.clone()))));
    desk.answer_loads();
    let screen = desk.screen(80, 24);
    assert!(screen.contains("CN=jane") && screen.contains("may do anything in the cluster"), "{screen}");
    // To another authority, which has no masters.
    desk.press("tab");
    assert!(!desk.screen(80, 24).contains("may do anything"));
    desk.press("enter");
    let (ticket, job) = desk.command();
    assert_eq!(job, Job::Sign { id: ML, authority: Authority::Etcd, request: pem });
    desk.send(Msg::Reply(ticket, answer(&job)));
    assert!(desk.screen(80, 24).contains("● signed"));
    desk.press("enter");
    let (ticket, job) = desk.command();
    let Job::Write { path, text, overwrite: false } = &job else { panic!("{job:?}") };
    assert!(path.starts_with("~/ml-gpu-") && path.ends_with(".crt"), "{path}");
    assert_eq!(*text, world::certificate(ML).unwrap().pem);
    desk.send(Msg::Reply(ticket, Reply::Written(Saved::Exists { what: "it exists already.".into() })));
    desk.press("enter");
    let (ticket, job) = desk.command();
    assert!(matches!(&job, Job::Write { overwrite: true, .. }));
    desk.send(Msg::Reply(ticket, answer(&job)));
    assert!(desk.screen(80, 24).contains("written to"));
    // The certificate itself can be read and copied.
    desk.press("tab y");
    assert!(desk.wanted.iter().any(|effect| matches!(effect, Effect::Copy(text) if text.contains("subject"))));
}

#[test]
fn what_cannot_be_read_or_is_refused_can_be_mended() {
    let mut desk = begun();
    desk.press("enter");
    assert!(desk.screen(80, 24).contains("name a file"));
    desk.write("/nowhere");
    desk.send(Msg::Key("enter".parse().unwrap()));
    let (ticket, _) = desk.open.remove(desk.open.len() - 1);
    desk.send(Msg::Reply(ticket, Reply::Request(Err(Problem::invalid("/nowhere is no file")))));
    assert!(desk.screen(80, 24).contains("/nowhere is no file"));
    desk.press("enter enter");
    let (ticket, _) = desk.command();
    desk.send(Msg::Reply(ticket, Reply::Signed(ML, Err(Problem::invalid("its key usages are not allowed")))));
    assert!(desk.screen(80, 24).contains("its key usages are not allowed"));
    desk.press("esc esc");
    assert!(!desk.screen(80, 24).contains("Sign for"));
}
