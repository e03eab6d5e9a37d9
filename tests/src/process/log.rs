//! What a child process printed, read back from its log.

use std::{fs, path::Path};

const SHOWN_LOG_LINES: usize = 20;

/// What was written to `log` since it was `start` bytes long.
pub(super) fn read_from(log: &Path, start: u64) -> String {
    let bytes = fs::read(log).unwrap_or_default();
    let start = usize::try_from(start).unwrap_or(0);
    String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned()
}

/// The last lines of that, for the message of a failure.
pub(super) fn end(log: &Path, start: u64) -> String {
    let printed = read_from(log, start);
    let lines: Vec<&str> = printed.lines().collect();
    let from = lines.len().saturating_sub(SHOWN_LOG_LINES);
    let shown = lines.get(from..).unwrap_or_default().join("\n  ");
    format!("the end of {}:\n  {shown}", log.display())
}
