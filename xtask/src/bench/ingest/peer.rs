//! The peer's part of the run: the same requests at full speed.

use super::super::engine::Engine;
use super::super::load::{Plan, Transport};
use super::super::{process, rounded};
use super::part::{Part, mebibytes};
use super::rotel::{self, Rotel};
use super::{Cost, Run};

impl Run<'_> {
    /// Returns what a span costs.
    pub(super) fn peer(&mut self, requests: u64) -> anyhow::Result<Cost> {
        let agent = rotel::fetch()?;
        let folder = self.tools.folder("rotel")?;
        let engine = Engine::start(&self.tools.coldtrace, &self.tools.library, &folder)?;
        rotel::create_schema(&engine)?;
        let rotel = Rotel::start(&agent, &engine, &folder)?;
        eprintln!("-- rotel at full speed");
        let plan = Plan {
            requests,
            ..self.plan(&rotel.grpc, Transport::Grpc)
        };
        let mut stored = 0;
        let full = Part::run(self.tools, &plan, rotel.pid(), &engine, |spans| {
            stored = rotel.drain(&engine, spans)?;
            Ok(())
        })?;
        let peak = mebibytes(process::peak_resident_bytes(rotel.pid())?);
        let figures = &mut self.figures;
        figures.add("rotel_receiver_peak_resident_mib", rounded(peak));
        figures.add("rotel_spans_stored", stored);
        self.tell("rotel", &full, &engine, "otel")
    }
}
