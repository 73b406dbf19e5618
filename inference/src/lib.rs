//! Prompt in, pixels out: latent diffusion on ONNX Runtime.
//!
//! [`runtime::locate_or_install`] and [`runtime::load`] bring ONNX Runtime into the process, [`Engine::start`] loads
//! models, [`Engine::generate`] draws. The library is synchronous, reads no configuration and keeps no state on disk
//! but the runtime.
//!
//! To read it: [`request`] is what is asked, [`engine`] who answers; below it lie `pipeline` (one request's state),
//! [`models`] (networks by family) and [`safety`] (doubts about pictures), and below those [`schedulers`], [`noise`], [`prompt`], [`images`] (numbers) and
//! [`session`], [`runtime`] (ONNX Runtime).

pub mod engine;
pub mod error;
pub mod images;
pub mod models;
pub mod noise;
mod pipeline;
pub mod prompt;
pub mod request;
pub mod runtime;
pub mod safety;
pub mod schedulers;
pub mod session;

pub use crate::engine::{CancelFlag, Engine, EngineConfig, EngineStats, Observer};
pub use crate::error::{InferenceError, LoadError};
pub use crate::images::{Recipe, RgbImage};
pub use crate::models::{Family, ModelDefaults, ModelInfo, ModelSource};
pub use crate::request::{
    GenerateOutput, GenerateRequest, Hires, Progress, RequestError, Snapshot, Source, Timings,
};
pub use crate::safety::SafetyVerdict;
pub use crate::schedulers::{Latents, SchedulerName};
pub use crate::session::{Provider, SessionConfig};
