//! What takes its time is alone with the tables in use: the locks that other statements of its file
//! took would be held meanwhile.

use super::{Phrase, Surroundings, alter_table, constraint};
use crate::statements::Statement;

pub(super) fn check(statement: &Statement<'_>, around: &Surroundings<'_>) -> Option<String> {
    if !takes_time(statement) || !touches_what_is_in_use(statement, around) {
        return None;
    }
    let mut others = around.statements.iter().filter(|it| !std::ptr::eq(*it, statement));
    let other = others.find(|it| touches_what_is_in_use(it, around))?;
    Some(format!(
        "it takes its time, and the locks of line {}, `{}`, are held until both have ended: move it \
         to a file of its own, the next one",
        other.line,
        other.beginning()
    ))
}

/// Whether it may read or write many rows.
fn takes_time(statement: &Statement<'_>) -> bool {
    let phrase = Phrase(&statement.words);
    let starts = |it: &str| {
        let mut rest = phrase;
        rest.eat(it)
    };
    if let Some((_, actions)) = alter_table::read(statement) {
        return actions.into_iter().any(constraint::is_validation);
    }
    if starts("insert into") {
        return phrase.has("select") || phrase.has("table");
    }
    if starts("create table") || starts("create unlogged table") {
        return phrase.has("select") || phrase.has("as table");
    }
    starts("update") || starts("delete from")
}

/// Whether it names a table or a view that was there before this file.
fn touches_what_is_in_use(statement: &Statement<'_>, around: &Surroundings<'_>) -> bool {
    statement.words.iter().any(|it| around.relations.contains(&it.name()))
}
