//! Constraints: first for new rows, later, in a migration of its own, for those that are there.

use super::{Phrase, Surroundings};
use crate::statements;

/// How a constraint may begin.
const KINDS: &[&str] = &["constraint", "check", "foreign key", "unique", "primary key", "exclude"];

pub(super) fn is_one(mut action: Phrase<'_>) -> bool {
    KINDS.iter().any(|it| action.eat(it))
}

/// What is wrong with `ADD` this.
pub(super) fn check(mut action: Phrase<'_>) -> Option<String> {
    if action.eat("constraint") {
        action.name();
    }
    if action.eat("check") || action.eat("foreign key") {
        return (!action.has("not valid")).then(|| {
            "every row would be looked at: add it NOT VALID, and VALIDATE it in the next file"
                .to_owned()
        });
    }
    if action.eat("exclude") {
        return Some("an exclusion cannot be added to a table in use: make a new table".to_owned());
    }
    (!action.has("using index")).then(|| {
        "its index would be built while nobody may write: build a unique one CONCURRENTLY, and \
         add the constraint USING INDEX in the next file"
            .to_owned()
    })
}

/// In the file that adds it, the lock of the addition would last as long as the validation.
pub(super) fn check_validation(name: &str, around: &Surroundings<'_>) -> Option<String> {
    let is_new = around.statements.iter().any(|statement| {
        let added = Phrase(&statement.words).after("add constraint");
        added.is_some_and(|mut it| it.name() == name)
    });
    is_new
        .then(|| format!("validate `{name}` in the next file: here the lock of ADD is still held"))
}

/// The server skips the look at all rows if a valid constraint says it already.
pub(super) fn check_not_null(
    table: &str,
    column: &str,
    around: &Surroundings<'_>,
) -> Option<String> {
    let mut checks = Vec::new();
    let mut is_proven = false;
    for migration in around.earlier {
        for statement in statements::split(migration.sql) {
            let mut phrase = Phrase(&statement.words);
            if !phrase.eat("alter table") || phrase.name() != table {
                continue;
            }
            for action in phrase.split_at_commas() {
                if let Some(mut added) = action.after("add constraint") {
                    let name = added.name();
                    if added.has(&format!("{column} is not null")) {
                        checks.push(name);
                    }
                } else if let Some(mut validated) = action.after("validate constraint") {
                    is_proven |= checks.contains(&validated.name());
                }
            }
        }
    }
    (!is_proven).then(|| {
        format!(
            "every row would be looked at: in an earlier file ADD CONSTRAINT … CHECK ({column} IS \
             NOT NULL) NOT VALID, in the next one VALIDATE it, then this"
        )
    })
}
