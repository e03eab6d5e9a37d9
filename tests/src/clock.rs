//! The file that moves the clock of all programs that were told of it.

use std::{fs, path::Path};

use anyhow::{Context as _, Result};

/// Moves the clock to `seconds` from the machine's, in one instant.
///
/// A program that reads the file meanwhile finds what it held before, and never an empty file, which
/// would move nothing.
///
/// # Errors
/// Fails if the file cannot be written.
pub fn move_clock(file: &Path, seconds: i64) -> Result<()> {
    let fresh = file.with_extension("new");
    fs::write(&fresh, seconds.to_string()).context("write how far the clock is moved")?;
    fs::rename(&fresh, file).context("move the clock")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use hotelhub_core::clock::Clock;

    use super::*;

    #[test]
    fn a_clock_that_is_moved_shows_no_other_time_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("clock");
        move_clock(&file, 36_000).unwrap();
        let (begun, clock) = (Clock::system().now(), Clock::moved_by_file(file.clone()));
        let writer = std::thread::spawn(move || {
            for _ in 0..2_000 {
                move_clock(&file, 36_000).unwrap();
            }
        });
        while !writer.is_finished() {
            assert!(clock.now() - begun >= TimeDelta::seconds(36_000));
        }
        writer.join().unwrap();
    }
}
