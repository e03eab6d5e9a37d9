//! Aligned columns for people.

/// Rows of cells below a heading.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these columns.
    pub(crate) fn new(heading: &[&str]) -> Self {
        Self { rows: vec![heading.iter().map(|it| (*it).to_owned()).collect()] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|it| it.replace('\n', " ")).collect());
    }

    /// The table, or `empty` if it has no rows.
    pub(crate) fn or(&self, empty: &str) -> String {
        if self.rows.len() > 1 { aligned(&self.rows) } else { empty.to_owned() }
    }
}

/// Names with their values, a line each; those without a value are left out.
pub(crate) fn facts(pairs: &[(&str, Option<String>)]) -> String {
    let known = pairs.iter().filter_map(|(name, value)| {
        let value = value.as_ref().filter(|it| !it.is_empty())?;
        Some(vec![(*name).to_owned(), value.clone()])
    });
    aligned(&known.collect::<Vec<_>>())
}

fn aligned(rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (column, cell) in row.iter().enumerate() {
            let width = cell.chars().count();
            match widths.get_mut(column) {
                Some(it) => *it = (*it).max(width),
                None => widths.push(width),
            }
        }
    }
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["SLUG", "ROOMS"]);
        assert_eq!(table.or("no hotels"), "no hotels");
        table.row(["mandala".to_owned(), "20".to_owned()]);
        table.row(["é".to_owned(), String::new()]);
        assert_eq!(table.or(""), "SLUG     ROOMS\nmandala  20\né");
    }

    #[test]
    fn what_is_not_known_is_not_listed() {
        let shown = facts(&[("slug", Some("mandala".to_owned())), ("host", None)]);
        assert_eq!(shown, "slug  mandala");
    }
}
