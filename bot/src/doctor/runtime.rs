//! ONNX Runtime: whether it is here and can be loaded.

use std::path::Path;

use async_trait::async_trait;
use inference::Provider;
use inference::runtime::{RuntimeError, RuntimeRequest};

use super::{Check, Context, Found};
use crate::app::{load_runtime, runtime_request};

/// The driver of NVIDIA's cards under Linux.
const NVIDIA: &str = "/dev/nvidiactl";

const INSTALL: &str = "ekaki runtime install";

pub(super) struct Runtime;

#[async_trait]
impl Check for Runtime {
    fn name(&self) -> &'static str {
        "runtime"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let request = RuntimeRequest {
            allow_install: false,
            ..runtime_request(context.config)
        };
        let library = match load_runtime(&request, Box::new(|_| {})) {
            Ok(library) => library,
            Err(error) => {
                let missing = matches!(error.downcast_ref(), Some(RuntimeError::Missing));
                return vec![if missing && context.config.runtime.allow_install {
                    Found::warn("ONNX Runtime is not here; the first start installs it", INSTALL)
                } else {
                    Found::fail(format!("{error:#}"), INSTALL)
                }];
            }
        };
        let version = library.version.as_deref().unwrap_or("of unknown version");
        vec![Found::ok(format!(
            "ONNX Runtime {version}, {}: {}",
            library.origin,
            library.path.display()
        ))]
    }
}

/// What is to be said about the provider that networks really run on.
pub(super) fn provider(asked: Provider, used: Provider) -> Found {
    let card = Path::new(NVIDIA).exists();
    if asked == Provider::Auto && used == Provider::Cpu && card {
        return Found::warn(
            "the processor draws, and there is an NVIDIA card",
            "ekaki runtime install --provider cuda, if CUDA is installed; runtime.provider = \"cuda\" then says why it fails",
        );
    }
    Found::ok(format!("{used} draws"))
}
