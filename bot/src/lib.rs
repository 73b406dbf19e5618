//! Ekaki's service: a command in a chat becomes a picture.
//!
//! The modules stand in reading order. Dependencies point one way:
//! `adapters → chat ← commands → {i18n, prompts, limits, queue} → store`; only [`app`] sees everything.

pub mod config;

pub mod telemetry;

pub mod shutdown;

pub mod safety;

pub mod i18n;

pub mod chat;

pub mod prompts;

pub mod limits;

pub mod store;

pub mod rules;

pub mod queue;

pub mod chart;

pub mod models;

pub mod moments;

pub mod commands;

pub mod metrics;

pub mod doctor;

pub mod adapters;

mod upkeep;

pub mod app;

pub mod cli;

#[cfg(test)]
mod tests;
