//! Whole commands: a real job log, real rules and a real queue that nobody runs, so that jobs wait until a test ends
//! them.

mod drawing;
mod jobs;
mod person;
mod places;

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use inference::RgbImage;
use inference::images::encode_png;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::mpsc::UnboundedReceiver;

use super::*;
use crate::chat::{
    Attachment, Capabilities, CommandInput, JobUpdate, Place, ReplyAddress, Responder, SendError, Sent,
    Standing,
};
use crate::config::{Config, ConfigSources};
use crate::queue::{QueueParts, QueueSettings};
use crate::rules::ReadConfig;
use crate::store::tests::NOW;
use crate::store::{DrawParameters, Ending, ImageRow, JobId, JobRow, Lease};
use crate::tests::fakes::{FakeChat, FakeGenerator, PLATFORM};

/// What stands in the settings of most tests.
const SETTINGS: &str = r#"
[limits]
queued = 0
max_pixels = 262144
[words]
forbidden = ["peg", "血"]
[[styles]]
name = "Ink"
prompt = "{prompt}, ink drawing"
negative_prompt = "colour"
num_inference_steps = 7
size = "portrait"
sampler = "Euler"
"#;

/// Everything that commands work with.
struct Desk {
    store: Store,
    commands: Commands,
    messages: AtomicU32,
    /// What happens to messages that are there.
    lines: Mutex<UnboundedReceiver<String>>,
    _folder: TempDir,
}

/// Somebody in some place.
#[derive(Clone)]
struct Person {
    user: UserId,
    standing: Standing,
    place: Place,
    locale: Locale,
}

/// Somebody in a conversation with the bot.
fn person(id: &str) -> Person {
    Person {
        user: UserId {
            platform: PLATFORM,
            id: id.to_owned(),
        },
        standing: Standing::default(),
        place: Place::direct(format!("chat of {id}")),
        locale: Locale::EN,
    }
}

impl Person {
    /// The same person in a channel of a server.
    fn in_server(self, server: &str) -> Self {
        let place = Place {
            server: Some(server.to_owned()),
            ..Place::direct(format!("channel of {server}"))
        };
        Self { place, ..self }
    }

    /// The platform lets them manage the server.
    fn moderating(mut self) -> Self {
        self.standing.is_moderator = true;
        self
    }

    fn speaking(self, locale: Locale) -> Self {
        Self { locale, ..self }
    }
}

impl Desk {
    async fn open() -> Self {
        Self::with(SETTINGS).await
    }

    async fn with(settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("ekaki.toml"), settings).expect("settings");
        let sources = ConfigSources {
            folder: folder.path().to_owned(),
            ..ConfigSources::default()
        };
        let read_config: ReadConfig = Arc::new(move || Config::load(&sources));
        let config = read_config().expect("valid settings");
        let store = Store::open(&folder.path().join("data")).await.expect("a store");
        let rules = LiveRules::new(&config, read_config, store.clone())
            .await
            .expect("valid rules");
        let clock = Clock::new(|| *NOW);
        let (chat, lines) = FakeChat::new();
        let outbox = Outbox::new(store.clone(), clock.clone(), vec![Arc::new(chat)]);
        let queue = JobQueue::new(QueueParts {
            store: store.clone(),
            settings: QueueSettings::new(&config.queue, &config.shutdown),
            generator: Arc::new(FakeGenerator::default()),
            events: Arc::new(outbox.clone()),
            clock: clock.clone(),
        });
        let commands = Commands::new(CommandContext {
            queue,
            store: store.clone(),
            outbox,
            rules,
            clock,
            random_seed: || 4711,
        });
        Self {
            store,
            commands,
            messages: AtomicU32::new(1),
            lines: Mutex::new(lines),
            _folder: folder,
        }
    }

    /// What somebody reads after typing a line, or the job that it became.
    async fn say(&self, person: &Person, text: &str) -> String {
        self.give(person, CommandInput::Text(text.to_owned()), Vec::new())
            .await
    }

    async fn press(&self, person: &Person, button: &str) -> String {
        self.give(person, CommandInput::Button(button.to_owned()), Vec::new())
            .await
    }

    /// The one answer to all of these lines.
    async fn say_all(&self, person: &Person, texts: &[&str]) -> String {
        let mut answers = Vec::new();
        for text in texts {
            answers.push(self.say(person, text).await);
        }
        same(answers)
    }

    /// The one answer to all of these buttons.
    async fn press_all(&self, person: &Person, buttons: &[&str]) -> String {
        let mut answers = Vec::new();
        for button in buttons {
            answers.push(self.press(person, button).await);
        }
        same(answers)
    }

    /// The same with a file.
    async fn send(&self, person: &Person, text: &str, file: Vec<u8>) -> String {
        let attachment = Attachment {
            file_name: "file.png".to_owned(),
            content: Arc::new(file),
        };
        self.give(person, CommandInput::Text(text.to_owned()), vec![attachment])
            .await
    }

    async fn give(&self, person: &Person, input: CommandInput, attachments: Vec<Attachment>) -> String {
        let message = format!("m{}", self.messages.fetch_add(1, Ordering::Relaxed));
        let listener = Arc::new(Listener {
            message: message.clone(),
            heard: Mutex::default(),
        });
        let newest = self.newest(person).await.map(|job| job.id);
        let Person {
            user,
            standing,
            place,
            locale,
        } = person.clone();
        let request = CommandRequest {
            user,
            standing,
            place,
            locale,
            input,
            attachments,
            key: Some(message),
            responder: listener.clone(),
        };
        self.commands.handle(request).await;
        let heard = listener.heard.lock().unwrap().take();
        match (heard, self.newest(person).await) {
            (Some(reply), job) => {
                assert!(job.map(|job| job.id) <= newest, "an answer and a job");
                shown(&reply)
            }
            (None, Some(job)) if Some(job.id) != newest => described(&job),
            (None, _) => panic!("neither an answer nor a job"),
        }
    }

    async fn newest(&self, person: &Person) -> Option<JobRow> {
        let newest = self.store.jobs().of_user(&person.user, None, 1).await;
        newest.expect("the log can be read").pop()
    }

    async fn job(&self, job: i64) -> JobRow {
        let job = self.store.jobs().get(JobId(job)).await;
        job.expect("the log can be read").expect("the job exists")
    }

    /// A job ends with its pictures.
    async fn finish(&self, job: i64) {
        let row = self.job(job).await;
        let draw = &row.draw;
        let scale = draw.hires.map_or(1.0, |hires| hires.scale) * draw.enlarge.unwrap_or(1.0);
        let side = |side: u32| (f64::from(side) * f64::from(scale)).round() as u32;
        let (width, height) = (side(draw.width), side(draw.height));
        let mut images = Vec::new();
        for index in 0..draw.count {
            let colour = image::Rgb([u8::try_from(job).unwrap(), u8::try_from(index).unwrap(), 9]);
            let parameters = format!(
                "{}\nSteps: {}, Seed: {}",
                draw.prompt, draw.num_inference_steps, draw.seed
            );
            let png = encode_png(&RgbImage::from_pixel(width, height, colour), Some(&parameters)).unwrap();
            let saved = self.store.images().save(png).await.expect("saved");
            images.push(ImageRow {
                index,
                hash: saved.hash,
                width,
                height,
                bytes: saved.bytes,
                seed: draw.seed + u64::from(index),
                parameters: Some(parameters),
                ..ImageRow::default()
            });
        }
        self.end(
            job,
            Ending::Done {
                images,
                withheld: 0,
                prompt_truncated: false,
            },
        )
        .await;
    }

    /// A job ends and its end was told.
    async fn end(&self, job: i64, ending: Ending) {
        let job = JobId(job);
        let lease = Lease {
            now: *NOW,
            until: *NOW + chrono::TimeDelta::minutes(1),
        };
        let jobs = self.store.jobs();
        let row = jobs
            .lease_job(job, lease)
            .await
            .expect("leased")
            .expect("it waits");
        let finished = jobs.finish_generation(job, row.job.attempt, &ending, *NOW).await;
        finished.expect("written").expect("it was running");
        jobs.mark_delivered(job, *NOW).await.expect("delivered");
    }

    /// What happened to a message.
    fn line(&self) -> Option<String> {
        self.lines.lock().unwrap().try_recv().ok()
    }
}

fn same(mut answers: Vec<String>) -> String {
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    answers.remove(0)
}

/// A reply as people see it: its text, then a line for each row of buttons.
fn shown(reply: &Reply) -> String {
    let mut lines = vec![reply.text.clone()];
    for row in &reply.buttons {
        let buttons: Vec<String> = row
            .iter()
            .map(|button| format!("[{} {}]", button.label, button.id))
            .collect();
        lines.push(buttons.join(" "));
    }
    if let Some(form) = &reply.form {
        lines.push(format!(
            "{}: {} of job {}: {}",
            form.command, form.field, form.job, form.value
        ));
    }
    if !reply.images.is_empty() {
        lines.push(format!("{} pictures", reply.images.len()));
    }
    lines.join("\n")
}

/// A job in one line: only what is not as the model has it.
fn described(job: &JobRow) -> String {
    let draw = &job.draw;
    let mut parts = vec![format!("job {}: {}", job.id, draw.prompt)];
    let usual = DrawParameters {
        width: 128,
        height: 128,
        num_inference_steps: 2,
        guidance_scale: 3.0,
        seed: 4711,
        count: 1,
        model: "avatar".to_owned(),
        scheduler: Some("DDIM".to_owned()),
        ..DrawParameters::default()
    };
    let mut note = |is_usual: bool, text: String| {
        if !is_usual {
            parts.push(text);
        }
    };
    note(
        job.prompt_typed == draw.prompt,
        format!("typed {}", job.prompt_typed),
    );
    note(
        draw.negative_prompt.is_empty(),
        format!("no {}", draw.negative_prompt),
    );
    note(
        (draw.width, draw.height) == (usual.width, usual.height),
        format!("{}x{}", draw.width, draw.height),
    );
    note(
        draw.num_inference_steps == usual.num_inference_steps,
        format!("{} steps", draw.num_inference_steps),
    );
    note(
        draw.guidance_scale == usual.guidance_scale,
        format!("guidance {}", draw.guidance_scale),
    );
    note(draw.seed == usual.seed, format!("seed {}", draw.seed));
    note(draw.count == usual.count, format!("{} pictures", draw.count));
    note(draw.model == usual.model, draw.model.clone());
    note(draw.scheduler == usual.scheduler, format!("{:?}", draw.scheduler));
    note(draw.clip_skip.is_none(), format!("{:?}", draw.clip_skip));
    note(draw.variation.is_none(), format!("{:?}", draw.variation));
    let strength = draw.source.as_ref().map(|source| source.strength);
    note(strength.is_none(), format!("source {strength:?}"));
    note(draw.hires.is_none(), format!("{:?}", draw.hires));
    note(draw.enlarge.is_none(), format!("enlarged {:?}", draw.enlarge));
    note(draw.style.is_none(), format!("style {:?}", draw.style));
    note(draw.filmstrip.is_none(), format!("{:?}", draw.filmstrip));
    note(!job.is_private, "private".to_owned());
    note(
        job.parent.is_none(),
        format!("{:?} of {:?}", job.kind, job.parent.map(|parent| parent.0)),
    );
    for clamped in &draw.clamped {
        note(
            false,
            format!("{:?} {} not {}", clamped.what, clamped.used, clamped.asked),
        );
    }
    parts.join(" | ")
}

/// Keeps what is said to one command.
struct Listener {
    message: String,
    heard: Mutex<Option<Reply>>,
}

#[async_trait]
impl Responder for Listener {
    fn address(&self) -> ReplyAddress {
        ReplyAddress(json!({ "message": self.message }))
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            can_edit: true,
            previews: false,
            max_text_chars: 10_000,
            max_attachment_bytes: u64::MAX,
            progress_interval: std::time::Duration::ZERO,
        }
    }

    async fn acknowledge(&self) -> Result<(), SendError> {
        Ok(())
    }

    async fn update(&self, _update: JobUpdate) -> Result<Sent, SendError> {
        Ok(Sent::default())
    }

    async fn finish(&self, reply: Reply) -> Result<Sent, SendError> {
        *self.heard.lock().unwrap() = Some(reply);
        Ok(Sent::default())
    }

    async fn remove(&self) -> Result<(), SendError> {
        Ok(())
    }
}
