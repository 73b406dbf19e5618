//! A chat that writes down what it is told, and a generator that waits for permission for every step.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
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
    Button, Capabilities, ChatAdapter, ImageContent, JobUpdate, JobUpdateState, Platform, Reply,
    ReplyAddress, Responder, SendError, Sent,
};
use crate::commands::Commands;
use crate::queue::{GenerateJob, GenerateProgress, ImageGenerator};

/// The name of the fake platform.
pub(crate) const PLATFORM: Platform = Platform::new("fake");

/// What goes wrong with a message.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The platform asks for patience.
    Retry(Option<Duration>),
    /// The chat is gone.
    Gone,
    /// The platform never answers.
    Hang,
    /// The message appears, and the connection breaks before the platform has said so.
    Lost,
    /// The adapter has a fault of its own.
    Panic,
}

/// A platform whose messages are lines of a transcript: `<place>: <text>`, where the place is where the command was
/// given. Messages have numbers, and one with a nonce is shown once, as on Discord.
#[derive(Clone)]
pub(crate) struct FakeChat {
    shared: Arc<Shared>,
}

struct Shared {
    lines: UnboundedSender<String>,
    capabilities: Mutex<Capabilities>,
    platform: Mutex<State>,
    left: CancellationToken,
}

/// What the platform knows.
#[derive(Default)]
struct State {
    messages: Vec<Message>,
    faults: VecDeque<Fault>,
    update_faults: VecDeque<Fault>,
    /// Which process of the bot is connected; the messages of earlier ones do not arrive any more.
    process: u32,
}

struct Message {
    place: String,
    nonce: Option<String>,
    text: String,
    buttons: Vec<Vec<Button>>,
    is_removed: bool,
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
            platform: Mutex::default(),
            left: CancellationToken::new(),
        };
        (
            Self {
                shared: Arc::new(shared),
            },
            transcript,
        )
    }

    /// The way to the answer to a command that was given at `place`.
    pub(crate) fn at(&self, place: &str) -> Arc<dyn Responder> {
        self.responder_at(place, None)
    }

    fn responder_at(&self, place: &str, number: Option<usize>) -> Arc<dyn Responder> {
        Arc::new(FakeResponder {
            process: self.shared.lock().process,
            shared: Arc::clone(&self.shared),
            place: place.to_owned(),
            number,
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
        self.shared.lock().faults.extend(faults);
    }

    /// The next news fail like this.
    pub(crate) fn fail_updates(&self, faults: impl IntoIterator<Item = Fault>) {
        self.shared.lock().update_faults.extend(faults);
    }

    /// The bot's process is dead: nothing more comes from it.
    pub(crate) fn disconnect(&self) {
        self.shared.lock().process += 1;
    }

    /// The messages that can be seen at a place now.
    pub(crate) fn shown(&self, place: &str) -> Vec<String> {
        let state = self.shared.lock();
        let there = state.messages.iter().filter(|message| !message.is_removed);
        there
            .filter(|message| message.place == place)
            .map(|message| message.text.clone())
            .collect()
    }

    /// What the buttons of the newest message at a place carry.
    pub(crate) fn buttons(&self, place: &str) -> Vec<String> {
        let state = self.shared.lock();
        let newest = state.messages.iter().rfind(|message| message.place == place);
        let buttons = newest
            .into_iter()
            .flat_map(|message| message.buttons.iter().flatten());
        buttons.map(|button| button.id.to_string()).collect()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.platform.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl ChatAdapter for FakeChat {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        let place = address.0.get("message").and_then(|place| place.as_str());
        let place = place.ok_or_else(|| anyhow::anyhow!("not an address of this chat"))?;
        let number = address.0.get("number").and_then(|number| number.as_u64());
        Ok(self.responder_at(place, number.map(|number| number as usize)))
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
    process: u32,
    place: String,
    /// The number of the message, when it is known.
    number: Option<usize>,
}

impl FakeResponder {
    fn write(&self, text: &str) {
        // A test that is over does not read any more.
        let _ = self.shared.lines.send(format!("{}: {text}", self.place));
    }

    /// Shows a message, or changes the one that has this number or this nonce. People see nothing when it stays as it
    /// was.
    fn show(&self, message: Message) -> Sent {
        let mut state = self.shared.lock();
        let known = self.number.or_else(|| {
            let same = |other: &Message| message.nonce.is_some() && other.nonce == message.nonce;
            state.messages.iter().position(same)
        });
        let text = message.text.clone();
        let (number, is_new) = match known {
            Some(number) => {
                let old = std::mem::replace(&mut state.messages[number], message);
                (number, old.text != text)
            }
            None => {
                state.messages.push(message);
                (state.messages.len() - 1, true)
            }
        };
        drop(state);
        if is_new {
            self.write(&text);
        }
        let address = ReplyAddress(json!({ "message": self.place, "number": number }));
        Sent {
            address: (self.number != Some(number)).then_some(address),
        }
    }

    async fn call(&self, fault: Option<Fault>, message: Option<Message>) -> Result<Sent, SendError> {
        if self.shared.lock().process != self.process {
            return std::future::pending().await;
        }
        let Some(fault) = fault else {
            return Ok(message.map(|message| self.show(message)).unwrap_or_default());
        };
        if let (Fault::Lost, Some(message)) = (&fault, message) {
            self.show(message);
        }
        self.write(&format!("({fault:?})"));
        let source = anyhow::anyhow!("told to fail");
        match fault {
            Fault::Retry(after) => Err(SendError::Retry { after, source }),
            Fault::Lost => Err(SendError::Retry { after: None, source }),
            Fault::Gone => Err(SendError::Gone { source }),
            Fault::Hang => std::future::pending().await,
            Fault::Panic => panic!("told to panic"),
        }
    }
}

#[async_trait]
impl Responder for FakeResponder {
    fn address(&self) -> ReplyAddress {
        match self.number {
            Some(number) => ReplyAddress(json!({ "message": self.place, "number": number })),
            None => ReplyAddress(json!({ "message": self.place })),
        }
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

    async fn update(&self, update: JobUpdate) -> Result<Sent, SendError> {
        let preview = match update.state {
            JobUpdateState::Running {
                preview: Some(preview),
                ..
            } => {
                format!(" [preview {}x{}]", preview.width, preview.height)
            }
            _ => String::new(),
        };
        let fault = self.shared.lock().update_faults.pop_front();
        let message = Message {
            place: self.place.clone(),
            nonce: Some(update.nonce),
            text: format!("{}{preview}", update.text),
            buttons: update.buttons,
            is_removed: false,
        };
        self.call(fault, Some(message)).await
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        let privacy = if reply.is_private { "🔒 " } else { "" };
        let mut lines = vec![format!("{privacy}{}", reply.text)];
        if let Some(recipe) = reply.job.and_then(|job| job.recipe) {
            lines.push(format!("  {} | {}", recipe.prompt, recipe.text));
        }
        for image in reply.images {
            if let ImageContent::Stored { path, .. } = &image.content {
                assert!(path.is_file(), "the picture is on the disk");
            }
            let spoiler = if image.is_spoiler { " (covered)" } else { "" };
            lines.push(format!(
                "  {} {}x{} seed {}{spoiler}",
                image.file_name, image.width, image.height, image.seed
            ));
        }
        for row in &reply.buttons {
            let buttons = row
                .iter()
                .map(|button| format!("[{} {}]", button.emoji, button.label));
            lines.push(format!("  {}", buttons.collect::<Vec<_>>().join(" ")));
        }
        if let Some(form) = reply.form {
            lines.push(format!("  {}: \"{}\"", form.label, form.value));
        }
        let fault = self.shared.lock().faults.pop_front();
        let message = Message {
            place: self.place.clone(),
            nonce: reply.nonce,
            text: lines.join("\n"),
            buttons: reply.buttons,
            is_removed: false,
        };
        self.call(fault, Some(message)).await
    }

    async fn remove(&self) -> Result<(), SendError> {
        self.call(None, None).await?;
        if let Some(number) = self.number {
            self.shared.lock().messages[number].is_removed = true;
        }
        self.write("(removed)");
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
        let scale = draw.hires.map_or(1, |hires| hires.scale as u32);
        let outputs = (0..draw.count).map(|index| {
            let seed = draw.seed.wrapping_add(index.into());
            GenerateOutput {
                image: RgbImage::from_pixel(draw.width * scale, draw.height * scale, image::Rgb([7; 3])),
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
                snapshots: Vec::new(),
                safety: None,
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
            can_grow: id == "avatar",
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
