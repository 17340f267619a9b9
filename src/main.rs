//! The program: reads the command line and hands over.

use std::cell::OnceCell;
use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use jeroboam::cli::args::{Cli, Command, Global};
use jeroboam::cli::fault::{Done, Fault};
use jeroboam::cli::output::Terminal;
use jeroboam::service::Manager;
use jeroboam::{cli, wiring};

fn main() -> ExitCode {
    let Cli { global, command } = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout with success, mistakes to stderr with 2. Whether somebody reads is theirs.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match once(&global, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            let _ = fault.tell(&mut io::stderr().lock());
            fault.exit_code()
        }
    }
}

/// How long a command that has its answer lets calls under way end; what they did is found again.
const FAREWELL: Duration = Duration::from_secs(2);

/// One command, then the end.
fn once(global: &Global, command: Command) -> Done {
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let speaks = err.is_terminal();
    let mut terminal = Terminal {
        draws: speaks && std::env::var_os("TERM").is_some_and(|term| term != "dumb"),
        asks: speaks && io::stdin().is_terminal(),
        format: global.format,
        out: &mut out,
        err: &mut err,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let done = runtime.block_on(async {
        let started = OnceCell::new();
        let connect = async |work| {
            let prepared = wiring::prepare(global)?;
            wiring::log(&prepared.paths)?;
            let manager =
                wiring::connect(&prepared.paths, &prepared.cloud, work).await.map_err(Fault::configuration)?;
            Ok(started.get_or_init(|| manager).clone() as Arc<dyn Manager>)
        };
        let done = cli::run(command, &mut terminal, connect).await;
        if let Some(manager) = started.get() {
            manager.stop(FAREWELL).await;
        }
        done
    });
    runtime.shutdown_background();
    done
}
