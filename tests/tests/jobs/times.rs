//! What a test says about times: a share of them, sorted, and printed for whoever reads the run.

/// The value below which so many percent of `values` lie; 0 if there is none.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last * percent).div_ceil(100)).copied().unwrap_or_default()
}

/// Half of them are shorter.
pub(crate) fn median(values: &[f64]) -> f64 {
    percentile(values, 50)
}
