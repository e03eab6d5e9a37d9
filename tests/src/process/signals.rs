//! Which signals a process hears.

use std::fs;

use nix::sys::signal::Signal;

/// Tells whether the process has a handler of its own for this signal. Before it has, the signal would
/// just kill it.
#[must_use]
pub fn hears(pid: i32, signal: Signal) -> bool {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|it| it.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|it| u64::from_str_radix(it.trim(), 16).ok()).unwrap_or_default();
    // The lowest bit is the signal 1.
    (caught >> (signal as i32 - 1)) & 1 == 1
}

#[cfg(test)]
mod tests {
    use tokio::signal::unix::{SignalKind, signal};

    use super::*;

    #[tokio::test]
    async fn a_signal_is_heard_from_when_its_handler_stands() {
        let pid = i32::try_from(std::process::id()).unwrap();
        assert!(!hears(pid, Signal::SIGUSR2));

        let _handler = signal(SignalKind::user_defined2()).unwrap();

        assert!(hears(pid, Signal::SIGUSR2) && !hears(pid, Signal::SIGUSR1));
    }
}
