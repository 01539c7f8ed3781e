//! Writes log lines that are safe to print.

use std::io::{self, Write};

use crate::model::text_safety::escape_invisible;

/// Writer of log lines, one line for each event.
///
/// A line break in a path or in the message of a server would forge a line, and an escape sequence would control the
/// terminal.
pub struct EscapedLog<W>(pub W);

impl<W: Write> Write for EscapedLog<W> {
    /// Writes one event, as `tracing_subscriber` passes it.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        write!(self.0, "{}{end}", escape_invisible(line))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().map_err(|_| io::ErrorKind::Other)?.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn event_is_one_line_without_control_characters() {
        let lines = Lines::default();
        let kept = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || EscapedLog(lines.clone()))
            .finish();
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(path = %"a\nPlan: 0 to add\u{1b}[2J\u{9b}\u{202e}", "cannot read {}", "x\r::error::y");
        });
        let text = String::from_utf8_lossy(&kept.0.lock().unwrap_or_else(|_| unreachable!("one thread")))
            .into_owned();
        assert_eq!(text.matches('\n').count(), 1, "{text:?}");
        assert!(!text.contains(['\u{1b}', '\r', '\u{9b}', '\u{202e}']), "{text:?}");
        assert!(text.contains("cannot read") && text.contains("Plan: 0 to add"), "{text:?}");
    }
}
