//! What the tests share.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::mpsc::{self, Receiver};

use inference::runtime::{self, RuntimeLibrary, RuntimeRequest};
use inference::{
    Engine, EngineConfig, GenerateOutput, GenerateRequest, InferenceError, ModelSource, Observer, Progress,
    SessionConfig,
};

/// The top of the repository.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The committed model.
pub(crate) fn avatar() -> ModelSource {
    ModelSource::Folder(repository().join("onnx/avatar"))
}

/// Loads ONNX Runtime, which is installed in the repository's `data/` on the first run, where the service that is
/// started from the repository finds it too.
pub(crate) fn load_runtime() -> &'static RuntimeLibrary {
    static LIBRARY: OnceLock<RuntimeLibrary> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let request = RuntimeRequest::new(repository().join("data"));
        let library =
            runtime::locate_or_install(&request, &mut |_| ()).unwrap_or_else(|error| panic!("{error}"));
        runtime::load(&library).unwrap();
        library
    })
}

/// An engine with these models.
pub(crate) fn engine_with(models: Vec<(String, ModelSource)>) -> Engine {
    load_runtime();
    let config = EngineConfig {
        models,
        session: SessionConfig::default(),
        max_batch_rows: 16,
        max_pending: 16,
        memory_budget_bytes: None,
        safety_checker: None,
    };
    Engine::start(config).unwrap()
}

/// An engine with the committed model.
pub(crate) fn engine() -> Engine {
    engine_with(vec![("avatar".into(), avatar())])
}

/// Draws one picture and waits for it.
pub(crate) fn draw(engine: &Engine, request: GenerateRequest) -> Result<GenerateOutput, InferenceError> {
    let (observer, result) = Waiting::new();
    engine.generate(request, observer)?;
    result.recv().unwrap()
}

/// Calls a closure at every step.
type OnProgress = Box<dyn FnMut(Progress) + Send>;

/// An observer that sends the end to whoever waits for it.
pub(crate) struct Waiting {
    result: mpsc::Sender<Result<GenerateOutput, InferenceError>>,
    on_progress: OnProgress,
}

impl Waiting {
    /// Ignores the steps.
    pub(crate) fn new() -> (Box<Self>, Receiver<Result<GenerateOutput, InferenceError>>) {
        Self::with_progress(|_| ())
    }

    /// Looks at the steps, with previews.
    pub(crate) fn with_progress(
        on_progress: impl FnMut(Progress) + Send + 'static,
    ) -> (Box<Self>, Receiver<Result<GenerateOutput, InferenceError>>) {
        let (sender, receiver) = mpsc::channel();
        (
            Box::new(Self {
                result: sender,
                on_progress: Box::new(on_progress),
            }),
            receiver,
        )
    }
}

impl Observer for Waiting {
    fn wants_preview(&mut self) -> bool {
        true
    }

    fn on_progress(&mut self, progress: Progress) {
        (self.on_progress)(progress);
    }

    fn on_finished(self: Box<Self>, result: Result<GenerateOutput, InferenceError>) {
        // A test that has failed already is not there to hear it.
        let _ = self.result.send(result);
    }
}
