//! Refuses a tenant migration that would stop hotels at work, or takes away what the programs of the
//! last release still use.
//!
//! A migration runs in every hotel's database while the hotel works, and each of its statements
//! keeps its locks until all have ended. So it may add what is empty, and nothing that reads or
//! writes a table from end to end: not an index, not a column whose values have to be computed, not
//! a constraint over rows that are there. A statement that the lint does not know is refused, too:
//! somebody should think first. A table that the file itself makes is empty, and is not watched.
//! What takes its time without holding anybody up is alone in its file.
//!
//! Two comments speak to it: `-- no grant: why` before a table that the hotel's login may not touch,
//! and `-- contract: name unused since V7` in a file that drops or renames `name`.

mod alone;
mod alter_table;
mod constraint;
mod contract;
mod create;
mod phrase;
mod revoke;
mod rows;
mod statement;

#[cfg(test)]
mod tests;

use std::collections::HashSet;

use self::phrase::Phrase;
use crate::statements::{self, Statement};

/// A migration as the lint sees it.
#[derive(Clone, Copy, Debug)]
pub struct Migration<'a> {
    /// Its number.
    pub version: i32,
    /// Its text.
    pub sql: &'a str,
}

/// What is wrong with a statement, and what to do instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, `{statement}`: {fault}")]
pub struct Refusal {
    /// The line of the file in which the statement begins.
    pub line: usize,
    /// How it begins.
    pub statement: String,
    /// What is wrong, and what to do instead.
    pub fault: String,
}

/// What the rules know beside the statement that they look at.
struct Surroundings<'a> {
    migration: Migration<'a>,
    /// The files that come before.
    earlier: &'a [Migration<'a>],
    /// The texts of the programs that use the schema.
    sources: &'a [String],
    /// The statements of this file.
    statements: Vec<Statement<'a>>,
    /// The tables that this file makes.
    own_tables: HashSet<String>,
    /// The tables and views that the earlier files made.
    relations: HashSet<String>,
}

impl Surroundings<'_> {
    /// Whether the table was there before, with rows in it and hotels at work on it.
    fn is_in_use(&self, table: &str) -> bool {
        !self.own_tables.contains(table)
    }
}

/// Everything that is wrong with `migration`, which comes after `earlier`; `sources` are the texts
/// of the programs that use the schema.
#[must_use]
pub fn check(
    migration: Migration<'_>,
    earlier: &[Migration<'_>],
    sources: &[String],
) -> Vec<Refusal> {
    let statements = statements::split(migration.sql);
    let relations = create::relations_of(earlier);
    let made = statements.iter().filter_map(create::table_made_by);
    // `IF NOT EXISTS` makes no table of one that is there already.
    let own_tables = made.filter(|it| !relations.contains(it)).collect();
    let around = Surroundings { migration, earlier, sources, statements, own_tables, relations };
    let mut refusals = Vec::new();
    for statement in &around.statements {
        let faults = statement::check(statement, &around);
        refusals.extend(faults.into_iter().map(|fault| Refusal {
            line: statement.line,
            statement: statement.beginning(),
            fault,
        }));
    }
    refusals
}
