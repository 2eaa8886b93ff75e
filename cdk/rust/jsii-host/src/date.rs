//! Points in time as JavaScript has them.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::{Error, FromWire, IntoArg, Result, ToWire};

const DAY: i64 = 86_400_000;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, like a JavaScript `Date`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i64);

impl Date {
    /// From milliseconds since the epoch; negative before it.
    #[must_use]
    pub const fn from_unix_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn unix_millis(self) -> i64 {
        self.0
    }

    /// Parses the form that JavaScript writes, `2026-11-20T19:30:00.000Z`, with or without a fraction, and
    /// with `Z` or an offset such as `+01:00`. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (date, time) = text.split_once('T')?;
        let (sign, date) = match date.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, date.strip_prefix('+').unwrap_or(date)),
        };
        let mut fields = date.split('-').map(str::parse::<i64>);
        let (year, month, day) = (
            fields.next()?.ok()? * sign,
            fields.next()?.ok()?,
            fields.next()?.ok()?,
        );
        let zone_at = time.find(['Z', '+', '-'])?;
        let (clock, zone) = time.split_at(zone_at);
        let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
        let mut parts = clock.split(':').map(str::parse::<i64>);
        let (hour, minute) = (parts.next()?.ok()?, parts.next()?.ok()?);
        let second = parts.next().unwrap_or(Ok(0)).ok()?;
        let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
        let offset = match zone.strip_prefix(['+', '-']) {
            None => 0,
            Some(rest) => {
                let (hours, minutes) = rest.split_once(':')?;
                let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
                if zone.starts_with('-') {
                    -minutes
                } else {
                    minutes
                }
            }
        };
        let in_range = (1..=12).contains(&month)
            && (1..=31).contains(&day)
            && hour < 25
            && minute < 60
            && second < 61;
        in_range.then(|| {
            Self(
                days_from_civil(year, month, day) * DAY
                    + ((hour * 60 + minute - offset) * 60 + second) * 1000
                    + millis,
            )
        })
    }
}

/// Days since the epoch of a date in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted_month + 2) / 5 + 1)
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(DAY));
        let millis = self.0.rem_euclid(DAY);
        let (hour, minute) = (millis / 3_600_000, millis / 60_000 % 60);
        let (second, fraction) = (millis / 1000 % 60, millis % 1000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:03}Z"
        )
    }
}

impl From<SystemTime> for Date {
    fn from(time: SystemTime) -> Self {
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        match time.duration_since(UNIX_EPOCH) {
            Ok(after) => Self(millis(after)),
            Err(before) => Self(-millis(before.duration())),
        }
    }
}

impl ToWire for Date {
    fn to_wire(&self) -> Result<Value> {
        Ok(json!({ "$jsii.date": self.to_string() }))
    }
}

impl FromWire for Date {
    fn from_wire(value: Value) -> Result<Self> {
        value
            .get("$jsii.date")
            .and_then(Value::as_str)
            .and_then(Self::parse)
            .ok_or_else(|| Error::wrong_type("date", &value))
    }
}

impl IntoArg<Date> for Date {
    fn into_arg(self) -> Result<Value> {
        self.to_wire()
    }
}

impl IntoArg<Date> for SystemTime {
    fn into_arg(self) -> Result<Value> {
        Date::from(self).to_wire()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_and_reads_the_form_of_javascript() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        ] {
            assert_eq!(Date::from_unix_millis(millis).to_string(), text);
            assert_eq!(Date::parse(text), Some(Date::from_unix_millis(millis)));
        }
        assert_eq!(
            Date::parse("2000-02-29T01:00:00+01:00"),
            Date::parse("2000-02-29T00:00:00Z")
        );
        assert_eq!(Date::parse("2000-13-01T00:00:00Z"), None);
        assert_eq!(Date::parse("yesterday"), None);
    }
}
