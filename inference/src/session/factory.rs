//! Opening networks.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use ort::environment::Environment;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::ep::{ExecutionProvider, Provider, candidates};
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
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Memory { path, .. } => path,
        }
    }
}

/// Opens networks, all with the same settings.
#[derive(Debug)]
pub(crate) struct SessionFactory {
    config: SessionConfig,
    environment: Environment,
    terminator: Terminator,
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
        })
    }

    /// Ends the calls of every session that this factory opens.
    pub(crate) fn terminator(&self) -> Terminator {
        self.terminator.clone()
    }

    /// Opens a network on the first provider that takes it.
    pub(crate) fn open(&self, source: &NetworkSource<'_>) -> Result<OnnxSession, LoadError> {
        let candidates = candidates(self.config.provider);
        let (last, better) = candidates.split_last().ok_or(RuntimeError::NotLoaded)?;
        for candidate in better {
            match self.open_with(*candidate, source) {
                Ok(session) => return Ok(session),
                Err(error) => {
                    let provider = candidate.provider();
                    tracing::warn!(%provider, %error, "the execution provider does not work here, trying the next one");
                }
            }
        }
        self.open_with(*last, source)
    }

    fn open_with(
        &self,
        provider: &dyn ExecutionProvider,
        source: &NetworkSource<'_>,
    ) -> Result<OnnxSession, LoadError> {
        let mut builder = self
            .builder()
            .and_then(|builder| provider.register(builder))
            .map_err(|error| provider_error(provider.provider(), &error))?;
        let session = commit(&mut builder, source).map_err(|error| LoadError::Corrupt {
            path: source.path().to_path_buf(),
            reason: error.to_string(),
        })?;
        tracing::debug!(network = %source.path().display(), provider = %provider.provider(), "network opened");
        OnnxSession::new(session, source.path(), self.terminator.clone())
    }

    /// The threads sleep between operators instead of spinning. Measured with the committed model's UNet (batch 2,
    /// 16 by 16 latents) on two cores that other programs use as well: 11 ms a call asleep, 35 to 56 ms spinning, and
    /// half the processor time. All graph optimisations are worth it: 11.4 ms of processor time against 14.8 ms with
    /// the basic ones, for a load that is 0.2 s longer.
    fn builder(&self) -> ort::Result<SessionBuilder> {
        let threads = self.config.intra_threads.unwrap_or_else(default_threads).max(1);
        Ok(Session::builder(&self.environment)?
            .with_optimization_level(GraphOptimizationLevel::All)?
            .with_intra_threads(threads)?
            .with_intra_op_spinning(false)?
            .with_log_level(LogLevel::Warning)?)
    }
}

fn commit(builder: &mut SessionBuilder, source: &NetworkSource<'_>) -> ort::Result<Session> {
    match source {
        NetworkSource::File(path) => builder.commit_from_file(path),
        NetworkSource::Memory { bytes, .. } => builder.commit_from_memory(bytes),
    }
}

fn provider_error(provider: Provider, error: &ort::Error) -> LoadError {
    LoadError::Provider {
        provider,
        reason: error.to_string(),
    }
}
