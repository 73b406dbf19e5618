//! The router over a real job log and a real queue; only the pictures are made up.

mod access;
mod admin;
mod buttons;
mod conversation;
mod health;
mod hub;
mod page;
mod view;

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, HOST, SET_COOKIE};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use futures::StreamExt as _;
use inference::{
    Family, GenerateOutput, InferenceError, ModelDefaults, ModelInfo, Recipe, RgbImage, Snapshot, Timings,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use super::router::{self, WebState};
use super::{WebAdapter, bind};
use crate::adapters::Deps;
use crate::chat::Outbox;
use crate::commands::{CommandContext, Commands};
use crate::config::{Config, ConfigSources, QueueConfig, ShutdownConfig, WebConfig};
use crate::i18n::Locale;
use crate::limits::{LimitRule, LimitValues};
use crate::metrics::Metrics;
use crate::queue::{
    Clock, GenerateJob, GenerateProgress, ImageGenerator, JobQueue, QueueParts, QueueSettings,
};
use crate::rules::{LiveRules, ReadConfig};
use crate::store::Store;

const STEPS: u32 = 3;
const ADMIN_TOKEN: &str = "battery staple";

/// Makes a step whenever the test says so.
struct Stepwise {
    steps: Arc<Semaphore>,
}

#[async_trait]
impl ImageGenerator for Stepwise {
    async fn generate(
        &self,
        job: GenerateJob,
        _cancel: CancellationToken,
    ) -> Result<Vec<GenerateOutput>, InferenceError> {
        for step in 1..=STEPS {
            self.steps
                .acquire()
                .await
                .expect("the semaphore stays open")
                .forget();
            let preview = job.progress.wants_preview().then(|| (0, RgbImage::new(2, 2)));
            job.progress.report(GenerateProgress {
                step,
                num_inference_steps: STEPS,
                preview,
            });
        }
        if job.draw.prompt.contains("unlucky") {
            return Err(InferenceError::Stopped);
        }
        Ok((0..job.draw.count).map(|index| output(&job, index)).collect())
    }

    fn models(&self) -> Vec<ModelInfo> {
        let defaults = ModelDefaults {
            width: 128,
            height: 128,
            num_inference_steps: STEPS,
            guidance_scale: 3.0,
            preview: None,
        };
        vec![ModelInfo {
            id: "avatar".to_owned(),
            name: "avatar".to_owned(),
            description: [].into(),
            family: Family::StableDiffusion,
            scheduler: "DDIM",
            size_multiple: 8,
            prediction_type: "epsilon".to_owned(),
            inpainting: false,
            image_to_image: true,
            clip_skip: None,
            noise: Default::default(),
            can_grow: true,
            defaults,
        }]
    }
}

fn output(job: &GenerateJob, index: u32) -> GenerateOutput {
    let draw = &job.draw;
    let colour = [u8::try_from(index).unwrap_or(0); 3].into();
    let image = RgbImage::from_pixel(draw.width, draw.height, colour);
    let snapshots = draw.filmstrip.map(|_| {
        let image = image.clone();
        [1, STEPS].map(|step| Snapshot {
            step,
            image: image.clone(),
        })
    });
    GenerateOutput {
        image,
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
        snapshots: snapshots.into_iter().flatten().collect(),
        safety: None,
    }
}

/// The web chat without a port.
struct Tester {
    router: Router,
    store: Store,
    adapter: Arc<WebAdapter>,
    steps: Arc<Semaphore>,
    _queue: DropGuard,
    _folder: TempDir,
}

impl Tester {
    async fn new() -> Self {
        Self::with_token(None).await
    }

    async fn with_token(token: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).await.unwrap();
        let config = WebConfig {
            bind: "127.0.0.1:0".parse().unwrap(),
            token: token.map(SecretString::from),
            admin_token: Some(SecretString::from(ADMIN_TOKEN)),
        };
        let deps = Deps {
            store: store.clone(),
            metrics: Metrics::new(store.clone(), None),
            default_locale: Locale::EN.into(),
        };
        let adapter = Arc::new(WebAdapter::new(bind(&config).await.unwrap(), &config, deps).unwrap());
        let outbox = Outbox::new(store.clone(), Clock::system(), vec![adapter.clone()]);
        let steps = Arc::new(Semaphore::new(0));
        let read_config: ReadConfig = Arc::new(|| {
            let folder = std::path::PathBuf::from("/nonexistent");
            Config::load(&ConfigSources {
                folder,
                ..ConfigSources::default()
            })
        });
        let mut settings = read_config().unwrap();
        settings.limits.queued = 3;
        settings.limits.max_pixels = 512 * 512;
        settings.limits.max_prompt_chars = 100;
        settings.limits.rules = vec![LimitRule {
            scope: "platform=telegram".parse().unwrap(),
            values: LimitValues {
                per_day: Some(5),
                ..LimitValues::default()
            },
        }];
        settings.words.forbidden = vec!["gore".to_owned()];
        settings.words.allowed = vec!["gore-tex".to_owned()];
        let rules = LiveRules::new(&settings, read_config, store.clone())
            .await
            .unwrap();
        let queue = QueueConfig {
            concurrency: 1,
            max_queued: 100,
            lease_seconds: 60,
            expire_hours: 1,
        };
        let queue = JobQueue::new(QueueParts {
            store: store.clone(),
            settings: QueueSettings::new(&queue, &ShutdownConfig { drain_seconds: 0 }),
            generator: Arc::new(Stepwise { steps: steps.clone() }),
            events: Arc::new(outbox.clone()),
            clock: Clock::system(),
        });
        let shutdown = CancellationToken::new();
        tokio::spawn({
            let (queue, shutdown) = (queue.clone(), shutdown.clone());
            async move { queue.run(shutdown).await }
        });
        let context = CommandContext {
            queue,
            store: store.clone(),
            rules,
            clock: Clock::system(),
            random_seed: || u64::MAX - 1,
            outbox,
        };
        let state = WebState {
            shared: adapter.shared.clone(),
            commands: Arc::new(Commands::new(context)),
            tasks: TaskTracker::new(),
            shutdown: shutdown.clone(),
        };
        let router = router::build(state);
        Self {
            router,
            store,
            adapter,
            steps,
            _queue: shutdown.drop_guard(),
            _folder: folder,
        }
    }

    async fn send(&self, request: Builder, body: impl Into<Body>) -> Answer {
        let request = request.body(body.into()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.into_body(),
        }
    }

    /// Somebody who visited the page once.
    async fn person(&self) -> Person<'_> {
        let page = self.send(get("/"), "").await;
        assert_eq!(page.status, StatusCode::OK);
        let cookie = page.header(SET_COOKIE.as_str());
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Person { tester: self, cookie }
    }

    /// Lets the queue make a step.
    fn step(&self) {
        self.steps.add_permits(1);
    }

    /// Lets the queue draw one picture from beginning to end.
    fn finish(&self) {
        self.steps.add_permits(STEPS as usize);
    }
}

fn get(path: &str) -> Builder {
    Request::builder()
        .method(Method::GET)
        .uri(path)
        .header(HOST, "127.0.0.1:7860")
}

/// A connection from this address.
fn from(address: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::new(address.parse().unwrap(), 5000))
}

fn post(path: &str) -> Builder {
    get(path).method(Method::POST)
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

impl Answer {
    fn header(&self, name: &str) -> String {
        self.headers
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
            .unwrap_or_default()
    }

    async fn bytes(self) -> Vec<u8> {
        axum::body::to_bytes(self.body, usize::MAX).await.unwrap().into()
    }

    async fn text(self) -> String {
        String::from_utf8(self.bytes().await).unwrap()
    }

    async fn json(self) -> Value {
        serde_json::from_str(&self.text().await).unwrap()
    }
}

struct Person<'a> {
    tester: &'a Tester,
    cookie: String,
}

impl Person<'_> {
    async fn get(&self, path: &str) -> Answer {
        self.tester.send(get(path).header(COOKIE, &self.cookie), "").await
    }

    async fn type_command(&self, text: &str, key: &str) -> Value {
        let body = json!({ "text": text, "key": key }).to_string();
        let request = post("/api/commands")
            .header(COOKIE, &self.cookie)
            .header(CONTENT_TYPE, "application/json")
            .header("accept-language", "en");
        let answer = self.tester.send(request, body).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.json().await
    }

    async fn events(&self) -> Events {
        let answer = self.get("/api/events").await;
        assert_eq!(answer.header("content-type"), "text/event-stream");
        Events {
            body: answer.body.into_data_stream(),
            rest: String::new(),
        }
    }
}

struct Events {
    body: axum::body::BodyDataStream,
    rest: String,
}

impl Events {
    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while !self.rest.contains("\n\n") {
                let part = self.body.next().await?.unwrap();
                self.rest.push_str(std::str::from_utf8(&part).unwrap());
            }
            let (event, rest) = self.rest.split_once("\n\n").unwrap();
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name));
            let event = field("event: ").zip(field("data: "));
            let event = event.map(|(name, data)| (name.to_owned(), serde_json::from_str(data).unwrap()));
            self.rest = rest.to_owned();
            // What is no event keeps the connection alive.
            if event.is_some() {
                return event;
            }
        }
    }

    /// What the page hears until a message is as wanted, one line for each event.
    async fn until(&mut self, is_wanted: impl Fn(&Value) -> bool) -> String {
        let mut lines = Vec::new();
        while let Some((name, data)) = self.next().await {
            // Whether the queue is faster than the answer to the command is left to chance.
            if data["job"].is_null() || data["reply"] != "" {
                lines.push(line(&name, &data));
            }
            if is_wanted(&data) {
                break;
            }
        }
        lines.dedup();
        lines.join("\n")
    }

    /// What the page hears until a message has ended.
    async fn end(&mut self) -> String {
        self.until(|data| matches!(data["state"].as_str(), Some("answered" | "done" | "failed")))
            .await
    }
}

fn line(name: &str, data: &Value) -> String {
    if name == "snapshot" {
        let messages: Vec<String> = data["messages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| line("", message))
            .collect();
        return format!("snapshot [{}]", messages.join(", "));
    }
    let pictures = data["images"].as_array().map_or(0, Vec::len);
    let preview = if data["preview"].is_null() {
        ""
    } else {
        " with a preview"
    };
    let text = format!(
        "{name} {} {}: {:?}{preview}, {pictures} pictures",
        data["id"].as_str().unwrap(),
        data["state"].as_str().unwrap(),
        data["reply"].as_str().unwrap(),
    );
    text.trim_start().to_owned()
}
