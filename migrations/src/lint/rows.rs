//! Changes of rows: few of a table in use, and those by name.

use super::{Phrase, Surroundings};

/// What is wrong with `UPDATE` or `DELETE FROM` this. Who changes one of the rows, too, waits until
/// the file has ended.
pub(super) fn check(mut rest: Phrase<'_>, around: &Surroundings<'_>) -> Option<String> {
    rest.eat("only");
    let table = rest.name();
    (around.is_in_use(&table) && !names_its_rows(rest)).then(|| {
        format!(
            "it may lock every row of `{table}` at once: leave it to a job that takes a few at a \
             time, or say `WHERE column = literal`"
        )
    })
}

/// Whether nothing but literals says which rows. Rows of another table might choose all of them.
fn names_its_rows(rest: Phrase<'_>) -> bool {
    if rest.has("from") || rest.has("using") {
        return false;
    }
    let Some(mut conditions) = rest.after("where") else { return false };
    while eat_equality(&mut conditions) {
        if conditions.0.is_empty() {
            return true;
        }
        if !conditions.eat("and") {
            return false;
        }
    }
    false
}

/// Takes `column = literal` or `column IN (literal, …)` off the beginning.
fn eat_equality(rest: &mut Phrase<'_>) -> bool {
    let is_column = rest.0.first().is_some_and(|it| !it.is_literal());
    rest.name();
    if !is_column {
        return false;
    }
    if rest.eat("=") {
        return rest.eat_literal();
    }
    if !rest.eat("in (") {
        return false;
    }
    while rest.eat_literal() {
        if !rest.eat(",") {
            return rest.eat(")");
        }
    }
    false
}
