//! The platforms. Each folder knows its own and nothing of the others.
//!
//! To add one, write its folder, and its lines in [`bind`] and [`Bound::build`].

pub mod web;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use self::web::{WebAdapter, WebDeps};
use crate::chat::ChatAdapter;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::store::Store;

/// What the platforms need of this machine, taken before anything else starts.
#[derive(Debug)]
pub struct Bound {
    web: TcpListener,
}

/// Every platform that is configured.
pub struct Adapters {
    /// The platforms.
    pub all: Vec<Arc<dyn ChatAdapter>>,
    /// Where the web chat is.
    pub web_address: SocketAddr,
}

impl std::fmt::Debug for Adapters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Adapters")
            .field("web_address", &self.web_address)
            .finish_non_exhaustive()
    }
}

/// Takes the ports.
///
/// # Errors
/// When one of them is in use.
pub async fn bind(config: &Config) -> anyhow::Result<Bound> {
    Ok(Bound {
        web: web::bind(&config.web).await?,
    })
}

impl Bound {
    /// Makes the platforms.
    ///
    /// # Errors
    /// When the settings of one are not usable.
    pub fn build(self, config: &Config, store: &Store, metrics: &Metrics) -> anyhow::Result<Adapters> {
        let deps = WebDeps {
            store: store.clone(),
            metrics: metrics.clone(),
            default_locale: config.i18n.default_locale,
        };
        let web = WebAdapter::new(self.web, &config.web, deps)?;
        let web_address = web.address();
        Ok(Adapters {
            all: vec![Arc::new(web)],
            web_address,
        })
    }
}
