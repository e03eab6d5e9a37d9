//! Money: whole rupiah as an integer. No float touches it.

use std::{fmt, iter::Sum, ops::Add};

use serde::{Deserialize, Serialize};

use crate::numbers::grouped;

/// An amount in whole Indonesian rupiah.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    postgres_types::ToSql,
    postgres_types::FromSql,
)]
#[serde(transparent)]
#[postgres(transparent)]
pub struct Rupiah(i64);

impl Rupiah {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `whole` rupiah.
    #[must_use]
    pub const fn new(whole: i64) -> Self {
        Self(whole)
    }

    /// The number of whole rupiah.
    #[must_use]
    pub const fn whole(self) -> i64 {
        self.0
    }

    /// `self × numerator ÷ denominator`, rounded half away from zero.
    ///
    /// Rates are given in basis points (10 % = 1,000 of 10,000). `None` if the denominator is not
    /// positive or the result does not fit.
    #[must_use]
    pub fn scaled(self, numerator: i64, denominator: i64) -> Option<Self> {
        if denominator <= 0 {
            return None;
        }
        let product = i128::from(self.0) * i128::from(numerator);
        let denominator = i128::from(denominator);
        let half = denominator / 2 * product.signum();
        i64::try_from((product + half) / denominator).ok().map(Self)
    }

    /// The written form with `mark` between thousands, e.g. `Rp1,250,000`.
    #[must_use]
    pub fn written(self, mark: char) -> String {
        let number = grouped(self.0, mark);
        match number.strip_prefix('-') {
            Some(amount) => format!("-Rp{amount}"),
            None => format!("Rp{number}"),
        }
    }
}

impl Add for Rupiah {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Rupiah {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Rupiah {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// The Indonesian written form, `Rp1.250.000`.
impl fmt::Display for Rupiah {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_written_the_indonesian_way_unless_another_mark_is_wanted() {
        assert_eq!(Rupiah::new(1_250_000).to_string(), "Rp1.250.000");
        assert_eq!(Rupiah::new(999).to_string(), "Rp999");
        assert_eq!(Rupiah::new(-1_000).to_string(), "-Rp1.000");
        assert_eq!(Rupiah::new(-1_250_000).written(','), "-Rp1,250,000");
    }

    #[test]
    fn scaling_rounds_half_away_from_zero() {
        assert_eq!(Rupiah::new(5).scaled(1_000, 10_000), Some(Rupiah::new(1)));
        assert_eq!(Rupiah::new(4).scaled(1_000, 10_000), Some(Rupiah::new(0)));
        assert_eq!(Rupiah::new(-5).scaled(1_000, 10_000), Some(Rupiah::new(-1)));
        assert_eq!(Rupiah::new(i64::MAX).scaled(2, 1), None);
        assert_eq!(Rupiah::new(1).scaled(1, 0), None);
    }
}
