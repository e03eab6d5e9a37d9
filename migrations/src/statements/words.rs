//! The words of SQL: names, numbers, strings, signs.

/// A word and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Word<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: usize,
}

impl Word<'_> {
    /// Whether it is this keyword, however it is written.
    pub(crate) fn is(&self, keyword: &str) -> bool {
        self.text.eq_ignore_ascii_case(keyword)
    }

    /// The name that it stands for.
    pub(crate) fn name(&self) -> String {
        match self.text.strip_prefix('"').and_then(|it| it.strip_suffix('"')) {
            Some(quoted) => quoted.replace("\"\"", "\""),
            None => self.text.to_lowercase(),
        }
    }

    /// Whether it is a string or a number.
    pub(crate) fn is_literal(&self) -> bool {
        self.text.starts_with(|it: char| it == '\'' || it == '$' || it.is_ascii_digit())
    }
}

/// All words of `sql`; comments and blanks are left out.
pub(super) fn read(sql: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = sql.get(at..).filter(|it| !it.is_empty()) {
        let length = length_of_first(rest);
        let is_comment = rest.starts_with("--") || rest.starts_with("/*");
        let is_blank = rest.starts_with(char::is_whitespace);
        if !is_comment && !is_blank {
            words.push(Word { text: rest.get(..length).unwrap_or(rest), at });
        }
        at += length;
    }
    words
}

/// How long the first word, comment or blank of `rest` is; never nothing.
fn length_of_first(rest: &str) -> usize {
    let first = rest.chars().next().unwrap_or_default();
    let length = if rest.starts_with("--") {
        rest.find('\n')
    } else if rest.starts_with("/*") {
        length_of_comment(rest)
    } else if first == '\'' || first == '"' {
        length_of_quoted(rest, first)
    } else if first == '$' {
        length_of_dollar_quoted(rest)
    } else if first.is_alphanumeric() || first == '_' {
        rest.find(|it: char| !it.is_alphanumeric() && it != '_' && it != '$')
    } else {
        return first.len_utf8();
    };
    length.unwrap_or(rest.len())
}

fn length_of_comment(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    loop {
        let left = rest.get(at..)?;
        if left.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if left.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Some(at);
            }
        } else {
            at += left.chars().next()?.len_utf8();
        }
    }
}

/// Up to the closing quote; two of them in a row stand for one inside.
fn length_of_quoted(rest: &str, quote: char) -> Option<usize> {
    let mut at = 1;
    loop {
        at += rest.get(at..)?.find(quote)? + 1;
        if !rest.get(at..)?.starts_with(quote) {
            return Some(at);
        }
        at += 1;
    }
}

/// `$tag$ … $tag$`; a lone `$` is a sign.
fn length_of_dollar_quoted(rest: &str) -> Option<usize> {
    let inner = rest.get(1..)?;
    let tag_end = inner.find(|it: char| !it.is_alphanumeric() && it != '_');
    let Some(tag_end) = tag_end.filter(|it| inner.get(*it..).is_some_and(|it| it.starts_with('$')))
    else {
        return Some(1);
    };
    let tag = rest.get(..tag_end + 2)?;
    let body = rest.get(tag.len()..)?;
    Some(tag.len() + body.find(tag)? + tag.len())
}
