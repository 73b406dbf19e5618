//! Opening networks.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ndarray::Array2;
use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::ep::{ExecutionProvider, Provider, candidates};
use super::graph::{self, Edited, Edits};
use super::network_time::NetworkTime;
use super::threads::default_threads;
use super::{OnnxSession, Terminator};
use crate::error::LoadError;
use crate::runtime::{self, RuntimeError};

/// How networks are run.
#[derive(Debug, Clone, Default)]
pub struct SessionConfig {
    /// What runs them.
    pub provider: Provider,
    /// How many threads one network uses on the processor; as many as there are cores if not given.
    pub intra_threads: Option<usize>,
}

/// Where ONNX Runtime looks for weights that are not in the model itself.
const EXTERNAL_DATA_FOLDER: &str = "session.model_external_initializers_file_folder_path";

/// Where a network is.
#[derive(Debug)]
pub(crate) enum NetworkSource<'a> {
    /// A file, perhaps with its weights in another file beside it.
    File(PathBuf),
    /// The bytes of a file, and its name for error messages.
    Memory {
        /// What to call it.
        path: PathBuf,
        /// The model.
        bytes: Cow<'a, [u8]>,
    },
}

impl NetworkSource<'_> {
    pub(super) fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Memory { path, .. } => path,
        }
    }
}

/// What a text encoder shall have beside what its file gives it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct TextEncoderOptions<'a> {
    /// Embeddings of more tokens, `[n, dimensions]`: of the ids from the size of the vocabulary upwards.
    pub(crate) token_embeddings: Option<&'a Array2<f32>>,
    /// The outputs [`clip_skip_output`](Self::clip_skip_output), if its layers are recognised.
    pub(crate) clip_skip: bool,
}

impl TextEncoderOptions<'_> {
    /// The output that leaves out the last layers, `[batch, tokens, dimensions]` with the final layer norm applied.
    /// `clip_skip` is A1111's number: 1 would leave out nothing and has no output of its own, 2 leaves out one layer.
    pub(crate) fn clip_skip_output(clip_skip: u32) -> String {
        format!("ekaki.clip_skip_{clip_skip}")
    }
}

/// Opens networks, all with the same settings.
#[derive(Debug)]
pub(crate) struct SessionFactory {
    config: SessionConfig,
    environment: Environment,
    terminator: Terminator,
    network_time: Arc<NetworkTime>,
}

impl SessionFactory {
    /// Needs [`runtime::load`] before.
    pub(crate) fn new(config: SessionConfig) -> Result<Self, LoadError> {
        let environment = runtime::environment()?;
        let terminator = Terminator::new().map_err(|error| provider_error(config.provider, &error))?;
        Ok(Self {
            config,
            environment,
            terminator,
            network_time: Arc::default(),
        })
    }

    /// Ends the calls of every session that this factory opens.
    pub(crate) fn terminator(&self) -> Terminator {
        self.terminator.clone()
    }

    /// How long the networks that it opened have run.
    pub(crate) fn network_time(&self) -> Duration {
        self.network_time.total()
    }

    /// Opens a network on the first provider that takes it.
    pub(crate) fn open(&self, source: &NetworkSource<'_>) -> Result<OnnxSession, LoadError> {
        self.open_text_encoder(source, &TextEncoderOptions::default())
    }

    /// Opens a text encoder, changed as these options say.
    ///
    /// # Errors
    /// Also when tokens cannot be added. Outputs that cannot be added are just not there.
    pub(crate) fn open_text_encoder(
        &self,
        source: &NetworkSource<'_>,
        options: &TextEncoderOptions<'_>,
    ) -> Result<OnnxSession, LoadError> {
        let candidates = candidates(self.config.provider);
        let (last, better) = candidates.split_last().ok_or(RuntimeError::NotLoaded)?;
        for candidate in better {
            match self.open_with(*candidate, source, options) {
                Ok(session) => return Ok(session),
                Err(error) => {
                    let provider = candidate.provider();
                    tracing::warn!(%provider, %error, "the execution provider does not work here, trying the next one");
                }
            }
        }
        self.open_with(*last, source, options)
    }

    fn open_with(
        &self,
        provider: &dyn ExecutionProvider,
        source: &NetworkSource<'_>,
        options: &TextEncoderOptions<'_>,
    ) -> Result<OnnxSession, LoadError> {
        let path = source.path();
        let session = match self.open_edited(provider, source, options)? {
            Some(session) => session,
            None => commit(&mut self.builder(provider)?, source).map_err(|error| corrupt(path, &error))?,
        };
        tracing::debug!(network = %path.display(), provider = %provider.provider(), "network opened");
        OnnxSession::new(
            session,
            path,
            provider.provider(),
            self.terminator.clone(),
            Arc::clone(&self.network_time),
        )
    }

    /// Opens the network with its graph changed; `None` when it has to be opened as it is. Nobody depends on the
    /// changes but those who add tokens.
    fn open_edited(
        &self,
        provider: &dyn ExecutionProvider,
        source: &NetworkSource<'_>,
        options: &TextEncoderOptions<'_>,
    ) -> Result<Option<Session>, LoadError> {
        let edits = Edits {
            fuse_attention: provider.fuses_attention(),
            token_embeddings: options.token_embeddings,
            clip_skip: options.clip_skip,
        };
        let path = source.path();
        let result = match graph::edit(source, &edits) {
            Ok(None) => return Ok(None),
            Ok(Some(edited)) => {
                commit_edited(self.builder(provider)?, &edited).map_err(|error| corrupt(path, &error))
            }
            Err(error) => Err(corrupt(path, &error)),
        };
        match result {
            Ok(session) => Ok(Some(session)),
            Err(error) if options.token_embeddings.is_some() => Err(error),
            Err(error) => {
                tracing::debug!(%error, "the network is opened without changes");
                Ok(None)
            }
        }
    }

    fn builder(&self, provider: &dyn ExecutionProvider) -> Result<SessionBuilder, LoadError> {
        self.options()
            .and_then(|builder| provider.register(builder))
            .map_err(|error| provider_error(provider.provider(), &error))
    }

    /// The threads sleep between operators instead of spinning. Measured with the committed model's UNet (batch 2,
    /// 16 by 16 latents) on two cores that other programs use as well: 11 ms a call asleep, 35 to 56 ms spinning, and
    /// half the processor time. All graph optimisations are worth it: 11.4 ms of processor time against 14.8 ms with
    /// the basic ones, for a load that is 0.2 s longer. Memory patterns plan one block for a call's shape beside the
    /// arena of the first call: without them Stable Diffusion 1.5 takes 0.9 GB less to decode 512 by 512 and 0.16 GB
    /// less in the UNet, in the same time. The arena itself stays: without it the decoder takes 1.4 times as long.
    fn options(&self) -> ort::Result<SessionBuilder> {
        let threads = self.config.intra_threads.unwrap_or_else(default_threads).max(1);
        Ok(Session::builder(&self.environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(threads)?
            .with_intra_op_spinning(false)?
            .with_memory_pattern(false)?
            .with_log_level(LogLevel::Warning)?)
    }
}

fn commit_edited(builder: SessionBuilder, edited: &Edited) -> ort::Result<Session> {
    let mut builder = match &edited.folder {
        Some(folder) => {
            let folder = folder
                .to_str()
                .ok_or_else(|| ort::Error::new("the folder's name is not Unicode"))?;
            builder.with_config_entry(EXTERNAL_DATA_FOLDER, folder)?
        }
        None => builder,
    };
    builder.commit_from_memory(&edited.bytes)
}

fn commit(builder: &mut SessionBuilder, source: &NetworkSource<'_>) -> ort::Result<Session> {
    match source {
        NetworkSource::File(path) => builder.commit_from_file(path),
        NetworkSource::Memory { bytes, .. } => builder.commit_from_memory(bytes),
    }
}

fn corrupt(path: &Path, reason: &dyn fmt::Display) -> LoadError {
    LoadError::Corrupt {
        path: path.to_path_buf(),
        reason: reason.to_string(),
    }
}

fn provider_error(provider: Provider, error: &ort::Error) -> LoadError {
    LoadError::Provider {
        provider,
        reason: error.to_string(),
    }
}
