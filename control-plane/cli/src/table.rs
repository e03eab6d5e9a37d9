//! Aligned columns for people.

/// Letters of a cell that others stand beside: one long error would push the rest off the screen.
const WIDEST: usize = 100;

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

    /// Adds a row. Long sentences are cut but in the last column, which pushes nothing away.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let mut cells: Vec<_> = cells.into_iter().map(|it| it.replace('\n', " ")).collect();
        if let Some((_last, beside)) = cells.split_last_mut() {
            beside.iter_mut().for_each(|it| *it = brief(it));
        }
        self.rows.push(cells);
    }

    /// The table, or `empty` if it has no rows.
    pub(crate) fn or(&self, empty: &str) -> String {
        if self.rows.len() > 1 { aligned(&self.rows) } else { empty.to_owned() }
    }
}

/// The beginning of a long sentence. A single word is a name that somebody may type: it stays whole.
pub(crate) fn brief(text: &str) -> String {
    if text.chars().count() <= WIDEST || !text.contains(' ') {
        return text.to_owned();
    }
    let kept: String = text.chars().take(WIDEST - 1).collect();
    format!("{}…", kept.trim_end())
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
    fn a_long_sentence_is_cut_where_others_stand_beside_it() {
        let (sentence, name) = ("no room ".repeat(300), "a".repeat(253));
        let mut table = Table::new(&["WHY", "NAME", "LOOK"]);
        table.row([sentence.clone(), name.clone(), sentence.clone()]);
        let shown = table.or("");
        let row = shown.lines().nth(1).unwrap();
        let (why, rest) = row.split_once('…').unwrap();
        assert!(why.starts_with("no room no room") && why.chars().count() < WIDEST, "{why}");
        assert!(rest.contains(&name) && rest.ends_with(sentence.trim_end()), "{rest}");
    }

    #[test]
    fn what_is_not_known_is_not_listed() {
        let shown = facts(&[("slug", Some("mandala".to_owned())), ("host", None)]);
        assert_eq!(shown, "slug  mandala");
    }
}
