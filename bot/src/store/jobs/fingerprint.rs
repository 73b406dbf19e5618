//! Whether two jobs draw the same.

use sha2::{Digest as _, Sha256};

use crate::safety::SafetyAction;
use crate::store::job::DrawParameters;

/// SHA-256 of everything that decides what the pictures are, in lower-case hex.
pub(super) fn fingerprint(draw: &DrawParameters, safety: SafetyAction) -> Result<String, serde_json::Error> {
    let mut deciding = DrawParameters {
        clamped: Vec::new(),
        ..draw.clone()
    };
    if let Some(source) = &mut deciding.source {
        source.recipe = None;
    }
    let text = serde_json::to_vec(&(deciding, safety))?;
    Ok(format!("{:x}", Sha256::digest(text)))
}
