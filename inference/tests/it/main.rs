//! The library from outside, with the real ONNX Runtime and the committed model.
#![cfg(test)]

mod engine;
mod folders;
mod pictures;
mod runtime;
mod support;
mod tiny;
