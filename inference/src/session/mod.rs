//! Networks on ONNX Runtime. The only room, with `runtime`, that knows `ort`.
//!
//! `SessionFactory` opens a network on the execution provider that was asked for; `OnnxSession` runs it. Inputs
//! and outputs are found by name, and numbers are converted to what the network declares.

mod ep;
mod factory;
mod graph;
mod network_time;
mod onnx;
mod terminator;
mod threads;

pub use self::ep::{Provider, UnknownProvider};
pub use self::factory::SessionConfig;
pub(crate) use self::factory::{NetworkSource, SessionFactory, TextEncoderOptions};
pub(crate) use self::onnx::{Input, OnnxSession, TensorSpec};
pub(crate) use self::terminator::Terminator;
