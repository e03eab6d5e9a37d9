//! A run of words, read from its beginning.

use crate::statements::Word;

/// Words that are still to be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Phrase<'a>(pub(super) &'a [Word<'a>]);

impl<'a> Phrase<'a> {
    /// Takes these keywords off the beginning, if they are there.
    pub(super) fn eat(&mut self, keywords: &str) -> bool {
        let mut rest = self.0;
        for keyword in keywords.split(' ') {
            match rest.split_first() {
                Some((first, after)) if first.is(keyword) => rest = after,
                _ => return false,
            }
        }
        self.0 = rest;
        true
    }

    /// Takes a name off the beginning, without its schema.
    pub(super) fn name(&mut self) -> String {
        let mut name = String::new();
        while let Some((first, rest)) = self.0.split_first() {
            self.0 = rest;
            name = first.name();
            if !self.eat(".") {
                break;
            }
        }
        name
    }

    /// Takes a string or a number off the beginning, with its sign and its casts.
    pub(super) fn eat_literal(&mut self) -> bool {
        let mut rest = *self;
        if !rest.eat("-") {
            rest.eat("+");
        }
        let Some((_, after)) = rest.0.split_first().filter(|(first, _)| first.is_literal()) else {
            return false;
        };
        rest = Self(after);
        if rest.eat(".") {
            rest.name();
        }
        rest.eat_casts();
        *self = rest;
        true
    }

    /// Takes `::numeric(10, 2)` and the like off the beginning.
    pub(super) fn eat_casts(&mut self) {
        while self.eat(": :") {
            self.name();
            if !self.eat("precision") {
                self.eat("varying");
            }
            if self.eat("(") {
                *self = self.after(")").unwrap_or(*self);
            }
            if !self.eat("with time zone") {
                self.eat("without time zone");
            }
            while self.eat("[ ]") {}
        }
    }

    /// What comes before this keyword; everything if it is nowhere.
    pub(super) fn until(self, keyword: &str) -> Self {
        let end = self.0.iter().position(|it| it.is(keyword)).unwrap_or(self.0.len());
        Self(self.0.get(..end).unwrap_or_default())
    }

    /// Whether these keywords come next to each other somewhere.
    pub(super) fn has(self, keywords: &str) -> bool {
        (0..self.0.len()).any(|from| Self(self.0.get(from..).unwrap_or_default()).eat(keywords))
    }

    /// What comes after these keywords, if they are somewhere.
    pub(super) fn after(self, keywords: &str) -> Option<Self> {
        (0..self.0.len()).find_map(|from| {
            let mut rest = Self(self.0.get(from..).unwrap_or_default());
            rest.eat(keywords).then_some(rest)
        })
    }

    /// The parts between commas that stand in no parentheses.
    pub(super) fn split_at_commas(self) -> Vec<Phrase<'a>> {
        let mut depth = 0_i32;
        let is_comma = |word: &Word<'_>| {
            depth += match word.text {
                "(" | "[" => 1,
                ")" | "]" => -1,
                _ => 0,
            };
            depth == 0 && word.text == ","
        };
        self.0.split(is_comma).map(Phrase).collect()
    }
}
