//! The rules of a running service.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::{DateTime, Utc};
use tokio::sync::Mutex;

use super::build::{self, OnUnusable, Stored};
use super::{Rules, RulesError};
use crate::chat::Platform;
use crate::config::{Config, ConfigError};
use crate::i18n::DefaultLocale;
use crate::prompts::Dictionaries;
use crate::store::Store;

/// Settings that `reload` puts in place: sections, or keys of a section. The others need a restart.
const LIVE: &[&str] = &[
    "limits",
    "words",
    "styles",
    "dictionaries",
    "safety",
    "admins",
    "i18n",
    "queue.max_queued",
];
/// The exception: it is a model that the engine has loaded.
const NOT_LIVE: &str = "safety.model";

/// Reads the settings again.
pub type ReadConfig = Arc<dyn Fn() -> Result<Config, ConfigError> + Send + Sync>;

/// What `reload` has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reloaded {
    /// Settings whose new values hold only after a restart, for example `web.bind`.
    pub needs_restart: Vec<String>,
}

/// The rules as they are now. Clones share them.
#[derive(Clone)]
pub struct LiveRules {
    shared: Arc<Shared>,
}

struct Shared {
    current: RwLock<Arc<Rules>>,
    /// The settings that were read last. Held while rules are changed, so that changes come one after another.
    changing: Mutex<Arc<Config>>,
    /// The settings that the service was started with.
    started_with: Arc<Config>,
    read_config: ReadConfig,
    store: Store,
    default_locale: DefaultLocale,
}

impl fmt::Debug for LiveRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveRules").finish_non_exhaustive()
    }
}

impl LiveRules {
    /// The rules of these settings and of what admins have changed. What an admin has set and cannot be used any more is
    /// logged and left out.
    ///
    /// # Errors
    /// When a rule of the settings makes no sense; the text names it.
    pub async fn new(config: &Config, read_config: ReadConfig, store: Store) -> Result<Self, RulesError> {
        let config = Arc::new(config.clone());
        let stored = Stored::read(&store, OnUnusable::LeaveOut).await?;
        let dictionaries = read_dictionaries(&config, &config).await?;
        let rules = build::rules(&config, &stored, dictionaries)?;
        let shared = Shared {
            default_locale: rules.default_locale.into(),
            current: RwLock::new(Arc::new(rules)),
            changing: Mutex::new(Arc::clone(&config)),
            started_with: config,
            read_config,
            store,
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The rules as they are at this moment.
    pub fn current(&self) -> Arc<Rules> {
        let current = self.shared.current.read();
        Arc::clone(&current.unwrap_or_else(PoisonError::into_inner))
    }

    /// The language of people whose own is not known, now and after every reload.
    pub fn default_locale(&self) -> DefaultLocale {
        self.shared.default_locale.clone()
    }

    /// Reads the settings again and puts their rules in place, or changes nothing and says why.
    ///
    /// # Errors
    /// When the settings cannot be read or a rule makes no sense.
    pub async fn reload(&self) -> Result<Reloaded, RulesError> {
        let mut last = self.shared.changing.lock().await;
        let read_config = Arc::clone(&self.shared.read_config);
        let config = Arc::new(blocking(move || Ok(read_config()?)).await?);
        let stored = Stored::read(&self.shared.store, OnUnusable::Refuse).await?;
        let dictionaries = read_dictionaries(&config, &self.shared.started_with).await?;
        self.replace(build::rules(&config, &stored, dictionaries)?);
        let mut needs_restart = config.changed_since(&self.shared.started_with);
        needs_restart.retain(|key| !is_live(key));
        *last = config;
        Ok(Reloaded { needs_restart })
    }

    /// Takes over what an admin has just changed in the store. The files are not read again.
    ///
    /// # Errors
    /// When it cannot be read or makes no sense.
    pub async fn refresh(&self) -> Result<(), RulesError> {
        let config = self.shared.changing.lock().await;
        let stored = Stored::read(&self.shared.store, OnUnusable::Refuse).await?;
        let dictionaries = self.current().dictionaries.clone();
        self.replace(build::rules(&config, &stored, dictionaries)?);
        Ok(())
    }

    /// A server has got another id on its platform: everything that belongs to it goes with it. Doing it again does nothing.
    ///
    /// # Errors
    /// When it cannot be written or read.
    pub async fn move_server(
        &self,
        platform: &Platform,
        old: &str,
        new: &str,
        now: DateTime<Utc>,
    ) -> Result<(), RulesError> {
        let admin = self.shared.store.admin();
        admin.move_server(platform, old, new, now).await?;
        self.refresh().await
    }

    fn replace(&self, rules: Rules) {
        self.shared.default_locale.set(rules.default_locale);
        let current = self.shared.current.write();
        *current.unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }
}

fn is_live(key: &str) -> bool {
    let is_below = |live: &str| {
        let rest = key.strip_prefix(live);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    };
    key != NOT_LIVE && LIVE.iter().any(|live| is_below(live))
}

/// The dictionaries of `config`, for the engine that was started with other settings.
async fn read_dictionaries(config: &Arc<Config>, started_with: &Config) -> Result<Dictionaries, RulesError> {
    let config = Arc::clone(config);
    let dictionaries = blocking(move || build::dictionaries(&config)).await?;
    Ok(dictionaries.for_syntax(started_with.inference.prompt_syntax))
}

/// Files are read on a thread that may wait for the disk.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, RulesError> + Send + 'static,
) -> Result<T, RulesError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| RulesError::Invalid(format!("reading the settings has failed: {error}")))?
}
