//! How an error and its causes are written in a log line.

use std::{error::Error, fmt};

/// Writes an error and all its causes, joined with `: `.
///
/// Our errors never repeat their source in their own text, so the chain reads as one sentence.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            write!(f, ": {cause}")?;
            source = cause.source();
        }
        Ok(())
    }
}

/// A result whose failure is worth a log line and nothing more.
pub trait LogAndDrop {
    /// Logs the failure, with `why` nothing else has to be done about it.
    fn log_and_drop(self, why: &'static str);
}

impl<E: Error + 'static> LogAndDrop for Result<(), E> {
    fn log_and_drop(self, why: &'static str) {
        if let Err(error) = self {
            tracing::warn!(error = %Chain(&error), why, "dropped an error");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("load the tenant")]
    struct Outer(#[source] std::num::ParseIntError);

    #[test]
    fn a_chain_reads_as_one_sentence() {
        let cause = "x".parse::<i32>().unwrap_err();
        let text = Chain(&Outer(cause)).to_string();
        assert_eq!(text, "load the tenant: invalid digit found in string");
    }
}
