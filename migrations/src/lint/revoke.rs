//! Rights that are taken back: like what is dropped, they were let go of before.

use super::{Phrase, Surroundings, contract};

/// What rights are for beside tables.
const OTHER_OBJECTS: &[&str] = &[
    "all tables in schema",
    "all sequences in schema",
    "all functions in schema",
    "function",
    "procedure",
    "routine",
    "schema",
    "sequence",
    "type",
    "domain",
    "language",
    "database",
];

/// What is wrong with `REVOKE` this.
pub(super) fn check(rest: Phrase<'_>, around: &Surroundings<'_>) -> Vec<String> {
    let Some(mut objects) = rest.after("on").map(|it| it.until("from")) else {
        let roles = rest.until("from").split_at_commas();
        return roles
            .into_iter()
            .filter_map(|mut it| contract::check(&it.name(), around))
            .collect();
    };
    let rights = rest.until("on");
    let is_other = OTHER_OBJECTS.iter().any(|it| objects.eat(it));
    objects.eat("table");
    let names = objects.split_at_commas().into_iter().map(|mut it| it.name());
    if is_other {
        let old = names.filter(|it| !makes_function(around, it));
        return old.filter_map(|it| contract::check(&it, around)).collect();
    }
    let in_use = names.filter(|it| around.is_in_use(it));
    in_use.flat_map(|it| check_table(rights, &it, around)).collect()
}

/// Who may not read a table cannot use it at all. The other rights are taken one by one, and the
/// comment calls them `DELETE ON rooms`: no search of the sources can tell that nobody deletes.
fn check_table(rights: Phrase<'_>, table: &str, around: &Surroundings<'_>) -> Vec<String> {
    if rights.has("all") || rights.has("select") {
        return contract::check(table, around).into_iter().collect();
    }
    let rights = rights.split_at_commas().into_iter().filter_map(|it| it.0.first());
    rights
        .map(|it| format!("{} ON {table}", it.text.to_uppercase()))
        .filter_map(|it| contract::check(&it, around))
        .collect()
}

/// Whether this file makes the function: nobody can have used it yet.
fn makes_function(around: &Surroundings<'_>, name: &str) -> bool {
    around.statements.iter().any(|it| {
        let mut phrase = Phrase(&it.words);
        phrase.eat("create function") && phrase.name() == name
    })
}
