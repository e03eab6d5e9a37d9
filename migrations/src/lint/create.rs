//! New tables, which say who may use them, and new indexes, which are built beside the traffic.

use std::collections::HashSet;

use super::{Migration, Phrase, Surroundings, alter_table};
use crate::{
    apply::index_built_by,
    statements::{self, Statement},
};

/// The table that a statement makes.
pub(super) fn table_made_by(statement: &Statement<'_>) -> Option<String> {
    let mut phrase = Phrase(&statement.words);
    if !phrase.eat("create table") && !phrase.eat("create unlogged table") {
        return None;
    }
    phrase.eat("if not exists");
    Some(phrase.name())
}

/// The tables and views that are there after these files.
pub(super) fn relations_of(migrations: &[Migration<'_>]) -> HashSet<String> {
    let mut relations = HashSet::new();
    for migration in migrations {
        for statement in statements::split(migration.sql) {
            let phrase = Phrase(&statement.words);
            relations.extend(table_made_by(&statement).or_else(|| view_made_by(phrase)));
            let mut dropped = phrase;
            if dropped.eat("drop table") || dropped.eat("drop view") {
                dropped.eat("if exists");
                for mut it in dropped.split_at_commas() {
                    relations.remove(&it.name());
                }
            }
            let (table, actions) = alter_table::read(&statement).unwrap_or_default();
            for mut action in actions {
                if action.eat("rename to") {
                    relations.remove(&table);
                    relations.insert(action.name());
                }
            }
        }
    }
    relations
}

fn view_made_by(mut phrase: Phrase<'_>) -> Option<String> {
    let is_view = phrase.eat("create view") || phrase.eat("create or replace view");
    is_view.then(|| phrase.name())
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
