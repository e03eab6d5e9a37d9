//! What is taken away was let go of before: by a release that is older than the migration.

use super::{Phrase, Surroundings};

/// What is dropped with a name that the programs may use.
const NAMED: &[&str] = &["table", "view", "materialized view", "function", "procedure", "type"];

pub(super) fn check_drop(mut phrase: Phrase<'_>, around: &Surroundings<'_>) -> Vec<String> {
    phrase.eat("drop");
    if phrase.eat("index") {
        return check_index(phrase, around);
    }
    if !NAMED.iter().any(|it| phrase.eat(it)) {
        return vec!["nobody has said whether this is safe: teach the lint".to_owned()];
    }
    phrase.eat("if exists");
    let names = phrase.split_at_commas().into_iter().map(|mut it| it.name());
    names.filter(|it| around.is_in_use(it)).filter_map(|it| check(&it, around)).collect()
}

/// An index may be what a statement's `ON CONFLICT` or its speed relies on.
fn check_index(mut phrase: Phrase<'_>, around: &Surroundings<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    if !phrase.eat("concurrently") {
        faults.push(
            "nobody can use the table until it gets its lock: DROP INDEX CONCURRENTLY, in a file \
             of its own"
                .to_owned(),
        );
    }
    if !phrase.eat("if exists") {
        faults.push(
            "say IF EXISTS: a try that was killed after the drop would fail each time that it \
             comes again"
                .to_owned(),
        );
    }
    let names = phrase.split_at_commas().into_iter().map(|mut it| it.name());
    faults.extend(names.filter_map(|it| check(&it, around)));
    faults
}

/// What is wrong with taking away the default of a column, which the last release may leave out of
/// what it inserts, however often it names it.
pub(super) fn check_default(column: &str, around: &Surroundings<'_>) -> Option<String> {
    check(&format!("DEFAULT OF {column}"), around)
}

/// What is wrong with taking `name` away.
pub(super) fn check(name: &str, around: &Surroundings<'_>) -> Option<String> {
    if let Some(source) = around.sources.iter().find(|it| mentions(it, name)) {
        let line = source.lines().find(|it| mentions(it, name)).unwrap_or_default().trim();
        return Some(format!(
            "`{name}` is still used, in `{line}`: let go of it first, and drop it a release later"
        ));
    }
    let version = around.migration.version;
    let since = around.migration.sql.lines().find_map(|line| read_comment(line, name));
    match since {
        Some(since) if since < version => None,
        Some(_) => Some(format!("`{name}` has to be unused since before V{version}")),
        None => Some(format!(
            "the last release may use `{name}`: once it does not, say `-- contract: {name} unused \
             since V…`"
        )),
    }
}

/// The version in `-- contract: name unused since V7`.
fn read_comment(line: &str, name: &str) -> Option<i32> {
    let (named, since) = line.trim().strip_prefix("-- contract:")?.split_once("unused since V")?;
    (named.trim() == name).then(|| since.trim().parse().ok()).flatten()
}

/// Whether `text` has `name` as a whole word.
fn mentions(text: &str, name: &str) -> bool {
    let is_inside = |it: char| it.is_alphanumeric() || it == '_';
    text.split(|it| !is_inside(it)).any(|it| it == name)
}
