//! A generator that draws at once, or step by step when a test wants to look.

use std::sync::Arc;

use async_trait::async_trait;
use inference::{
    Family, GenerateOutput, InferenceError, ModelDefaults, ModelInfo, Recipe, RgbImage, Timings,
};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::queue::{GenerateJob, GenerateProgress, ImageGenerator};
use crate::store::DrawParameters;

/// Steps of a picture when nothing else is asked for.
pub(super) const STEPS: u32 = 2;

/// Draws plain pictures, or noise when the prompt says so. Every step, and the end, waits for permission.
#[derive(Clone)]
pub(super) struct Painter {
    permits: Arc<Semaphore>,
}

impl Default for Painter {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
        }
    }
}

impl Painter {
    /// Lets this many steps happen.
    pub(super) fn allow(&self, steps: u32) {
        self.permits.add_permits(steps as usize);
    }

    /// Lets one picture of the usual number of steps be drawn.
    pub(super) fn draw(&self) {
        self.allow(STEPS + 1);
    }

    async fn permission(&self) -> Result<(), InferenceError> {
        let permit = self.permits.acquire().await;
        permit.map_err(|_| InferenceError::Stopped)?.forget();
        Ok(())
    }
}

#[async_trait]
impl ImageGenerator for Painter {
    async fn generate(
        &self,
        job: GenerateJob,
        cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError> {
        let draw = &job.draw;
        let drawing = async {
            for step in 1..=draw.num_inference_steps {
                self.permission().await?;
                let preview = job.progress.wants_preview().then(|| (0, picture(draw, 0, 4)));
                job.progress.report(GenerateProgress {
                    step,
                    num_inference_steps: draw.num_inference_steps,
                    preview,
                });
            }
            self.permission().await
        };
        tokio::select! {
            drawn = drawing => drawn?,
            () = cancel.cancelled() => return Err(InferenceError::Cancelled),
        }
        if draw.prompt.contains("unlucky") {
            return Err(InferenceError::Stopped);
        }
        Ok((0..draw.count).map(|index| output(draw, index)).collect())
    }

    fn models(&self) -> Vec<ModelInfo> {
        let info = |id: &str| ModelInfo {
            id: id.to_owned(),
            name: id.to_owned(),
            description: Default::default(),
            family: Family::StableDiffusion,
            scheduler: "DDIM",
            size_multiple: 8,
            prediction_type: "epsilon".to_owned(),
            inpainting: false,
            image_to_image: true,
            can_grow: true,
            clip_skip: None,
            noise: Default::default(),
            defaults: ModelDefaults {
                width: 128,
                height: 128,
                num_inference_steps: STEPS,
                guidance_scale: 3.0,
                preview: None,
            },
        };
        vec![info("avatar"), info("sd15")]
    }
}

fn output(draw: &DrawParameters, index: u32) -> GenerateOutput {
    let scale = draw.hires.map_or(1, |hires| hires.scale.round() as u32);
    GenerateOutput {
        image: enlarged(draw, index, scale),
        recipe: Recipe {
            prompt: draw.prompt.clone(),
            negative_prompt: draw.negative_prompt.clone(),
            num_inference_steps: draw.num_inference_steps,
            scheduler: "DDIM".to_owned(),
            guidance_scale: draw.guidance_scale,
            seed: draw.seed + u64::from(index),
            width: draw.width,
            height: draw.height,
            model_name: draw.model.clone(),
            ..Recipe::default()
        },
        timings: Timings::default(),
        truncated_prompt: false,
        snapshots: Vec::new(),
        safety: None,
    }
}

fn enlarged(draw: &DrawParameters, index: u32, scale: u32) -> RgbImage {
    let size = (draw.width * scale, draw.height * scale);
    if !draw.prompt.contains("noise") {
        return plain(size, index);
    }
    let mut state = draw.seed.wrapping_add(index.into()) | 1;
    RgbImage::from_fn(size.0, size.1, |_, _| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let [red, green, blue, ..] = state.to_le_bytes();
        image::Rgb([red, green, blue])
    })
}

fn picture(draw: &DrawParameters, index: u32, shrink: u32) -> RgbImage {
    plain((draw.width / shrink, draw.height / shrink), index)
}

fn plain((width, height): (u32, u32), index: u32) -> RgbImage {
    let shade = u8::try_from(index * 50).unwrap_or(u8::MAX);
    RgbImage::from_pixel(width, height, image::Rgb([200, shade, 90]))
}
