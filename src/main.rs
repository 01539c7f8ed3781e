//! Command line program: passes the arguments to the library and exits with its exit code.

use std::process::ExitCode;

use zonal::cli::{self, CommandContext};

fn main() -> ExitCode {
    let argv: Vec<_> = std::env::args_os().collect();
    log(&argv);
    // Without a runtime, only the standard library can print the error.
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(&error),
    };
    let exit = runtime.block_on(async {
        match CommandContext::of_process() {
            Ok(world) => ExitCode::from(cli::run(argv, &world).await.code()),
            Err(error) => give_up(&error),
        }
    });
    // A thread that waits for terminal input must not keep the process alive.
    runtime.shutdown_background();
    exit
}

fn log(argv: &[std::ffi::OsString]) {
    let asked = cli::log_filter(argv).or_else(|| std::env::var("ZONAL_LOG").ok());
    let filter = tracing_subscriber::EnvFilter::new(asked.unwrap_or_else(|| "warn".to_owned()));
    // Without colors: a line is escaped as a whole, because zones and files choose parts of it.
    let lines = || cli::EscapedLog(std::io::stderr());
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(lines).init();
}

#[expect(clippy::print_stderr, reason = "no CommandContext is available to print with")]
fn give_up(error: &std::io::Error) -> ExitCode {
    eprintln!("error: zonal cannot start: {error}");
    ExitCode::from(1)
}
