//! The rule for each kind of statement.

use super::{Phrase, Surroundings, alone, alter_table, contract, create, revoke, rows};
use crate::{
    apply::{NO_TRANSACTION, index_built_by},
    statements::Statement,
};

/// What changes nothing that is in use, or takes a lock for a moment only.
const HARMLESS: &[&str] = &[
    "create function",
    "create or replace function",
    "create trigger",
    "create constraint trigger",
    "create or replace trigger",
    "create view",
    "create or replace view",
    "create type",
    "create sequence",
    "create extension",
    "comment on",
    "grant",
    "insert into",
    "drop trigger",
];

/// What is never right, and what is instead.
const NEVER: &[(&str, &str)] = &[
    ("lock", "a lock on a table stops its hotel: leave locks to the statements that need them"),
    ("vacuum", "a migration is no time for it: leave it to autovacuum"),
    ("cluster", "it rewrites the table while nobody may use it"),
    ("reindex", "it stops all who use the index: build a new one CONCURRENTLY, then drop the old"),
    ("truncate", "it stops all who use the table: leave the rows to a job"),
    (
        "create domain",
        "adding a column of it rewrites the table: give the column a check of its own",
    ),
    ("refresh", "it reads whole tables: leave it to a job"),
    ("do", "what it does cannot be seen: write plain statements"),
    ("begin", "the file is one transaction already"),
    ("commit", "the file is one transaction: split it into two files"),
    ("rollback", "the file is one transaction"),
    ("savepoint", "the file is one transaction: split it into two files"),
    ("set", "how long to wait for locks is set by who runs it"),
    ("reset", "how long to wait for locks is set by who runs it"),
];

pub(super) fn check(statement: &Statement<'_>, around: &Surroundings<'_>) -> Vec<String> {
    let phrase = Phrase(&statement.words);
    let mut faults: Vec<String> =
        check_transaction(phrase, statement, around).into_iter().collect();
    faults.extend(alone::check(statement, around));
    let starts = |it: &str| {
        let mut rest = phrase;
        rest.eat(it).then_some(rest)
    };
    if starts("create table").is_some() || starts("create unlogged table").is_some() {
        faults.extend(create::check_table(statement, around));
    } else if let Some(rest) = starts("create index").or_else(|| starts("create unique index")) {
        faults.extend(create::check_index(statement, rest, around));
    } else if starts("alter table").is_some() {
        faults.extend(alter_table::check(statement, around));
    } else if starts("alter type").is_some_and(|it| it.has("add value")) {
        // Takes no lock on any table.
    } else if let Some(rest) = starts("update").or_else(|| starts("delete from")) {
        faults.extend(rows::check(rest, around));
    } else if let Some(rest) = starts("revoke") {
        faults.extend(revoke::check(rest, around));
    } else if starts("drop").is_some() && starts("drop trigger").is_none() {
        faults.extend(contract::check_drop(phrase, around));
    } else if let Some((_, why)) = NEVER.iter().find(|(it, _)| starts(it).is_some()) {
        faults.push((*why).to_owned());
    } else if !HARMLESS.iter().any(|it| starts(it).is_some()) {
        faults.push("nobody has said whether this is safe: teach the lint".to_owned());
    }
    faults
}

/// `CONCURRENTLY` needs a file of its own, and only it does.
fn check_transaction(
    phrase: Phrase<'_>,
    statement: &Statement<'_>,
    around: &Surroundings<'_>,
) -> Option<String> {
    let is_alone = around.statements.len() == 1;
    let is_marked = around.migration.sql.starts_with(NO_TRANSACTION);
    let is_drop = phrase.has("drop index concurrently");
    let is_concurrent = index_built_by(statement).is_some() || is_drop;
    if is_concurrent && !is_marked {
        return Some(format!("begin the file with `{NO_TRANSACTION}`: this cannot be in one"));
    }
    if is_marked && !(is_concurrent && is_alone) {
        return Some(format!(
            "a file that begins with `{NO_TRANSACTION}` holds one CREATE or DROP INDEX \
             CONCURRENTLY and nothing else: move this to another file"
        ));
    }
    None
}
