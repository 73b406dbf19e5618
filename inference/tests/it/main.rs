//! The library from outside, with the real ONNX Runtime and the committed model.
#![cfg(test)]

mod engine;
mod folders;
mod pictures;
mod runtime;
mod scheduler_replay;
mod schedulers;
mod support;
mod tiny;
