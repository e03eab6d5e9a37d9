//! What a night costs, split into base, service charge and tax.
//!
//! The split is made once, per night, in whole rupiah, and stored: splitting an inclusive price
//! again from its parts is off by a rupiah for one price in six. A quote and a booking use this
//! same function on the same nights.

use hotelhub_core::money::Rupiah;
use serde::Serialize;
use utoipa::ToSchema;

const WHOLE: i64 = 10_000;

/// The rates that apply to one night, in basis points (1,000 are 10 %).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NightRates {
    /// Whether the amount contains service charge and tax.
    pub(crate) inclusive: bool,
    pub(crate) service_bp: i32,
    pub(crate) tax_bp: i32,
}

/// The price of one night. The parts add up to what the guest pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NightPrice {
    #[schema(value_type = i64)]
    pub(crate) base_idr: Rupiah,
    #[schema(value_type = i64)]
    pub(crate) service_idr: Rupiah,
    #[schema(value_type = i64)]
    pub(crate) tax_idr: Rupiah,
}

impl NightPrice {
    /// Splits the amount of one night. The tax (PBJT) is on base and service charge together
    /// (UU 1/2022, Art. 58: the amount that the guest pays).
    ///
    /// `None` if the amount is too large to be calculated with.
    pub(crate) fn split(amount: Rupiah, rates: NightRates) -> Option<Self> {
        let (service_bp, tax_bp) = (i64::from(rates.service_bp), i64::from(rates.tax_bp));
        if rates.inclusive {
            let tax_idr = amount.scaled(tax_bp, WHOLE + tax_bp)?;
            let service_idr = (amount - tax_idr).scaled(service_bp, WHOLE + service_bp)?;
            Some(Self { base_idr: amount - tax_idr - service_idr, service_idr, tax_idr })
        } else {
            let service_idr = amount.scaled(service_bp, WHOLE)?;
            let tax_idr = (amount + service_idr).scaled(tax_bp, WHOLE)?;
            Some(Self { base_idr: amount, service_idr, tax_idr })
        }
    }

    pub(crate) fn total(self) -> Rupiah {
        self.base_idr + self.service_idr + self.tax_idr
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn split(amount: i64, inclusive: bool, service_bp: i32, tax_bp: i32) -> (i64, i64, i64) {
        let rates = NightRates { inclusive, service_bp, tax_bp };
        let price = NightPrice::split(Rupiah::new(amount), rates).unwrap();
        (price.base_idr.whole(), price.service_idr.whole(), price.tax_idr.whole())
    }

    #[test]
    fn published_examples_come_out() {
        assert_eq!(split(300_000, true, 500, 1_000), (259_740, 12_987, 27_273));
        assert_eq!(split(1_000_000, true, 1_000, 1_000), (826_446, 82_645, 90_909));
        assert_eq!(split(100_000, false, 1_000, 1_000), (100_000, 10_000, 11_000));
    }

    proptest! {
        #[test]
        fn an_inclusive_price_is_the_sum_of_its_parts(
            amount in 1_i64..10_000_000_000, service_bp in 0..3_000_i32, tax_bp in 0..7_500_i32,
        ) {
            let (base, service, tax) = split(amount, true, service_bp, tax_bp);
            prop_assert_eq!(base + service + tax, amount);
            prop_assert!(base >= 0 && service >= 0 && tax >= 0);
        }
    }
}
