//! Who settles: one process at a time, as long as it says so.
//!
//! The lease is a row in the store, since those who share it share nothing else. It spares work and guards nothing: whatever
//! two holders do at once, the result is right (see the module above). So it may be as simple as this: a claim is
//! written, then read back. It runs out by the store's clock, whatever became of its holder.

use std::time::Duration;

use super::Settler;
use crate::StoreError;

/// The one lease that there is.
const NAME: &str = "settle";

impl Settler {
    /// Takes the lease if it is free, prolongs it if it is the holder's own and half over. Whether the holder has it now.
    pub async fn claim(&self, holder: u64, length: Duration) -> Result<bool, StoreError> {
        let length = length.as_millis();
        let half = length / 2;
        let latest = format!(
            "SELECT max(leases.term) AS latest_term, argMax(leases.holder, (leases.term, leases.holder)) AS latest_holder,
                argMax(leases.expires, (leases.term, leases.holder, leases.expires)) AS until
            FROM leases WHERE name = '{NAME}'"
        );
        let claim = format!(
            "INSERT INTO leases (name, term, holder, expires)
            SELECT '{NAME}', latest_term + (until <= now64(3)), {holder}, now64(3) + toIntervalMillisecond({length})
            FROM ({latest})
            WHERE until <= now64(3) OR (latest_holder = {holder} AND until <= now64(3) + toIntervalMillisecond({half}))"
        );
        let held = format!("SELECT latest_holder = {holder} AND until > now64(3) FROM ({latest})");
        let client = self.store.client();
        self.store
            .within_patience(client.query_raw(&claim).execute())
            .await?;
        self.store
            .within_patience(client.query_raw(&held).fetch_one::<bool>())
            .await
    }
}
