//! Changes of a table that is in use.

use super::{Phrase, Surroundings, constraint, contract};

/// Actions that read and write no rows.
const HARMLESS: &[&str] = &["replica identity", "set (", "reset ("];

pub(super) fn check(mut rest: Phrase<'_>, around: &Surroundings<'_>) -> Vec<String> {
    rest.eat("if exists");
    rest.eat("only");
    let table = rest.name();
    if !around.is_in_use(&table) {
        return Vec::new();
    }
    let actions = rest.split_at_commas();
    actions.into_iter().filter_map(|action| check_action(&table, action, around)).collect()
}

fn check_action(table: &str, mut action: Phrase<'_>, around: &Surroundings<'_>) -> Option<String> {
    let whole = action;
    if HARMLESS.iter().any(|it| action.eat(it)) {
        return None;
    }
    if action.eat("validate constraint") {
        return constraint::check_validation(&action.name(), around);
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
            "every row would be written to fill `{name}`: add it without this default, set the \
             default, and fill it by a job"
        )),
        None if column.has("not null") => Some(format!(
            "the rows that are there have no value for `{name}`: give it a constant default, or \
             add it without NOT NULL"
        )),
        Some(_) | None => None,
    }
}

/// Whether a default is the same for all rows and found without asking anything.
fn is_constant(default: Phrase<'_>) -> bool {
    // The time is that of the transaction, the same for all rows.
    const CONSTANTS: &[&str] =
        &["true", "false", "null", "current_timestamp", "current_date", "now"];
    let mut rest = default;
    rest.eat("-");
    let Some((first, after)) = rest.0.split_first() else { return false };
    if first.is_literal() {
        return true;
    }
    let is_array = first.is("array") && after.first().is_some_and(|it| it.text == "[");
    is_array || CONSTANTS.iter().any(|it| first.is(it))
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
    let harmless = ["set default", "drop default", "drop not null", "set statistics", "set ("];
    if harmless.iter().any(|it| action.eat(it)) {
        return None;
    }
    Some(format!("nobody has said whether this change of `{column}` is safe: teach the lint"))
}
