//! Code for one platform.

use std::path::Path;

/// Returns the program name of a process; `None` if there is no such process, or on another system than
/// Linux.
///
/// `process` is a process ID, or `self`.
pub fn process_name(process: &str) -> Option<Vec<u8>> {
    std::fs::read(Path::new("/proc").join(process).join("comm")).ok()
}
