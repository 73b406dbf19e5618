//! The platforms. Each folder knows its own and nothing of the others.
//!
//! To add one, write its folder, and its lines in [`bind`] and [`Bound::build`].

pub mod discord;
pub mod telegram;
pub mod web;

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::net::TcpListener;

use self::discord::DiscordAdapter;
use self::telegram::TelegramAdapter;
use self::web::WebAdapter;
use crate::chat::ChatAdapter;
use crate::config::Config;
use crate::i18n::DefaultLocale;
use crate::metrics::Metrics;
use crate::store::Store;

/// What a platform needs of the service.
#[derive(Clone, Debug)]
pub struct Deps {
    /// The job log and the pictures.
    pub store: Store,
    /// Numbers for programs that watch the service.
    pub metrics: Metrics,
    /// The language of a person whose language is not known, as the settings say at any moment.
    pub default_locale: DefaultLocale,
}

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
    pub fn build(self, config: &Config, deps: Deps) -> anyhow::Result<Adapters> {
        let web = WebAdapter::new(self.web, &config.web, deps.clone())?;
        let web_address = web.address();
        let mut all: Vec<Arc<dyn ChatAdapter>> = vec![Arc::new(web)];
        if let Some(discord) = DiscordAdapter::new(&config.discord, deps.clone())? {
            all.push(Arc::new(discord));
        }
        if let Some(telegram) = TelegramAdapter::new(&config.telegram, deps)? {
            all.push(Arc::new(telegram));
        }
        Ok(Adapters { all, web_address })
    }
}
