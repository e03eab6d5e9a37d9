//! Secrets that are typed or piped in: never in the arguments, which everybody on a machine sees.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use secrecy::SecretString;

use crate::{failure::Failure, waiting::or_interrupt};

/// Reads a secret: asks for it on a terminal, without showing it, else takes the first line of
/// standard input.
///
/// # Errors
/// Fails if nothing comes, or on Ctrl-C.
pub(crate) async fn read(question: &str) -> Result<SecretString, Failure> {
    // The terminal is put back to what it was whichever way this ends.
    let _hidden = Hidden::new(question)?;
    let line = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line).map(|_| line)
    });
    let read = async {
        let line = line.await.map_err(|it| Failure::local("read standard input", &it))?;
        line.map_err(|it| Failure::local("read standard input", &it))
    };
    let line = or_interrupt(read, || "nothing was done".to_owned()).await?;
    let secret = line.trim_end_matches(['\r', '\n']);
    if secret.is_empty() {
        let what = format!("standard input holds no {question}");
        return Err(Failure::Usage(what));
    }
    Ok(SecretString::from(secret))
}

/// A terminal that does not show what is typed.
struct Hidden(Option<Termios>);

impl Hidden {
    fn new(question: &str) -> Result<Self, Failure> {
        if !io::stdin().is_terminal() {
            return Ok(Self(None));
        }
        let usual = tcgetattr(io::stdin()).map_err(|it| Failure::local("ask the terminal", &it))?;
        let mut hidden = usual.clone();
        hidden.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &hidden)
            .map_err(|it| Failure::local("hide what is typed", &it))?;
        let asked = write!(io::stderr(), "{question}: ");
        asked.map_err(|it| Failure::local("ask for it", &it))?;
        Ok(Self(Some(usual)))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(usual) = &self.0 {
            // The terminal is gone if this fails, and nobody sees anything.
            tcsetattr(io::stdin(), SetArg::TCSANOW, usual).unwrap_or_default();
            io::stderr().write_all(b"\n").unwrap_or_default();
        }
    }
}
