//! Code for one platform: signals, rights of files, uptime, running programs.
//!
//! The only file that names Linux or Unix. Another platform needs another version of this file.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

/// Git setting for no hooks: a directory that contains none.
pub const NO_GIT_HOOKS: &str = "core.hooksPath=/dev/null";

/// Returns a stream of termination requests: SIGTERM, the signal of a canceled pipeline job.
///
/// # Errors
/// The system refused the handler of the signal.
pub fn termination_signal() -> io::Result<tokio::signal::unix::Signal> {
    signal(SignalKind::terminate())
}

/// Returns the default rights of new files, before the umask.
pub fn default_file_rights() -> Permissions {
    Permissions::from_mode(0o666)
}

/// Takes all rights to a file or folder from other users. Returns true if others had rights.
///
/// # Errors
/// The path does not exist, or belongs to another user.
pub fn restrict_to_owner(path: &Path) -> io::Result<bool> {
    let rights = std::fs::metadata(path)?.permissions();
    let is_open = rights.mode() & 0o077 != 0;
    if is_open {
        std::fs::set_permissions(path, Permissions::from_mode(rights.mode() & 0o700))?;
    }
    Ok(is_open)
}

/// Returns the time since the start of the machine, with the time in which it was suspended.
pub fn uptime() -> Option<Duration> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Some(Duration::new(time.tv_sec.try_into().ok()?, time.tv_nsec.try_into().ok()?))
}

/// Returns whether a process of this host runs the same program as this process; `None` if unknown.
pub fn runs_this_program(process: u32) -> Option<bool> {
    let program = |process: &str| std::fs::read(Path::new("/proc").join(process).join("comm")).ok();
    let this_program = program("self")?;
    Some(program(&process.to_string()) == Some(this_program))
}
