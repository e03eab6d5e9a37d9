//! What a check is: a question to the server, and what to make of the answer.

use serde_json::{Value, json};

/// The names of checks stand in a column.
pub(super) const NAME_WIDTH: usize = 29;

/// One question to the server.
#[derive(Debug)]
pub(super) struct Check {
    /// What is examined.
    pub(super) name: &'static str,
    /// Asked of the server.
    pub(super) query: &'static str,
    /// How it should be.
    pub(super) wanted: &'static str,
    /// Why it matters, with the figure that was measured.
    pub(super) why: &'static str,
    /// The line to set, unless the judgement has a better one.
    pub(super) fix: &'static str,
    /// What to make of the answer.
    pub(super) judge: fn(&Seen, &Budget) -> Judgement,
}

/// What the control plane registered of the server.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Budget {
    pub(super) max_databases: Option<i64>,
    pub(super) max_connections: Option<i64>,
}

/// The rows of an answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen(Vec<Vec<Option<String>>>);

impl Seen {
    pub(super) const fn new(rows: Vec<Vec<Option<String>>>) -> Self {
        Self(rows)
    }

    /// A cell as text; empty if it is NULL or missing.
    pub(super) fn text(&self, row: usize, column: usize) -> &str {
        let cell = self.0.get(row).and_then(|it| it.get(column));
        cell.and_then(Option::as_deref).unwrap_or_default()
    }

    /// A cell as a number, if it is one.
    pub(super) fn number(&self, row: usize, column: usize) -> Option<f64> {
        self.text(row, column).parse().ok()
    }

    /// Whether a cell is true.
    pub(super) fn holds(&self, row: usize, column: usize) -> bool {
        self.text(row, column) == "t"
    }

    /// How many rows there are.
    pub(super) const fn count(&self) -> usize {
        self.0.len()
    }

    /// The first cells of all rows that satisfy `which`.
    pub(super) fn names(&self, which: impl Fn(usize) -> bool) -> Vec<&str> {
        (0..self.count()).filter(|row| which(*row)).map(|row| self.text(row, 0)).collect()
    }
}

/// How serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Ok,
    /// Works, but worse than it could, or could not be seen.
    Warning,
    /// Must not carry hotels like that.
    Fault,
}

impl Verdict {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// What was made of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Judgement {
    pub(super) verdict: Verdict,
    pub(super) found: String,
    fix: Option<String>,
}

impl Judgement {
    pub(super) fn ok(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Ok, found: found.into(), fix: None }
    }

    pub(super) fn warning(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Warning, ..Self::ok(found) }
    }

    pub(super) fn fault(found: impl Into<String>) -> Self {
        Self { verdict: Verdict::Fault, ..Self::ok(found) }
    }

    /// Ok if `right`, else a fault.
    pub(super) fn must(right: bool, found: impl Into<String>) -> Self {
        if right { Self::ok(found) } else { Self::fault(found) }
    }

    /// Ok if `right`, else a warning.
    pub(super) fn should(right: bool, found: impl Into<String>) -> Self {
        if right { Self::ok(found) } else { Self::warning(found) }
    }

    /// A fault if anything is named, else `fine`.
    pub(super) fn nobody(names: &[&str], fine: &str) -> Self {
        if names.is_empty() { Self::ok(fine) } else { Self::fault(listed(names)) }
    }

    /// With the line to set for what was found.
    pub(super) fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }
}

/// The first few names, and how many there are besides.
fn listed(names: &[&str]) -> String {
    let shown: Vec<_> = names.iter().take(3).copied().collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// A check with its outcome.
#[derive(Debug)]
pub(super) struct Finding {
    pub(super) verdict: Verdict,
    check: &'static Check,
    found: String,
    fix: String,
}

impl Check {
    pub(super) fn finding(&'static self, judgement: Judgement) -> Finding {
        let Judgement { verdict, found, fix } = judgement;
        Finding { verdict, check: self, found, fix: fix.unwrap_or_else(|| self.fix.to_owned()) }
    }
}

impl Finding {
    /// One line; what is not well has the line to set below it.
    pub(super) fn text(&self) -> String {
        let Self { verdict, check, found, fix } = self;
        let line = format!("{:<8} {:<NAME_WIDTH$} {found}", verdict.as_str(), check.name);
        match verdict {
            Verdict::Ok => line,
            Verdict::Warning | Verdict::Fault => {
                format!("{line}; should be {}: {}\n{:9}set: {fix}", check.wanted, check.why, "")
            }
        }
    }

    /// For programs.
    pub(super) fn json(&self) -> Value {
        let Self { verdict, check, found, fix } = self;
        json!({
            "check": check.name, "verdict": verdict.as_str(), "found": found,
            "wanted": check.wanted, "why": check.why, "fix": fix,
        })
    }
}

/// Rows to try a judge on.
#[cfg(test)]
pub(super) fn seen(rows: &[&[&str]]) -> Seen {
    let row = |cells: &&[&str]| cells.iter().map(|it| Some((*it).to_owned())).collect();
    Seen::new(rows.iter().map(row).collect())
}

/// The check of this name among these.
#[cfg(test)]
pub(super) fn named(checks: &'static [Check], name: &str) -> &'static Check {
    checks.iter().find(|it| it.name == name).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_is_cut() {
        assert_eq!(listed(&["a", "b", "c"]), "a, b, c");
        assert_eq!(listed(&["a", "b", "c", "d", "e"]), "a, b, c and 2 more");
    }

    #[test]
    fn what_is_missing_is_empty() {
        let seen = seen(&[&["a", "t"]]);
        assert_eq!((seen.text(0, 0), seen.text(7, 0), seen.number(0, 0)), ("a", "", None));
        assert!(seen.holds(0, 1) && !seen.holds(0, 2));
    }
}
