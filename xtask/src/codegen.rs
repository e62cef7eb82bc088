//! Generated code that is checked in: `proto/src/generated/` from the .proto files. No protoc: protox compiles them.

use std::path::Path;

use anyhow::Context as _;

/// Where the generated code stands, from the workspace's root.
pub(crate) const GENERATED: &str = "proto/src/generated";

/// Writes the generated code below `root`, which is the workspace or, for the staleness check, a scratch folder.
pub(crate) fn generate(workspace: &Path, root: &Path) -> anyhow::Result<()> {
    let out = root.join(GENERATED);
    std::fs::create_dir_all(&out).with_context(|| format!("create {}", out.display()))?;
    let descriptors = protox::compile(["coldtrace/v1/ingest.proto"], [workspace.join("proto")])
        .map_err(|error| anyhow::anyhow!("compile proto/coldtrace/v1/ingest.proto: {error:?}"))?;
    let services_only = "#[cfg(feature = \"services\")]";
    tonic_prost_build::configure()
        .out_dir(&out)
        .server_mod_attribute("coldtrace.v1", services_only)
        .client_mod_attribute("coldtrace.v1", services_only)
        .build_transport(false)
        .bytes("coldtrace.v1.OtlpPayload.request")
        .compile_fds(descriptors)
        .context("generate coldtrace.v1")
}
