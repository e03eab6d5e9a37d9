//! Changes of a table that is in use.

use super::{Phrase, Surroundings, constraint, contract};
use crate::statements::Statement;

/// Actions that read and write no rows.
const HARMLESS: &[&str] = &["replica identity", "set (", "reset ("];

pub(super) fn check(statement: &Statement<'_>, around: &Surroundings<'_>) -> Vec<String> {
    let Some((table, actions)) = read(statement).filter(|(table, _)| around.is_in_use(table))
    else {
        return Vec::new();
    };
    let mut faults: Vec<String> =
        actions.iter().filter_map(|action| check_action(&table, *action, around)).collect();
    faults.extend(constraint::check_validation(&table, &actions));
    faults
}

/// The table that `ALTER TABLE` changes, and what it does to it.
pub(super) fn read<'a>(statement: &'a Statement<'_>) -> Option<(String, Vec<Phrase<'a>>)> {
    let mut rest = Phrase(&statement.words);
    if !rest.eat("alter table") {
        return None;
    }
    rest.eat("if exists");
    rest.eat("only");
    Some((rest.name(), rest.split_at_commas()))
}

fn check_action(table: &str, mut action: Phrase<'_>, around: &Surroundings<'_>) -> Option<String> {
    let whole = action;
    if HARMLESS.iter().any(|it| action.eat(it)) || constraint::is_validation(action) {
        return None;
    }
    if action.eat("drop column") || action.eat("drop constraint") {
        action.eat("if exists");
        return contract::check(&action.name(), around);
    }
    if action.eat("rename") {
        return check_rename(table, action, around);
    }
    if action.eat("add") {
        return if constraint::is_one(action) {
            constraint::check(action)
        } else {
            action.eat("column");
            action.eat("if not exists");
            check_new_column(action)
        };
    }
    if action.eat("alter") {
        action.eat("column");
        return check_column(table, action, around);
    }
    if action.eat("drop") {
        // `DROP name` is a column, too.
        return contract::check(&action.name(), around);
    }
    let words: Vec<&str> = whole.0.iter().take(3).map(|it| it.text).collect();
    Some(format!("nobody has said whether `{}` is safe: teach the lint", words.join(" ")))
}

fn check_rename(table: &str, mut action: Phrase<'_>, around: &Surroundings<'_>) -> Option<String> {
    if action.eat("to") {
        return contract::check(table, around);
    }
    if !action.eat("column") {
        action.eat("constraint");
    }
    contract::check(&action.name(), around)
}

/// A column that comes without values to be computed or looked at.
fn check_new_column(mut column: Phrase<'_>) -> Option<String> {
    let name = column.name();
    let kind = column.0.first().map(|it| it.text.to_lowercase()).unwrap_or_default();
    if kind.contains("serial") || column.has("generated") {
        return Some(format!(
            "every row would be written to fill `{name}`: add it empty, and fill it by a job"
        ));
    }
    for (keywords, constraint) in [
        ("check", "ADD CONSTRAINT … CHECK … NOT VALID"),
        ("references", "ADD CONSTRAINT … FOREIGN KEY … NOT VALID"),
        ("unique", "a unique index CONCURRENTLY, and ADD CONSTRAINT … USING INDEX"),
        ("primary key", "a unique index CONCURRENTLY, and ADD CONSTRAINT … USING INDEX"),
    ] {
        if column.has(keywords) {
            return Some(format!(
                "every row would be looked at: add `{name}` alone, then {constraint}"
            ));
        }
    }
    match column.after("default") {
        Some(default) if !is_constant(default) => Some(format!(
            "every row would be written to fill `{name}`: let the default be one constant, or \
             add it without, set the default, and fill it by a job"
        )),
        None if column.has("not null") => Some(format!(
            "the rows that are there have no value for `{name}`: give it a constant default, or \
             add it without NOT NULL"
        )),
        Some(_) | None => None,
    }
}

/// Whether a default is one value that is the same for all rows, up to the end of the column.
fn is_constant(mut default: Phrase<'_>) -> bool {
    // The time is that of the transaction, the same for all rows.
    const CONSTANTS: &[&str] =
        &["true", "false", "null", "current_timestamp", "current_date", "now ( )"];
    if !default.eat_literal() && !CONSTANTS.iter().any(|it| default.eat(it)) {
        return false;
    }
    default.eat_casts();
    if default.eat("constraint") {
        default.name();
    }
    if !default.eat("not null") {
        default.eat("null");
    }
    default.0.is_empty()
}

fn check_column(table: &str, mut action: Phrase<'_>, around: &Surroundings<'_>) -> Option<String> {
    let column = action.name();
    if action.eat("type") || action.eat("set data type") {
        return Some(format!(
            "the whole table would be rewritten: add another column, write to both, fill it by a \
             job, and drop `{column}` in a later release"
        ));
    }
    if action.eat("set not null") {
        return constraint::check_not_null(table, &column, around);
    }
    if action.eat("drop default") || action.eat("set default null") {
        return contract::check_default(&column, around);
    }
    let harmless = ["set default", "drop not null", "set statistics", "set ("];
    if harmless.iter().any(|it| action.eat(it)) {
        return None;
    }
    Some(format!("nobody has said whether this change of `{column}` is safe: teach the lint"))
}
