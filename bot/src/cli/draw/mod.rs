//! `ekaki draw`: a picture from the terminal, without a service and without a job log.

mod report;

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressFinish, ProgressStyle};
use inference::images::encode_png;
use inference::{
    CancelFlag, Engine, EngineConfig, GenerateOutput, GenerateRequest, InferenceError, ModelInfo, Observer,
    Progress, Provider, RgbImage, SchedulerName,
};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio_util::sync::CancellationToken;

use self::report::{Report, Times};
use super::terminal_picture::{Protocol, show};
use super::{Context, block_on, install_progress};
use crate::app::{load_runtime, runtime_request, session_config};
use crate::commands::random_seed;
use crate::config::Config;
use crate::models::{self, NamedModel};
use crate::prompts::normalise;
use crate::shutdown;

const PROGRESS: &str = "{bar:30} step {pos}/{len} {elapsed}";

/// `ekaki draw …`
#[derive(Debug, Args)]
pub(super) struct DrawArgs {
    /// What to draw
    prompt: String,
    /// The PNG file to write [default: ekaki-SEED.png]; several become name-1.png, name-2.png, …
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Id of a model or path of its folder [default: inference.model of the settings]
    #[arg(long, value_name = "ID or FOLDER")]
    model: Option<String>,
    /// What should not be in the picture
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    negative: String,
    /// Width in pixels [default: the model's]
    #[arg(long, value_name = "PIXELS")]
    width: Option<u32>,
    /// Height in pixels [default: the model's]
    #[arg(long, value_name = "PIXELS")]
    height: Option<u32>,
    /// How often the picture is refined [default: the model's]
    #[arg(long)]
    steps: Option<u32>,
    /// How closely the picture follows the prompt [default: the model's]
    #[arg(long)]
    guidance: Option<f32>,
    /// The same seed and settings give the same picture [default: a random one]
    #[arg(long)]
    seed: Option<u64>,
    /// How many pictures, with the seeds seed, seed + 1, …
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    count: u32,
    /// DDIM, Euler or a diffusers class name [default: the model's]
    #[arg(long, value_name = "NAME")]
    scheduler: Option<SchedulerName>,
    /// Take the prompt exactly as it is
    #[arg(long)]
    plain_prompt: bool,
    /// What computes: auto, cpu, cuda or directml [default: runtime.provider of the settings]
    #[arg(long)]
    provider: Option<Provider>,
    /// Print one JSON object instead of text and picture
    #[arg(long)]
    pub(super) json: bool,
}

/// Draws and writes the pictures.
pub(super) fn run(context: &Context, args: DrawArgs) -> anyhow::Result<()> {
    block_on(tokio::runtime::Builder::new_current_thread(), draw(context, args))
}

async fn draw(context: &Context, args: DrawArgs) -> anyhow::Result<()> {
    let begun = Instant::now();
    let mut config = context.config.clone();
    config.runtime.provider = args.provider.unwrap_or(config.runtime.provider);
    let seed = args.seed.unwrap_or_else(random_seed);
    let files = output_files(&args, seed)?;
    let name = args.model.as_deref().unwrap_or(&config.inference.model);
    let model = models::resolve(&config.inference.models_dir, name)?;

    let shutdown = shutdown::on_signal()?;
    let engine = tokio::select! {
        engine = start(config, model, args.count) => engine?,
        () = shutdown.cancelled() => return Err(InferenceError::Cancelled.into()),
    };
    let load_ms = milliseconds(begun);
    let models = engine.models();
    let requests = requests(models.first().context("the engine has no model")?, &args, seed);
    let outputs = generate(&engine, requests, &shutdown).await;
    // Also after an error: a thread that still computes must not outlive the libraries it uses.
    engine.shutdown();
    let outputs = outputs?;

    let stdout_is_picture = !args.json && std::io::stdout().is_terminal();
    let protocol = Protocol::of(&context.environment.terminal).filter(|_| stdout_is_picture);
    for (path, output) in files.iter().zip(&outputs) {
        write_picture(path, output, protocol)?;
    }
    let report = Report::new(
        files,
        &outputs,
        Times {
            load_ms,
            total_ms: milliseconds(begun),
        },
    )?;
    report.print(args.json).context("cannot write to standard output")
}

/// The files to write, which can be written as far as that can be told before.
fn output_files(args: &DrawArgs, seed: u64) -> anyhow::Result<Vec<PathBuf>> {
    let path = args
        .output
        .clone()
        .unwrap_or_else(|| format!("ekaki-{seed}.png").into());
    numbered(path, args.count)
}

fn numbered(path: PathBuf, count: u32) -> anyhow::Result<Vec<PathBuf>> {
    anyhow::ensure!(
        !path.is_dir(),
        "{} is a folder; -o takes the name of a file",
        path.display()
    );
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder {
        anyhow::ensure!(folder.is_dir(), "the folder {} does not exist", folder.display());
    }
    if count == 1 {
        return Ok(vec![path]);
    }
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let extension = path
        .extension()
        .unwrap_or("png".as_ref())
        .to_string_lossy()
        .into_owned();
    Ok((1..=count)
        .map(|number| path.with_file_name(format!("{stem}-{number}.{extension}")))
        .collect())
}

/// Brings ONNX Runtime and one model up, away from the thread that listens to signals.
async fn start(config: Config, model: NamedModel, count: u32) -> anyhow::Result<Engine> {
    let starting = tokio::task::spawn_blocking(move || {
        load_runtime(&runtime_request(&config), install_progress::observer())?;
        anyhow::Ok(Engine::start(EngineConfig {
            models: vec![model],
            session: session_config(&config),
            max_batch_rows: config.inference.max_batch_rows,
            max_pending: count as usize,
        })?)
    });
    starting.await.context("cannot start the engine")?
}

fn requests(model: &ModelInfo, args: &DrawArgs, seed: u64) -> Vec<GenerateRequest> {
    let text = |text: &str| {
        if args.plain_prompt {
            text.to_owned()
        } else {
            normalise(text)
        }
    };
    let defaults = model.request(text(&args.prompt), seed);
    let first = GenerateRequest {
        negative_prompt: text(&args.negative),
        width: args.width.unwrap_or(defaults.width),
        height: args.height.unwrap_or(defaults.height),
        num_inference_steps: args.steps.unwrap_or(defaults.num_inference_steps),
        guidance_scale: args.guidance.unwrap_or(defaults.guidance_scale),
        scheduler: args.scheduler,
        ..defaults
    };
    (0..args.count)
        .map(|index| GenerateRequest {
            seed: seed.wrapping_add(index.into()),
            ..first.clone()
        })
        .collect()
}

/// What the engine says of the pictures.
enum News {
    Step,
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
    fn on_progress(&mut self, _progress: Progress) {
        self.send(News::Step);
    }

    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
        self.send(News::Finished {
            index: self.index,
            result: Box::new(result),
        });
    }
}

/// Draws all pictures together. A signal cancels them at the next step.
async fn generate(
    engine: &Engine,
    requests: Vec<GenerateRequest>,
    shutdown: &CancellationToken,
) -> anyhow::Result<Vec<GenerateOutput>> {
    let count = requests.len();
    let steps: u64 = requests
        .iter()
        .map(|request| u64::from(request.num_inference_steps))
        .sum();
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
        outputs = collect(&mut inbox, count, progress_bar(steps)) => outputs,
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
    while outputs.len() < count {
        match inbox.recv().await.context("the engine ended by itself")? {
            News::Step => bar.inc(1),
            News::Finished { index, result } => outputs.push((index, (*result)?)),
        }
    }
    outputs.sort_unstable_by_key(|(index, _)| *index);
    Ok(outputs.into_iter().map(|(_, output)| output).collect())
}

/// A bar on standard error, if that is a terminal.
fn progress_bar(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps).with_finish(ProgressFinish::AndClear);
    // The template is valid; without it the bar would still be a bar.
    if let Ok(style) = ProgressStyle::with_template(PROGRESS) {
        bar.set_style(style);
    }
    bar
}

fn write_picture(path: &Path, output: &GenerateOutput, protocol: Option<Protocol>) -> anyhow::Result<()> {
    let png = encode_png(&output.image, Some(&output.recipe.to_string()))?;
    std::fs::write(path, &png).with_context(|| format!("cannot write {}", path.display()))?;
    match protocol {
        Some(protocol) => {
            let image: &RgbImage = &output.image;
            show(&mut std::io::stdout().lock(), protocol, image, &png).context("cannot show the picture")
        }
        None => Ok(()),
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::numbered;

    fn check(folder: &Path, path: &str, count: u32, expected: &str) {
        let prefix = format!("{}/", folder.display());
        let text = match numbered(folder.join(path), count) {
            Ok(files) => files
                .iter()
                .map(|file| file.display().to_string())
                .collect::<Vec<_>>()
                .join(" "),
            Err(error) => error.to_string(),
        };
        assert_eq!(text.replace(&prefix, ""), expected);
    }

    #[test]
    fn several_pictures_are_numbered_and_folders_have_to_exist() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("pictures")).expect("folder");
        check(folder.path(), "hitori.png", 1, "hitori.png");
        check(
            folder.path(),
            "pictures/後藤.x.png",
            2,
            "pictures/後藤.x-1.png pictures/後藤.x-2.png",
        );
        check(folder.path(), "name", 2, "name-1.png name-2.png");
        check(
            folder.path(),
            "nowhere/hitori.png",
            1,
            "the folder nowhere does not exist",
        );
        check(
            folder.path(),
            "pictures",
            1,
            "pictures is a folder; -o takes the name of a file",
        );
    }
}
