//! The library from outside, with the real ONNX Runtime and the committed model.
#![cfg(test)]

mod engine;
mod exports;
mod folders;
mod hostile;
mod pictures;
mod recipes;
mod reports;
mod runtime;
mod safety;
mod scheduler_replay;
mod schedulers;
mod support;
mod tiny;
