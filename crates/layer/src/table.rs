//! Layers as a person reads them.

use crate::{ENTRY, Layer, WRAPPER_ENTRY};

/// One line a layer.
pub fn table(layers: &[Layer]) -> String {
    let mut text = format!(
        "{:<26}  {:>10}  {:>12}  {:>10}  contents\n",
        "layer", "zip bytes", "binary bytes", "needs"
    );
    for layer in layers {
        let Layer {
            architecture,
            libc,
            zip_bytes,
            binary_bytes,
            ..
        } = layer;
        text.push_str(&format!(
            "{:<26}  {zip_bytes:>10}  {binary_bytes:>12}  {:>10}  {ENTRY}, {WRAPPER_ENTRY}, {architecture}, mode 0755\n",
            architecture.file_name(),
            libc.to_string(),
        ));
    }
    text
}
