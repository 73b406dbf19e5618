//! A chat that writes down what it is told, and a generator that waits for permission for every step.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use inference::{
    Family, GenerateOutput, InferenceError, ModelDefaults, ModelInfo, Recipe, RgbImage, Timings,
};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use crate::chat::{
    Capabilities, ChatAdapter, JobUpdate, JobUpdateState, Platform, Reply, ReplyAddress, Responder, SendError,
};
use crate::commands::Commands;
use crate::queue::{GenerateJob, GenerateProgress, ImageGenerator};

/// The name of the fake platform.
pub(crate) const PLATFORM: Platform = Platform::new("fake");

/// What goes wrong with a last message.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The platform asks for patience.
    Retry(Option<Duration>),
    /// The chat is gone.
    Gone,
    /// The platform never answers.
    Hang,
}

/// A platform whose messages are lines of a transcript: `<message>: <text>`.
#[derive(Clone)]
pub(crate) struct FakeChat {
    shared: Arc<Shared>,
}

struct Shared {
    lines: UnboundedSender<String>,
    capabilities: Mutex<Capabilities>,
    faults: Mutex<VecDeque<Fault>>,
    left: CancellationToken,
}

impl FakeChat {
    /// A chat without faults, whose messages can be changed at any rate; and its transcript.
    pub(crate) fn new() -> (Self, UnboundedReceiver<String>) {
        let (lines, transcript) = unbounded_channel();
        let capabilities = Capabilities {
            can_edit: true,
            previews: false,
            max_text_chars: 2000,
            max_attachment_bytes: u64::MAX,
            progress_interval: Duration::ZERO,
        };
        let shared = Shared {
            lines,
            capabilities: Mutex::new(capabilities),
            faults: Mutex::default(),
            left: CancellationToken::new(),
        };
        (
            Self {
                shared: Arc::new(shared),
            },
            transcript,
        )
    }

    /// The way to one message.
    pub(crate) fn at(&self, message: &str) -> Arc<dyn Responder> {
        Arc::new(FakeResponder {
            shared: Arc::clone(&self.shared),
            message: message.to_owned(),
        })
    }

    /// Changes what the platform can do.
    pub(crate) fn can(&self, change: impl FnOnce(&mut Capabilities)) {
        change(
            &mut self
                .shared
                .capabilities
                .lock()
                .unwrap_or_else(PoisonError::into_inner),
        );
    }

    /// The platform's connection ends without being told to.
    pub(crate) fn leave(&self) {
        self.shared.left.cancel();
    }

    /// The next last messages fail like this.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(faults);
    }
}

#[async_trait]
impl ChatAdapter for FakeChat {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        let message = address.0.get("message").and_then(|message| message.as_str());
        message
            .map(|message| self.at(message))
            .ok_or_else(|| anyhow::anyhow!("not an address of this chat"))
    }

    async fn run(
        self: Arc<Self>,
        _commands: Arc<Commands>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.shared.left.cancelled() => {}
        }
        Ok(())
    }
}

struct FakeResponder {
    shared: Arc<Shared>,
    message: String,
}

impl FakeResponder {
    fn write(&self, text: &str) {
        // A test that is over does not read any more.
        let _ = self.shared.lines.send(format!("{}: {text}", self.message));
    }
}

#[async_trait]
impl Responder for FakeResponder {
    fn address(&self) -> ReplyAddress {
        ReplyAddress(json!({ "message": self.message }))
    }

    fn capabilities(&self) -> Capabilities {
        self.shared
            .capabilities
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn update(&self, update: JobUpdate) -> Result<(), SendError> {
        let preview = match update.state {
            JobUpdateState::Running {
                preview: Some(preview),
                ..
            } => {
                format!(" [preview {}x{}]", preview.width, preview.height)
            }
            _ => String::new(),
        };
        self.write(&format!("{}{preview}", update.text));
        Ok(())
    }

    async fn finish(&self, reply: Reply) -> Result<(), SendError> {
        let fault = self
            .shared
            .faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop_front();
        if let Some(fault) = fault {
            self.write(&format!("({fault:?})"));
            let source = anyhow::anyhow!("told to fail");
            return match fault {
                Fault::Retry(after) => Err(SendError::Retry { after, source }),
                Fault::Gone => Err(SendError::Gone { source }),
                Fault::Hang => std::future::pending().await,
            };
        }
        let mut lines = vec![reply.text];
        if let Some(recipe) = reply.job.and_then(|job| job.recipe) {
            lines.push(format!("  {} | {}", recipe.prompt, recipe.text));
        }
        for image in reply.images {
            assert!(image.path.is_file(), "the picture is on the disk");
            lines.push(format!(
                "  {} {}x{} seed {}",
                image.file_name, image.width, image.height, image.seed
            ));
        }
        self.write(&lines.join("\n"));
        Ok(())
    }
}

/// Draws plain pictures. Every step, and the end, waits until the test [`allow`](Self::allow)s it.
#[derive(Clone)]
pub(crate) struct FakeGenerator {
    permits: Arc<Semaphore>,
    failure: Arc<Mutex<Option<InferenceError>>>,
}

impl Default for FakeGenerator {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(0)),
            failure: Arc::default(),
        }
    }
}

impl FakeGenerator {
    /// Lets this many steps happen; the end of a job counts as one.
    pub(crate) fn allow(&self, steps: usize) {
        self.permits.add_permits(steps);
    }

    /// The next job fails instead of taking a step.
    pub(crate) fn fail(&self, error: InferenceError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.allow(1);
    }

    async fn permission(&self) -> Result<(), InferenceError> {
        self.permits
            .acquire()
            .await
            .map_err(|_| InferenceError::Stopped)?
            .forget();
        self.failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .map_or(Ok(()), Err)
    }
}

#[async_trait]
impl ImageGenerator for FakeGenerator {
    async fn generate(
        &self,
        job: GenerateJob,
        cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError> {
        let draw = &job.draw;
        let drawing = async {
            for step in 1..=draw.num_inference_steps {
                self.permission().await?;
                let num_inference_steps = draw.num_inference_steps;
                job.progress.report(GenerateProgress {
                    step,
                    num_inference_steps,
                    preview: None,
                });
            }
            self.permission().await
        };
        tokio::select! {
            drawn = drawing => drawn?,
            () = cancel.cancelled() => return Err(InferenceError::Cancelled),
        }
        let outputs = (0..draw.count).map(|index| {
            let seed = draw.seed.wrapping_add(index.into());
            GenerateOutput {
                image: RgbImage::from_pixel(draw.width, draw.height, image::Rgb([7; 3])),
                recipe: Recipe {
                    prompt: draw.prompt.clone(),
                    negative_prompt: draw.negative_prompt.clone(),
                    num_inference_steps: draw.num_inference_steps,
                    scheduler: "DDIM".to_owned(),
                    guidance_scale: draw.guidance_scale,
                    seed,
                    width: draw.width,
                    height: draw.height,
                    model_name: draw.model.clone(),
                    ..Recipe::default()
                },
                timings: Timings::default(),
                truncated_prompt: draw.prompt.split(' ').count() > 70,
            }
        });
        Ok(outputs.collect())
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
            clip_skip: None,
            noise: Default::default(),
            defaults: ModelDefaults {
                width: 128,
                height: 128,
                num_inference_steps: 2,
                guidance_scale: 3.0,
                preview: None,
            },
        };
        vec![info("avatar"), info("sd15")]
    }
}

/// Keeps tokio's paused clock from running ahead while SQLite works in its own thread: it moves only by `advance`.
pub(crate) struct HeldClock {
    _release: std::sync::mpsc::Sender<()>,
}

impl HeldClock {
    /// Holds the clock until the value is dropped.
    pub(crate) fn hold() -> Self {
        let (release, held) = std::sync::mpsc::channel::<()>();
        // When the test hangs, the clock is let go, and the time limits of the test end it.
        tokio::task::spawn_blocking(move || held.recv_timeout(super::TIME_LIMIT));
        Self { _release: release }
    }
}
