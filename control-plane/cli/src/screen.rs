//! What is shown: results on standard output, progress and failures on standard error.
//!
//! On a terminal a live line stands below the lines that stay. Programs that asked for JSON get
//! results and failures only.

use std::io::{self, IsTerminal as _, Write as _};

use serde_json::Value;

use crate::failure::Failure;

/// Erases the line that the cursor is on.
const ERASE: &str = "\r\x1b[2K";

/// Where a command shows things.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Screen {
    json: bool,
    /// Whether somebody watches the progress.
    is_live: bool,
}

impl Screen {
    /// Our standard output and error.
    pub(crate) fn new(json: bool) -> Self {
        Self { json, is_live: !json && io::stderr().is_terminal() }
    }

    /// Whether results are for programs.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// The result of a command: the API's data for programs, `text` for people.
    ///
    /// # Errors
    /// Fails if nobody reads our output.
    pub(crate) fn result(self, data: &Value, text: impl FnOnce() -> String) -> Result<(), Failure> {
        if self.json { print(&format!("{data:#}")) } else { print(&readable(text().trim_end())) }
    }

    /// Something that must be seen before the result, for people only.
    ///
    /// # Errors
    /// Fails if nobody reads our output.
    pub(crate) fn line(self, text: &str) -> Result<(), Failure> {
        if self.json { Ok(()) } else { print(&readable(text)) }
    }

    /// One line of progress that stays.
    pub(crate) fn progress(self, text: &str) {
        if !self.json {
            self.say(&format!("{}{}\n", self.erase(), readable(text)));
        }
    }

    /// The line of progress that changes. Nothing without a terminal.
    pub(crate) fn live(self, text: &str) {
        if self.is_live {
            self.say(&format!("{ERASE}{}", readable(text)));
        }
    }

    /// Takes the live line away.
    pub(crate) fn quiet(self) {
        self.live("");
    }

    /// A failure, at the end.
    pub(crate) fn failure(self, failure: &Failure) {
        match failure {
            Failure::Unheard => {}
            _ if self.json => self.say(&format!("{}\n", failure.json())),
            _ => self.say(&format!("{}hotelhub: {}\n", self.erase(), readable(&failure.text()))),
        }
    }

    const fn erase(self) -> &'static str {
        if self.is_live { ERASE } else { "" }
    }

    fn say(self, text: &str) {
        // Nobody listens any more: there is nobody to tell.
        io::stderr().write_all(text.as_bytes()).unwrap_or_default();
    }
}

fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::Unheard),
        Err(error) => Err(Failure::local("write the result", &error)),
    }
}

/// The text without what would steer a terminal: a hotel may call itself anything.
fn readable(text: &str) -> String {
    text.chars().map(|it| if it.is_control() && it != '\n' { '\u{fffd}' } else { it }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        assert_eq!(readable("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }
}
