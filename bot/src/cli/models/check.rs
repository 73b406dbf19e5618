//! `ekaki models check`

use std::time::Instant;

use anyhow::Context as _;
use inference::{GenerateRequest, InferenceError, ModelInfo};
use serde::Serialize;

use super::{Context, ModelArgs, print};
use crate::cli::{block_on, engine, milliseconds};
use crate::shutdown;

/// The picture is as small as the model can make it, but not smaller than this, in pixels.
const SIDE: u32 = 64;

/// What was done. The names of the fields are part of the interface.
#[derive(Debug, Serialize)]
struct Checked {
    id: String,
    ok: bool,
    width: u32,
    height: u32,
    load_ms: u64,
    draw_ms: u64,
}

/// Draws one step; whatever fails on the way is the answer.
pub(super) fn run(context: &Context, args: &ModelArgs) -> anyhow::Result<()> {
    let model = args.resolve(context)?;
    let id = model.0.clone();
    let checked = block_on(tokio::runtime::Builder::new_current_thread(), async {
        let begun = Instant::now();
        let shutdown = shutdown::on_signal()?;
        let engine = tokio::select! {
            engine = engine::start(context.config.clone(), model, 1) => engine?,
            () = shutdown.cancelled() => return Err(InferenceError::Cancelled.into()),
        };
        let load_ms = milliseconds(begun);
        let begun = Instant::now();
        let models = engine.models();
        let request = one_step(models.first().context("the engine has no model")?);
        let (width, height) = (request.width, request.height);
        let outputs = engine::generate(&engine, vec![request], &shutdown).await;
        // Also after an error: a thread that still computes must not outlive the libraries it uses.
        engine.shutdown();
        outputs?;
        Ok(Checked {
            id: id.clone(),
            ok: true,
            width,
            height,
            load_ms,
            draw_ms: milliseconds(begun),
        })
    });
    let checked = checked.with_context(|| format!("{id} cannot draw"))?;
    let text = format!(
        "{id} can draw: loaded in {} ms, one step of {}x{} in {} ms\n",
        checked.load_ms, checked.width, checked.height, checked.draw_ms
    );
    print(&text, &checked, args.json)
}

fn one_step(model: &ModelInfo) -> GenerateRequest {
    let side = SIDE.next_multiple_of(model.size_multiple.max(1));
    GenerateRequest {
        width: side,
        height: side,
        num_inference_steps: 1,
        ..model.request("a picture", 0)
    }
}
