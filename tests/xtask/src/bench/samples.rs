//! Times that were taken, and what is said about many of them.

use std::time::Duration;

/// Times in milliseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct Samples(Vec<f64>);

impl Samples {
    pub(super) fn add(&mut self, time: Duration) {
        self.add_ms(time.as_secs_f64() * 1000.0);
    }

    pub(super) fn add_ms(&mut self, ms: f64) {
        self.0.push(ms);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn raw(&self) -> &[f64] {
        &self.0
    }

    pub(super) fn p50(&self) -> f64 {
        self.at(500)
    }

    pub(super) fn p99(&self) -> f64 {
        self.at(990)
    }

    pub(super) fn max(&self) -> f64 {
        self.at(1000)
    }

    /// The value that so many of a thousand stay below, interpolated between its neighbours.
    fn at(&self, per_mille: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        let place = per_mille * sorted.len().saturating_sub(1);
        let value = |at: usize| sorted.get(at).copied().unwrap_or_default();
        let (low, next) = (place / 1000, (place / 1000 + 1).min(sorted.len().saturating_sub(1)));
        let share = (place % 1000) as f64 / 1000.0;
        value(low) + (value(next) - value(low)) * share
    }
}

impl FromIterator<f64> for Samples {
    fn from_iter<T: IntoIterator<Item = f64>>(times: T) -> Self {
        Self(times.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        let samples: Samples = [40.0, 10.0, 30.0, 20.0].into_iter().collect();
        assert_eq!((samples.p50(), samples.max()), (25.0, 40.0));
        assert!((samples.p99() - 39.7).abs() < 1e-9);
        assert_eq!(Samples::default().p99(), 0.0);
    }
}
