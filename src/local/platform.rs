//! Code for one platform: signals, rights of files, uptime, running programs.
//!
//! The only file that names Linux or Unix. Another platform needs another version of this file.

use std::fs::{File, FileType, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::Duration;

use rustix::fs::OFlags;

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

/// Returns the width of the terminal of stdout, in columns; `None` if stdout is no terminal.
pub fn terminal_columns() -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(rustix::stdio::stdout()).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Returns the default rights of new files, before the umask.
pub fn default_file_rights() -> Permissions {
    Permissions::from_mode(0o666)
}

/// Returns the rights of new files that contain the names of people: no other user can read them.
pub fn private_file_rights() -> Permissions {
    Permissions::from_mode(0o600)
}

/// Opens a file for reading. Does not wait for the writer of a named pipe.
///
/// # Errors
/// The file cannot be opened.
pub fn open_without_waiting(path: &Path) -> io::Result<File> {
    // A flag of the system has few bits, so the conversion loses none.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// Returns the name of a special file type; `None` for regular files.
pub fn special_file_name(file_type: FileType) -> Option<&'static str> {
    match file_type {
        regular if regular.is_file() => None,
        folder if folder.is_dir() => Some("a directory"),
        pipe if pipe.is_fifo() => Some("a pipe"),
        socket if socket.is_socket() => Some("a socket"),
        device if device.is_char_device() || device.is_block_device() => Some("a device"),
        _ => Some("a special file"),
    }
}

/// Returns true for a named pipe, and for a pipe that a shell names for process substitution.
pub fn is_pipe(file_type: FileType) -> bool {
    file_type.is_fifo()
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
