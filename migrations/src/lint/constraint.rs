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

/// Whether it looks at all rows, which takes its time and holds up nobody.
pub(super) fn is_validation(mut action: Phrase<'_>) -> bool {
    action.eat("validate constraint")
}

/// A statement takes the lock that the strictest of its actions needs, for all of them.
pub(super) fn check_validation(table: &str, actions: &[Phrase<'_>]) -> Option<String> {
    let validations = actions.iter().filter(|it| is_validation(**it)).count();
    (validations > 0 && validations < actions.len()).then(|| {
        format!(
            "nobody could use `{table}` while its rows are looked at: VALIDATE in a file of its \
             own, the next one"
        )
    })
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
