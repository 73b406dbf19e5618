//! An engine with one model, for the time of one command.

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use inference::{
    CancelFlag, Engine, EngineConfig, GenerateOutput, GenerateRequest, InferenceError, Observer, Progress,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use super::install_progress;
use crate::app::{load_runtime, runtime_request, session_config};
use crate::config::Config;
use crate::models::NamedModel;

const PROGRESS: &str = "{bar:30} step {pos}/{len} {elapsed}";

/// Brings ONNX Runtime and one model up, away from the thread that listens to signals.
pub(super) async fn start(config: Config, model: NamedModel, count: u32) -> anyhow::Result<Engine> {
    let starting = tokio::task::spawn_blocking(move || {
        load_runtime(&runtime_request(&config), install_progress::observer())?;
        anyhow::Ok(Engine::start(EngineConfig {
            models: vec![model],
            session: session_config(&config),
            max_batch_rows: config.inference.max_batch_rows,
            max_pending: count as usize,
            memory_budget_bytes: None,
            safety_checker: None,
        })?)
    });
    starting.await.context("cannot start the engine")?
}

/// What the engine says of the pictures.
enum News {
    Step {
        index: usize,
        progress: Progress,
    },
    Finished {
        index: usize,
        result: Box<Result<GenerateOutput, InferenceError>>,
    },
}

struct Reporter {
    index: usize,
    news: UnboundedSender<News>,
}

impl Reporter {
    fn send(&self, news: News) {
        if self.news.send(news).is_err() {
            tracing::debug!("a picture goes on that nobody waits for");
        }
    }
}

impl Observer for Reporter {
    fn on_progress(&mut self, progress: Progress) {
        self.send(News::Step {
            index: self.index,
            progress,
        });
    }

    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
        self.send(News::Finished {
            index: self.index,
            result: Box::new(result),
        });
    }
}

/// Draws all pictures together. A signal cancels them at the next step.
pub(super) async fn generate(
    engine: &Engine,
    requests: Vec<GenerateRequest>,
    shutdown: &CancellationToken,
) -> anyhow::Result<Vec<GenerateOutput>> {
    let count = requests.len();
    let (news, mut inbox) = unbounded_channel();
    let mut cancels: Vec<CancelFlag> = Vec::new();
    for (index, request) in requests.into_iter().enumerate() {
        cancels.push(engine.generate(
            request,
            Box::new(Reporter {
                index,
                news: news.clone(),
            }),
        )?);
    }
    tokio::select! {
        outputs = collect(&mut inbox, count, progress_bar()) => outputs,
        () = shutdown.cancelled() => {
            for cancel in &cancels {
                cancel.cancel();
            }
            Err(InferenceError::Cancelled.into())
        }
    }
}

async fn collect(
    inbox: &mut UnboundedReceiver<News>,
    count: usize,
    bar: ProgressBar,
) -> anyhow::Result<Vec<GenerateOutput>> {
    let mut outputs: Vec<(usize, GenerateOutput)> = Vec::new();
    let mut steps = vec![(0, 0); count];
    while outputs.len() < count {
        match inbox.recv().await.context("the engine ended by itself")? {
            News::Step { index, progress } => {
                if let Some(steps) = steps.get_mut(index) {
                    *steps = (u64::from(progress.step), u64::from(progress.num_inference_steps));
                }
                bar.set_length(steps.iter().map(|(_, all)| all).sum());
                bar.set_position(steps.iter().map(|(done, _)| done).sum());
            }
            News::Finished { index, result } => outputs.push((index, (*result)?)),
        }
    }
    outputs.sort_unstable_by_key(|(index, _)| *index);
    Ok(outputs.into_iter().map(|(_, output)| output).collect())
}

/// A bar on standard error, if that is a terminal.
fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::no_length().with_finish(ProgressFinish::AndClear);
    // The template is valid; without it the bar would still be a bar.
    if let Ok(style) = ProgressStyle::with_template(PROGRESS) {
        bar.set_style(style);
    }
    bar
}
