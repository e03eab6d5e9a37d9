//! New tables, which say who may use them, and new indexes, which are built beside the traffic.

use super::{Phrase, Surroundings};
use crate::{apply::index_built_by, statements::Statement};

/// The table that a statement makes.
pub(super) fn table_made_by(statement: &Statement<'_>) -> Option<String> {
    let mut phrase = Phrase(&statement.words);
    if !phrase.eat("create table") && !phrase.eat("create unlogged table") {
        return None;
    }
    phrase.eat("if not exists");
    Some(phrase.name())
}

pub(super) fn check_table(statement: &Statement<'_>, around: &Surroundings<'_>) -> Option<String> {
    let table = table_made_by(statement)?;
    let is_granted = around.statements.iter().any(|it| is_grant_on(it, &table));
    let is_explained = statement.text.lines().any(|line| {
        let why = line.trim().strip_prefix("-- no grant:");
        why.is_some_and(|it| !it.trim().is_empty())
    });
    (!is_granted && !is_explained).then(|| {
        format!(
            "say what the hotel's login may do: `GRANT … ON {table} TO hotel_app`, or \
             `-- no grant: why` before it"
        )
    })
}

fn is_grant_on(statement: &Statement<'_>, table: &str) -> bool {
    let phrase = Phrase(&statement.words);
    let Some(mut rest) = Some(phrase).filter(|it| it.has("grant")).and_then(|it| it.after("on"))
    else {
        return false;
    };
    rest.eat("table");
    let tables = rest.split_at_commas();
    tables.into_iter().any(|mut it| it.name() == table)
}

pub(super) fn check_index(
    statement: &Statement<'_>,
    rest: Phrase<'_>,
    around: &Surroundings<'_>,
) -> Option<String> {
    let mut on = rest.after("on")?;
    on.eat("only");
    let table = on.name();
    if !around.is_in_use(&table) {
        return None;
    }
    if !rest.has("concurrently") {
        return Some(format!(
            "`{table}` cannot be written to while its index is built: CREATE INDEX CONCURRENTLY, \
             in a file of its own"
        ));
    }
    if index_built_by(statement).is_none() {
        return Some("name the index, so that what a broken try leaves is found".to_owned());
    }
    rest.has("if not exists").then(|| {
        "leave IF NOT EXISTS out: it takes an index that a broken try left for a whole one"
            .to_owned()
    })
}
