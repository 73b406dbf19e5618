//! Draws with the inference engine of this process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use inference::images::ResizeMode;
use inference::noise::{NoiseSource, Variation};
use inference::prompt::PromptSyntax;
use inference::{
    CancelFlag, Engine, GenerateOutput, GenerateRequest, Hires, InferenceError, ModelInfo, Observer,
    Progress, RequestError, SchedulerName, Source,
};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{GenerateJob, GenerateProgress, ImageGenerator, ProgressSink};

/// After which steps a picture is shown that is to be seen coming to be; the last one stands for the last step.
const FILMSTRIP_STEPS: [u32; 6] = [1, 5, 10, 20, 30, u32::MAX];

/// What commands leave to the settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct DrawingSettings {
    /// See [`GenerateRequest::noise_source`].
    pub noise_source: Option<NoiseSource>,
    /// See [`GenerateRequest::prompt_syntax`].
    pub prompt_syntax: PromptSyntax,
}

/// The engine as the queue's generator: each picture of a job is one request, and the engine draws them together.
#[derive(Clone)]
pub struct EngineGenerator {
    engine: Engine,
    settings: DrawingSettings,
}

impl EngineGenerator {
    /// Draws with this engine. It has to accept as many requests at once as all running jobs have pictures.
    pub fn new(engine: Engine) -> Self {
        Self {
            engine,
            settings: DrawingSettings::default(),
        }
    }

    /// The same with other settings.
    pub fn with_settings(self, settings: DrawingSettings) -> Self {
        Self { settings, ..self }
    }
}

impl fmt::Debug for EngineGenerator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineGenerator").finish_non_exhaustive()
    }
}

#[async_trait]
impl ImageGenerator for EngineGenerator {
    async fn generate(
        &self,
        job: GenerateJob,
        cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError> {
        let steps: Arc<[AtomicU32]> = (0..job.draw.count).map(|_| AtomicU32::new(0)).collect();
        let (sender, results) = mpsc::unbounded_channel();
        let mut drawing = CancelOnDrop(Vec::new());
        for index in 0..job.draw.count {
            let (steps, sink) = (Arc::clone(&steps), Arc::clone(&job.progress));
            let observer = PictureObserver {
                index,
                steps,
                sink,
                sender: sender.clone(),
            };
            drawing.0.push(
                self.engine
                    .generate(request(&job, index, self.settings)?, Box::new(observer))?,
            );
        }
        drop(sender);
        let all = collect(results, &drawing);
        tokio::pin!(all);
        tokio::select! {
            outputs = &mut all => return outputs,
            () = cancel.cancelled() => drawing.cancel(),
        }
        all.await
    }

    fn models(&self) -> Vec<ModelInfo> {
        self.engine.models()
    }
}

/// Waits until every picture has ended, so that the engine has room for the next job. When one of them fails the job
/// has failed, and the others are stopped.
async fn collect(
    mut results: mpsc::UnboundedReceiver<PictureResult>,
    drawing: &CancelOnDrop,
) -> Result<Vec<GenerateOutput>, InferenceError> {
    let mut outputs = BTreeMap::new();
    let mut failure = None;
    while let Some((index, result)) = results.recv().await {
        match result {
            Ok(output) => {
                outputs.insert(index, output);
            }
            Err(error) => {
                drawing.cancel();
                failure.get_or_insert(error);
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None if outputs.len() == drawing.0.len() => Ok(outputs.into_values().collect()),
        None => Err(InferenceError::Stopped),
    }
}

fn request(
    job: &GenerateJob,
    index: u32,
    settings: DrawingSettings,
) -> Result<GenerateRequest, InferenceError> {
    let draw = job.draw.of_picture(index);
    let scheduler = draw
        .scheduler
        .as_deref()
        .map(str::parse::<SchedulerName>)
        .transpose()
        .map_err(|error| RequestError::Scheduler {
            reason: error.to_string(),
        })?;
    let source = draw.source.as_ref().zip(job.source.as_ref());
    Ok(GenerateRequest {
        model: draw.model,
        prompt: draw.prompt,
        negative_prompt: draw.negative_prompt,
        width: draw.width,
        height: draw.height,
        num_inference_steps: draw.num_inference_steps,
        guidance_scale: draw.guidance_scale,
        seed: draw.seed,
        scheduler,
        clip_skip: draw.clip_skip,
        noise_source: settings.noise_source,
        prompt_syntax: settings.prompt_syntax,
        variation: draw.variation.map(|variation| Variation {
            seed: variation.seed,
            strength: variation.strength,
        }),
        source: source.map(|(parameters, image)| Source {
            image: Arc::clone(image),
            strength: parameters.strength,
            // A picture of another shape loses its edges and is not distorted.
            resize: ResizeMode::Crop,
            mask: None,
        }),
        hires: draw.hires.map(|hires| Hires {
            scale: hires.scale,
            strength: hires.strength,
            num_inference_steps: None,
        }),
        snapshots: match draw.filmstrip {
            Some(_) => FILMSTRIP_STEPS.to_vec(),
            None => Vec::new(),
        },
        check_safety: job.check_safety,
        ..GenerateRequest::default()
    })
}

/// The index of a picture, and how it ended.
type PictureResult = (u32, Result<GenerateOutput, InferenceError>);

/// Stops the pictures that nobody waits for any more.
struct CancelOnDrop(Vec<CancelFlag>);

impl CancelOnDrop {
    fn cancel(&self) {
        for flag in &self.0 {
            flag.cancel();
        }
    }
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.cancel();
    }
}

struct PictureObserver {
    index: u32,
    /// Finished steps of every picture of the job.
    steps: Arc<[AtomicU32]>,
    sink: Arc<dyn ProgressSink>,
    sender: mpsc::UnboundedSender<PictureResult>,
}

impl Observer for PictureObserver {
    fn wants_preview(&mut self) -> bool {
        self.sink.wants_preview()
    }

    fn on_progress(&mut self, progress: Progress) {
        if let Some(step) = self.steps.get(self.index as usize) {
            step.store(progress.step, Ordering::Relaxed);
        }
        let sum: u32 = self.steps.iter().map(|step| step.load(Ordering::Relaxed)).sum();
        let count = u32::try_from(self.steps.len()).unwrap_or(u32::MAX).max(1);
        self.sink.report(GenerateProgress {
            step: sum / count,
            num_inference_steps: progress.num_inference_steps,
            preview: progress.preview.map(|image| (self.index, image)),
        });
    }

    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
        if self.sender.send((self.index, result)).is_err() {
            tracing::debug!("a picture ended that nobody waits for");
        }
    }
}
