//! Splits the text of a migration into statements and their words, as PostgreSQL would.
//!
//! Bodies of functions and other strings are one word each. Nested comments are understood, `E''`
//! strings and `U&` names are not: a migration has no need of them.

mod words;

pub(crate) use self::words::Word;

/// One statement of a migration.
#[derive(Debug)]
pub(crate) struct Statement<'a> {
    /// The line of the file in which its first word stands, from 1.
    pub(crate) line: usize,
    /// Its words, comments left out.
    pub(crate) words: Vec<Word<'a>>,
    /// Its text with the comments before it and inside.
    pub(crate) text: &'a str,
}

impl Statement<'_> {
    /// How it begins, for messages.
    pub(crate) fn beginning(&self) -> String {
        let mut text = String::new();
        for word in self.words.iter().take(6) {
            let is_close = matches!(word.text, ")" | "," | ".") || text.ends_with(['(', '.']);
            if !text.is_empty() && !is_close {
                text.push(' ');
            }
            text.extend(word.text.chars().take(40));
        }
        text
    }
}

/// The statements of `sql`, in order.
pub(crate) fn split(sql: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut from = 0;
    let mut words: Vec<Word<'_>> = Vec::new();
    let end = Word { text: ";", at: sql.len() };
    for word in words::read(sql).into_iter().chain([end]) {
        if word.text != ";" {
            words.push(word);
            continue;
        }
        let to = word.at;
        if let Some(first) = words.first() {
            let line = sql.get(..first.at).unwrap_or_default().matches('\n').count() + 1;
            let text = sql.get(from..to).unwrap_or_default();
            statements.push(Statement { line, words: std::mem::take(&mut words), text });
        }
        from = (to + 1).min(sql.len());
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_end_where_the_server_ends_them() {
        let sql = "-- a; b\nCREATE TABLE \"A;b\" (x text DEFAULT 'it''s; so');\n\n\
             CREATE FUNCTION f() AS $$ BEGIN; END; $$;/* c; /* d; */ */ DO $x$ $$; $x$";

        let found: Vec<(usize, String)> =
            split(sql).iter().map(|it| (it.line, it.beginning())).collect();

        assert_eq!(
            found,
            [
                (2, "CREATE TABLE \"A;b\" (x text".to_owned()),
                (4, "CREATE FUNCTION f () AS".to_owned()),
                (4, "DO $x$ $$; $x$".to_owned()),
            ]
        );
    }
}
