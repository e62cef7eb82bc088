//! Ports for what listens inside a sandbox.
//!
//! On Lambda every sandbox has a loopback of its own and everybody listens on the documented ports; here all share one.
//! The ports lie below the range from which the system takes ports for outgoing connections, so that none of these is in the
//! way when a process binds its port a moment later. Other sandboxes, also those of other processes, are kept off a port by a
//! UDP socket of the same number, which is held for the sandbox's lifetime and which nobody else has a use for.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

/// Ports, reserved until this is dropped.
pub(super) struct Ports {
    pub(super) otlp_grpc: u16,
    pub(super) otlp_http: u16,
    pub(super) telemetry: u16,
    pub(super) runtime_api: u16,
    pub(super) xray: u16,
    pub(super) datadog: u16,
    _reservations: Vec<UdpSocket>,
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
        let [grpc, http, telemetry, runtime_api, datadog] =
            [next()?, next()?, next()?, next()?, next()?];
        let reservations = vec![grpc.1, http.1, telemetry.1, runtime_api.1, datadog.1];
        Ok(Self {
            otlp_grpc: grpc.0,
            otlp_http: http.0,
            telemetry: telemetry.0,
            runtime_api: runtime_api.0,
            // UDP, where a reservation would be in the way.
            xray: free_udp_port()?,
            datadog: datadog.0,
            _reservations: reservations,
        })
    }
}

/// The system gives it to nobody else soon.
fn free_udp_port() -> std::io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(socket.local_addr()?.port())
}

fn reservation(port: u16) -> Option<UdpSocket> {
    let held = UdpSocket::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    // Whoever is no sandbox holds no reservation.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    Some(held)
}
