//! How much of the service a tenant may have.

use serde::{Deserialize, Serialize};

/// For how many days data may be kept. Few, since each is a partition of every day in every table.
pub const KEEP_DAYS: [u16; 9] = [1, 3, 7, 14, 30, 60, 90, 180, 365];

/// What a tenant may have; `None` is whatever the collector's configuration says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// After how many days its data is dropped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u16>,
    /// Unpacked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes_per_second: Option<u64>,
    /// Log records and facts count as well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub spans_per_second: Option<u64>,
    /// Of the collector's log, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log_share: Option<u8>,
}

/// A limit that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitsError(String);

impl Limits {
    /// Tells every limit that makes no sense.
    pub fn checked(self) -> Result<Self, LimitsError> {
        let mut wrong = Vec::new();
        if self
            .keep_days
            .is_some_and(|days| !KEEP_DAYS.contains(&days))
        {
            let days = KEEP_DAYS.map(|days| days.to_string()).join(", ");
            wrong.push(format!("keep_days must be one of {days}"));
        }
        if self.bytes_per_second == Some(0) || self.spans_per_second == Some(0) {
            wrong.push(
                "a quota must be 1 or more; revoke the tenant's keys to shut it out".to_owned(),
            );
        }
        if self
            .log_share
            .is_some_and(|share| !(1..=100).contains(&share))
        {
            wrong.push("log_share must be from 1 to 100 percent".to_owned());
        }
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(LimitsError(wrong.join("; "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told() {
        let wrong = Limits {
            keep_days: Some(8),
            bytes_per_second: Some(0),
            log_share: Some(101),
            ..Limits::default()
        };
        let told = wrong.checked().expect_err("three mistakes").to_string();
        assert_eq!(told.split("; ").count(), 4, "{told}");
        assert!(told.contains("1, 3, 7, 14, 30, 60, 90, 180, 365"), "{told}");
        assert!(Limits::default().checked().is_ok());
    }
}
