//! X-Ray's daemon protocol on UDP: what its SDKs send when `AWS_XRAY_DAEMON_ADDRESS` names this port.
//!
//! Nobody is answered, so a document that can't be read costs a line in the log and nothing else. Not here: the daemon's
//! other half on TCP, which hands out sampling rules; in a function the platform decides, and SDKs do without.

use tokio::net::UdpSocket;

use super::Intake;
use crate::faults;
use crate::log::{self, Level};
use crate::tracers::xray;

/// No datagram is larger.
const MAX_DATAGRAM: usize = 64 << 10;

/// Takes datagrams for ever.
pub(crate) async fn serve(socket: UdpSocket, intake: Intake) {
    let mut buffer = vec![0; MAX_DATAGRAM];
    loop {
        let datagram = match socket.recv(&mut buffer).await {
            Ok(length) => &buffer[..length],
            Err(error) => {
                log::line(Level::Warn, "datagram not received", &[("error", &error)]);
                tokio::task::yield_now().await;
                continue;
            }
        };
        faults::point("x-ray");
        match xray::spans(datagram) {
            // In progress: it comes again.
            Ok(spans) if spans.is_empty() => {}
            Ok(spans) => {
                if intake
                    .take_spans(vec![intake.of_function(spans)])
                    .await
                    .is_err()
                {
                    return;
                }
            }
            Err(problem) => log::line(
                Level::Warn,
                "x-ray segment not taken",
                &[("reason", &problem)],
            ),
        }
    }
}
