//! How an error and its causes are written in a log line.

use std::{error::Error, fmt};

use tokio_postgres::error::DbError;

/// Writes an error and all its causes, joined with `: `.
///
/// Our errors never repeat their source in their own text, so the chain reads as one sentence. What a
/// database adds of the rows it complains of (`DETAIL`) is left out: it is a hotel's data.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_link(f, self.0)?;
        let mut source = self.0.source();
        while let Some(cause) = source {
            f.write_str(": ")?;
            write_link(f, cause)?;
            source = cause.source();
        }
        Ok(())
    }
}

fn write_link(f: &mut fmt::Formatter<'_>, error: &(dyn Error + 'static)) -> fmt::Result {
    match error.downcast_ref::<DbError>() {
        Some(it) => write!(f, "{}: {}", it.severity(), it.message()),
        None => write!(f, "{error}"),
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
