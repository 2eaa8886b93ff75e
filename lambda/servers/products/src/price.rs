//! Prices: whole cents inside, decimal numbers outside.

use std::fmt;

/// The one currency of the catalogue (ISO 4217).
pub const CURRENCY: &str = "USD";

/// A price in whole cents, so that totals are exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(pub u64);

/// A number that is no price.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NoPrice(pub f64);

impl fmt::Display for NoPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "must be a price from 0 to {} with at most two decimals, for example 199.99; got {}",
            Price(Price::MAX),
            self.0
        )
    }
}

impl std::error::Error for NoPrice {}

impl Price {
    /// The largest price that an argument may name, in cents: a million.
    const MAX: u64 = 100_000_000;

    /// The price of a decimal number such as 199.99.
    ///
    /// # Errors
    ///
    /// [`NoPrice`] for a negative number, one above a million, or one with fractions of a cent.
    pub fn from_decimal(number: f64) -> Result<Self, NoPrice> {
        let cents = (number * 100.0).round();
        // 199.99 has no exact binary fraction; a tenth of a thousandth of a cent is far below any third decimal.
        let is_whole = (number * 100.0 - cents).abs() < 1e-4;
        if !is_whole || !(0.0..=1e8).contains(&cents) {
            return Err(NoPrice(number));
        }
        // A whole number from 0 to a hundred million.
        Ok(Self(cents as u64))
    }

    /// The decimal number that JSON shows: the nearest one to the cents, which prints with at most two decimals.
    #[must_use]
    pub fn decimal(self) -> f64 {
        // Exact up to 2^53 cents, which is ninety trillion.
        self.0 as f64 / 100.0
    }

    /// The price of `quantity` pieces; `None` for more than fits.
    #[must_use]
    pub fn times(self, quantity: u64) -> Option<Self> {
        self.0.checked_mul(quantity).map(Self)
    }

    /// The sum; `None` for more than fits.
    #[must_use]
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }
}

impl fmt::Display for Price {
    /// With two decimals: `$199.99`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "${}.{:02}", self.0 / 100, self.0 % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_cents_survives_its_decimal_number() {
        for cents in (0..200_000).chain([99_999_999, 100_000_000]) {
            let price = Price(cents);
            assert_eq!(Price::from_decimal(price.decimal()), Ok(price));
            let shown = serde_json::to_string(&price.decimal()).unwrap();
            let decimals = shown
                .split_once('.')
                .map_or(0, |(_, decimals)| decimals.len());
            assert!(decimals <= 2, "{shown}");
        }
    }

    #[test]
    fn refuses_what_is_no_price() {
        for number in [-0.01, 1e9, 1.005, 0.001, f64::NAN, f64::INFINITY] {
            assert!(Price::from_decimal(number).is_err(), "{number}");
        }
        assert_eq!(
            NoPrice(1.005).to_string(),
            "must be a price from 0 to $1000000.00 with at most two decimals, for example 199.99; got 1.005"
        );
    }
}
