//! Counts the rows of a CSV stream as PostgreSQL writes it, piece by piece.

/// Counts records; a line's end inside quotes is none.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Records {
    in_quotes: bool,
    ends: u64,
}

impl Records {
    /// Takes the next piece.
    pub(super) fn add(&mut self, piece: &[u8]) {
        for byte in piece {
            match byte {
                // A quote inside a value is doubled, so twice no change.
                b'"' => self.in_quotes = !self.in_quotes,
                b'\n' if !self.in_quotes => self.ends += 1,
                _ => {}
            }
        }
    }

    /// How many there were below the header.
    pub(super) const fn rows(self) -> u64 {
        self.ends.saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_inside_values_are_no_rows() {
        let csv = b"id,note\n1,plain\n2,\"two\nlines, \"\"quoted\"\"\n\"\n3,\"\"\n";
        for size in 1..csv.len() {
            let mut records = Records::default();
            csv.chunks(size).for_each(|it| records.add(it));
            assert_eq!(records.rows(), 3, "in pieces of {size}");
        }
        assert_eq!(Records::default().rows(), 0);
    }
}
