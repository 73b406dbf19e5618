//! `ekaki serve`: the service.

use super::{Context, block_on, install_progress};
use crate::app::App;
use crate::{shutdown, telemetry};

/// Serves until a signal.
pub(super) fn run(context: &Context) -> anyhow::Result<()> {
    let config = &context.config;
    telemetry::init(&config.log)?;
    block_on(tokio::runtime::Builder::new_multi_thread(), async {
        let shutdown = shutdown::on_signal()?;
        let app = tokio::select! {
            app = App::build(config, context.read_config(), install_progress::observer()) => app?,
            () = shutdown.cancelled() => return Ok(()),
        };
        app.run(shutdown).await
    })
}
