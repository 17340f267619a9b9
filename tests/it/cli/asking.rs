//! Secrets that clouds.yaml leaves out are asked for on a terminal, and never shown.

use super::Home;
use super::bad_weather::cloud;
use crate::support::pty::Terminal;

fn start(home: &Home) -> Terminal {
    home.clouds(&cloud("http://127.0.0.1:1/v3").replace("password:", "passcode: ''\n      #"));
    Terminal::start(&["cluster", "list"], &[], home.path(), (120, 24))
}

#[test]
fn a_password_is_asked_for_without_echo() {
    let home = Home::new();
    let mut terminal = start(&home);
    terminal.sees("Password: ").keys("wrong\x7f\x15hush-hush\r");
    // It was taken: the next thing to fail is the connection.
    terminal.sees("error: ").sees("127.0.0.1:1");
    assert_eq!(terminal.ends(), 5);
    assert!(!terminal.screen().contains("hush") && !terminal.screen().contains("wrong"), "{}", terminal.screen());
}

#[test]
fn asking_can_be_interrupted() {
    let home = Home::new();
    let mut terminal = start(&home);
    terminal.sees("Password: ").keys("hush\x03");
    assert_eq!(terminal.ends(), 130);
    assert!(!terminal.screen().contains("hush"), "{}", terminal.screen());
}
