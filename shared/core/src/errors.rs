//! How an error and its causes are written in a log line.

use std::{error::Error, fmt};

use tokio_postgres::error::DbError;

/// Writes an error and all its causes, joined with `: `.
///
/// Our errors never repeat their source in their own text, and of others' that do it is said once, so the
/// chain reads as one sentence. What a database adds of the rows it complains of (`DETAIL`) is left
/// out: it is a hotel's data.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut said = told(self.0);
        f.write_str(&said)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            let next = told(cause);
            if !said.ends_with(&next) {
                write!(f, ": {next}")?;
                said = next;
            }
            source = cause.source();
        }
        Ok(())
    }
}

fn told(error: &(dyn Error + 'static)) -> String {
    match error.downcast_ref::<DbError>() {
        Some(it) => format!("{}: {}", it.severity(), it.message()),
        None => error.to_string(),
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

    #[derive(Debug, thiserror::Error)]
    #[error("keep it: {0}")]
    struct Repeats(#[source] Outer);

    #[test]
    fn what_a_link_says_of_its_cause_is_not_said_again() {
        let text = Chain(&Repeats(Outer("x".parse::<i32>().unwrap_err()))).to_string();
        assert_eq!(text, "keep it: load the tenant: invalid digit found in string");
    }
}
