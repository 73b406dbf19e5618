//! Execution providers: what runs a network. One file each.

mod cpu;
mod cuda;
mod directml;

use std::fmt;
use std::str::FromStr;

use ort::session::builder::SessionBuilder;
use serde::{Serialize, Serializer};

/// Which execution provider is asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Provider {
    /// The best one that works here.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// NVIDIA's graphics processors.
    Cuda,
    /// Any graphics processor under Windows.
    DirectMl,
}

impl Provider {
    /// Every provider, in the order in which they are listed to people.
    pub const ALL: [Self; 4] = [Self::Auto, Self::Cpu, Self::Cuda, Self::DirectMl];

    /// The name in the configuration and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cpu => "cpu",
            Self::Cuda => "cuda",
            Self::DirectMl => "directml",
        }
    }
}

impl fmt::Display for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Provider {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl FromStr for Provider {
    type Err = UnknownProvider;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|provider| name.trim().eq_ignore_ascii_case(provider.name()))
            .ok_or_else(|| UnknownProvider {
                name: name.to_owned(),
            })
    }
}

/// No execution provider has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown execution provider {name:?}, known are {}", Provider::ALL.map(Provider::name).join(", "))]
pub struct UnknownProvider {
    /// The name as it was given.
    pub name: String,
}

/// One execution provider.
pub(super) trait ExecutionProvider: Sync {
    /// Its name.
    fn provider(&self) -> Provider;

    /// Whether the loaded library was built with it. It may still not work on this machine.
    fn is_built_in(&self) -> bool;

    /// Whether attention shall be fused into ONNX Runtime's `MultiHeadAttention`.
    fn fuses_attention(&self) -> bool;

    /// Adds it to the session that is being built.
    fn register(&self, builder: SessionBuilder) -> ort::Result<SessionBuilder>;
}

/// The providers to try, best first. One that was asked for by name has no substitute.
pub(super) fn candidates(provider: Provider) -> Vec<&'static dyn ExecutionProvider> {
    match provider {
        Provider::Auto => {
            let all: [&'static dyn ExecutionProvider; 3] = [&cuda::Cuda, &directml::DirectMl, &cpu::Cpu];
            all.into_iter()
                .filter(|candidate| candidate.is_built_in())
                .collect()
        }
        Provider::Cpu => vec![&cpu::Cpu],
        Provider::Cuda => vec![&cuda::Cuda],
        Provider::DirectMl => vec![&directml::DirectMl],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for provider in Provider::ALL {
            assert_eq!(provider.to_string().parse(), Ok(provider));
        }
        assert_eq!(" DirectML".parse(), Ok(Provider::DirectMl));
        let error = "gpu".parse::<Provider>().unwrap_err();
        insta::assert_snapshot!(error, @r#"unknown execution provider "gpu", known are auto, cpu, cuda, directml"#);
    }
}
