//! The engine with models that do what a real one cannot be brought to do. What a real one can is tested in
//! `tests/it/engine.rs`.

mod failures;
mod loading;
mod memory;
mod pictures;

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::*;
use crate::models::{DiffusionModel, inspect};
use crate::pipeline::fake::FakeModel;
use crate::schedulers::SchedulerConfig;

/// How a request ended.
type End = Result<GenerateOutput, InferenceError>;

/// Loads what a closure makes.
struct FakeLoader<F>(F);

impl<F> Loader for FakeLoader<F>
where
    F: Fn(usize) -> Result<FakeModel, LoadError> + Send + Sync,
{
    fn load(&self, index: usize) -> Result<Box<dyn DiffusionModel>, LoadError> {
        Ok(Box::new((self.0)(index)?))
    }

    fn terminate(&self) {}

    fn network_time(&self) -> Duration {
        Duration::ZERO
    }
}

/// Lets nobody through before it is opened, which dropping the sender does.
struct Gate(Mutex<Receiver<()>>);

impl Gate {
    fn new() -> (Sender<()>, Self) {
        let (open, gate) = mpsc::channel();
        (open, Self(Mutex::new(gate)))
    }

    fn wait(&self) {
        let gate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = gate.recv();
    }
}

/// The limits of most tests.
const LIMITS: Limits = Limits {
    max_batch_rows: 16,
    max_pending: 16,
    memory_budget_bytes: None,
};

/// An engine with the models `0`, `1` and `2`, of one byte each.
fn engine_with(
    limits: Limits,
    load: impl Fn(usize) -> Result<FakeModel, LoadError> + Send + Sync + 'static,
) -> Engine {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/tiny");
    let manifest = |id: &str| {
        let mut manifest = inspect(id, &ModelSource::Folder(folder.into())).unwrap();
        manifest.scheduler =
            SchedulerConfig::from_json(r#"{"_class_name": "EulerDiscreteScheduler"}"#).unwrap();
        manifest.memory_bytes = 1;
        manifest
    };
    let manifests = ["0", "1", "2"].map(manifest).into();
    let parts = Parts {
        manifests,
        loader: Arc::new(FakeLoader(load)),
        safety_checker: None,
        limits,
    };
    Engine::start_with(parts).unwrap()
}

/// A request for the model with this index; the prompt is a number, see [`FakeModel`].
fn request(model: usize, prompt: &str) -> GenerateRequest {
    GenerateRequest {
        model: model.to_string(),
        prompt: prompt.into(),
        width: 64,
        height: 64,
        num_inference_steps: 2,
        guidance_scale: 2.0,
        ..GenerateRequest::default()
    }
}

struct Ends(Sender<End>);

impl Observer for Ends {
    fn on_progress(&mut self, _: Progress) {}

    fn on_finished(self: Box<Self>, result: End) {
        // A test that has failed already is not there to hear it.
        let _ = self.0.send(result);
    }
}

/// Sends a request on its way.
fn send(engine: &Engine, request: GenerateRequest) -> (CancelFlag, Receiver<End>) {
    let (sender, end) = mpsc::channel();
    (engine.generate(request, Box::new(Ends(sender))).unwrap(), end)
}

/// Draws and waits for it.
fn draw(engine: &Engine, request: GenerateRequest) -> End {
    send(engine, request).1.recv().unwrap()
}

/// What ONNX Runtime says.
fn run_error(reason: &str) -> InferenceError {
    InferenceError::Run {
        network: "unet/model.onnx".into(),
        reason: reason.into(),
    }
}

#[test]
fn what_was_accepted_is_finished_without_a_handle() {
    let engine = engine_with(LIMITS, |_| Ok(FakeModel::new()));
    let (_, end) = send(&engine, request(1, "1"));
    drop(engine);
    end.recv().unwrap().unwrap();
}
