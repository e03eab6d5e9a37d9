//! Figures beside their references: as a table for people, as JSON for whoever compares runs.

use std::{collections::BTreeMap, path::Path};

use anyhow::{Context as _, Result};
use serde::Serialize;

use super::samples::Samples;
use crate::say;

/// What a ratio should come to.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Aim {
    AtMost(f64),
    AtLeast(f64),
}

impl Aim {
    fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtMost(limit) => ratio <= limit,
            Self::AtLeast(limit) => ratio >= limit,
        }
    }

    fn text(self) -> String {
        match self {
            Self::AtMost(limit) => format!("≤ {limit:.2}"),
            Self::AtLeast(limit) => format!("≥ {limit:.2}"),
        }
    }
}

/// What a figure is held against.
#[derive(Debug, Serialize)]
struct Reference {
    name: String,
    value: f64,
    /// Figure ÷ reference.
    ratio: f64,
    aim: Option<Aim>,
    met: Option<bool>,
}

/// One figure.
#[derive(Debug, Serialize)]
pub(super) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    reference: Option<Reference>,
}

impl Figure {
    pub(super) fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self { name: name.into(), value, unit, reference: None }
    }

    /// A time.
    pub(super) fn ms(name: impl Into<String>, value: f64) -> Self {
        Self::new(name, value, "ms")
    }

    /// Holds it against this.
    pub(super) fn beside(mut self, name: impl Into<String>, value: f64) -> Self {
        let ratio = if value > 0.0 { self.value / value } else { 0.0 };
        self.reference = Some(Reference { name: name.into(), value, ratio, aim: None, met: None });
        self
    }

    /// Says what the ratio should come to.
    pub(super) fn aiming(mut self, aim: Aim) -> Self {
        if let Some(reference) = &mut self.reference {
            reference.aim = Some(aim);
            reference.met = Some(aim.is_met(reference.ratio));
        }
        self
    }

    fn cells(&self) -> [String; 5] {
        let number = |value: f64| match self.unit {
            "ms" | "%" => format!("{value:.2} {}", self.unit),
            "hotels/s" | "MiB/s" => format!("{value:.1} {}", self.unit),
            unit => format!("{value:.0} {unit}").trim_end().to_owned(),
        };
        let mut cells =
            [self.name.clone(), number(self.value), String::new(), String::new(), String::new()];
        if let Some(it) = &self.reference {
            let aim = it.aim.map(|aim| {
                let verdict = if it.met == Some(true) { "met" } else { "MISSED" };
                format!("{}  {verdict}", aim.text())
            });
            let [_, _, reference, ratio, verdict] = &mut cells;
            *reference = format!("{}  {}", number(it.value), it.name);
            *ratio = format!("{:.2}", it.ratio);
            *verdict = aim.unwrap_or_default();
        }
        cells
    }
}

/// Everything one benchmark has to say.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    name: &'static str,
    profile: &'static str,
    cores: usize,
    figures: Vec<Figure>,
    notes: Vec<String>,
    /// Single measurements in milliseconds, in the order they were taken.
    samples: BTreeMap<String, Vec<f64>>,
}

impl Report {
    pub(super) fn new(name: &'static str, profile: &'static str) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { name, profile, cores, figures: vec![], notes: vec![], samples: BTreeMap::new() }
    }

    pub(super) fn add(&mut self, figure: Figure) {
        self.figures.push(figure);
    }

    /// Says how something was measured, or what a reader should know of it.
    pub(super) fn note(&mut self, text: impl Into<String>) {
        self.notes.push(text.into());
    }

    pub(super) fn keep_samples(&mut self, name: &str, samples: &Samples) {
        self.samples.insert(name.to_owned(), samples.raw().to_vec());
    }

    /// Prints the table.
    pub(super) fn show(&self) {
        let head = ["figure", "value", "reference", "ratio", "aim"].map(str::to_owned);
        let mut rows = vec![head];
        rows.extend(self.figures.iter().map(Figure::cells));
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).max().unwrap_or_default()
        };
        let [name_width, value_width, reference_width] = [0, 1, 2].map(width);
        say::line(format_args!("\n{}, {} profile, {} cores", self.name, self.profile, self.cores));
        for [name, value, reference, ratio, aim] in &rows {
            let line = format!(
                "  {name:<name_width$}  {value:>value_width$}  {reference:<reference_width$}  \
                 {ratio:>5}  {aim}"
            );
            say::line(line.trim_end());
        }
        for note in &self.notes {
            say::line(format_args!("  · {note}"));
        }
    }

    /// Writes `<name>.json` to `folder`.
    pub(super) fn keep(&self, folder: &Path) -> Result<()> {
        let file = folder.join(self.name).with_extension("json");
        std::fs::write(&file, serde_json::to_string_pretty(self)?)
            .with_context(|| format!("write {}", file.display()))?;
        say::line(format_args!("  written to {}\n", file.display()));
        Ok(())
    }
}
