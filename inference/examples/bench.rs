//! Draws pictures and says as JSON how long that took and how much of it was spent inside ONNX Runtime.
//! `onnx/tools/bench_peers.py` runs it beside other programs.
//!
//! ```sh
//! cargo run --release --example bench -- onnx/avatar 128 16 3.0 5 1 2
//! ```
#![expect(
    clippy::print_stdout,
    reason = "it is a program whose output is what it is for"
)]

use std::error::Error;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use inference::runtime::{self, RuntimeRequest};
use inference::{
    Engine, EngineConfig, GenerateOutput, GenerateRequest, InferenceError, ModelSource, Observer, Progress,
    SchedulerName, SessionConfig,
};

const USAGE: &str = "bench MODEL SIZE STEPS GUIDANCE RUNS JOBS THREADS";

/// What shall be drawn.
struct Plan {
    model: String,
    /// Width and height in pixels.
    size: u32,
    num_inference_steps: u32,
    guidance_scale: f32,
    /// How many times.
    runs: u64,
    /// How many pictures at a time.
    jobs: u64,
    intra_threads: usize,
}

impl Plan {
    fn from_arguments(arguments: &[String]) -> Result<Self, Box<dyn Error>> {
        let [model, size, steps, guidance, runs, jobs, threads] = arguments else {
            return Err(USAGE.into());
        };
        Ok(Self {
            model: model.clone(),
            size: size.parse()?,
            num_inference_steps: steps.parse()?,
            guidance_scale: guidance.parse()?,
            runs: runs.parse()?,
            jobs: jobs.parse()?,
            intra_threads: threads.parse()?,
        })
    }

    fn start(&self) -> Result<Engine, Box<dyn Error>> {
        let library = runtime::locate_or_install(&RuntimeRequest::new("data"), &mut |_| ())?;
        runtime::load(&library)?;
        Ok(Engine::start(EngineConfig {
            models: vec![("bench".into(), ModelSource::Folder(self.model.as_str().into()))],
            session: SessionConfig {
                intra_threads: Some(self.intra_threads),
                ..SessionConfig::default()
            },
            max_batch_rows: usize::try_from(2 * self.jobs)?,
            max_pending: usize::try_from(self.jobs)?,
            memory_budget_bytes: None,
            safety_checker: None,
        })?)
    }

    /// Always the same scheduler, which calls the UNet once a step.
    fn request(&self, seed: u64) -> Result<GenerateRequest, Box<dyn Error>> {
        Ok(GenerateRequest {
            model: "bench".into(),
            prompt: "a girl with long pink hair plays the guitar".into(),
            negative_prompt: String::new(),
            width: self.size,
            height: self.size,
            num_inference_steps: self.num_inference_steps,
            guidance_scale: self.guidance_scale,
            seed,
            scheduler: Some("DDIMScheduler".parse::<SchedulerName>()?),
            ..GenerateRequest::default()
        })
    }

    /// Draws all jobs of a run at the same time; the time it took, and the time inside ONNX Runtime.
    fn draw(&self, engine: &Engine, run: u64) -> Result<(Duration, Duration), Box<dyn Error>> {
        let before = engine.stats().network_time;
        let begin = Instant::now();
        let (sender, receiver) = mpsc::channel();
        for job in 0..self.jobs {
            let observer = Box::new(Finished(sender.clone()));
            engine.generate(self.request(run * self.jobs + job)?, observer)?;
        }
        drop(sender);
        wait(&receiver)?;
        Ok((begin.elapsed(), engine.stats().network_time - before))
    }
}

/// Sends the end of a request.
struct Finished(Sender<Result<GenerateOutput, InferenceError>>);

impl Observer for Finished {
    fn on_progress(&mut self, _: Progress) {}

    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
        // The receiver is gone only when another request has failed.
        let _ = self.0.send(result);
    }
}

fn wait(receiver: &Receiver<Result<GenerateOutput, InferenceError>>) -> Result<(), InferenceError> {
    receiver.iter().try_for_each(|result| result.map(|_| ()))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let plan = Plan::from_arguments(&arguments)?;
    let begin = Instant::now();
    let engine = plan.start()?;
    let load = begin.elapsed();
    let mut seconds = Vec::new();
    let mut network_seconds = Vec::new();
    for run in 0..plan.runs {
        let (total, network) = plan.draw(&engine, run)?;
        seconds.push(total.as_secs_f64());
        network_seconds.push(network.as_secs_f64());
    }
    engine.shutdown();
    let result = serde_json::json!({
        "load_seconds": load.as_secs_f64(),
        "seconds": seconds,
        "network_seconds": network_seconds,
    });
    println!("{result}");
    Ok(())
}
