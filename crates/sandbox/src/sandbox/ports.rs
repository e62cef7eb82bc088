//! Ports for what listens inside a sandbox.
//!
//! On Lambda every sandbox has a loopback of its own and everybody listens on the documented ports; here all share one.
//! The ports lie below the range from which the system takes ports for outgoing connections, so that none of these is in the
//! way when a process binds its port a moment later. Other sandboxes, also those of other processes, are kept off a port by a
//! UDP socket of the same number, which is held for the sandbox's lifetime and which nobody else has a use for.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Three ports, reserved until this is dropped.
pub(super) struct Ports {
    pub(super) otlp_grpc: u16,
    pub(super) otlp_http: u16,
    pub(super) telemetry: u16,
    _reservations: [UdpSocket; 3],
}

impl Ports {
    pub(super) fn reserve() -> std::io::Result<Self> {
        // Different processes begin at different places, so that they seldom meet.
        let start = (std::process::id() % u32::from(COUNT)) as u16;
        let start = start.wrapping_mul(61) % COUNT;
        let candidates = (0..COUNT).map(|step| FIRST + (start + step) % COUNT);
        let mut free = candidates.filter_map(|port| Some((port, reservation(port)?)));
        let mut next = || {
            free.next()
                .ok_or_else(|| std::io::Error::other("no port is free on loopback"))
        };
        let [grpc, http, telemetry] = [next()?, next()?, next()?];
        Ok(Self {
            otlp_grpc: grpc.0,
            otlp_http: http.0,
            telemetry: telemetry.0,
            _reservations: [grpc.1, http.1, telemetry.1],
        })
    }
}

fn reservation(port: u16) -> Option<UdpSocket> {
    let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    // Whoever is no sandbox holds no reservation.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    Some(held)
}
