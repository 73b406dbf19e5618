//! The web chat: one page, commands as JSON, news as server-sent events.
//!
//! A person is a random number in a cookie. What the page shows is the job log of that person, overlaid with what is
//! happening now (`hub`); so a reload, a second tab and a restart of the service all show the same.

mod access;
mod admin;
mod api;
mod guard;
mod health;
mod hub;
mod limiter;
mod page;
mod peer;
mod responder;
mod router;
mod view;
mod visitor;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::access::Access;
use self::hub::Hub;
use self::limiter::{Limiter, NEWCOMERS, REQUESTS};
use self::page::Pages;
use self::responder::{Audience, WebAddress, WebResponder};
use self::router::WebState;
use self::view::MessageView;
use super::Deps;
use crate::chat::{ChatAdapter, Platform, ReplyAddress, Responder, SendError, final_reply};
use crate::commands::Commands;
use crate::config::WebConfig;
use crate::i18n::DefaultLocale;
use crate::metrics::Metrics;
use crate::store::{JobId, JobRow, Store};

/// The web chat's name in the job log.
pub const PLATFORM: Platform = Platform::new("web");

/// How long open connections may take to end at shutdown.
const GRACE: Duration = Duration::from_secs(2);

/// The web chat.
#[derive(Debug)]
pub struct WebAdapter {
    address: SocketAddr,
    listener: Mutex<Option<TcpListener>>,
    shared: Arc<Shared>,
}

/// What every request and every responder uses.
#[derive(Debug)]
struct Shared {
    hub: Arc<Hub>,
    store: Store,
    metrics: Metrics,
    access: Access,
    admin: Access,
    /// Counts what changes something.
    requests: Limiter,
    /// Counts commands of people who have no job yet.
    newcomers: Limiter,
    pages: Pages,
    default_locale: DefaultLocale,
}

impl Shared {
    /// What the page shows of a job: how it ended, or the newest that is known.
    fn view(&self, job: &JobRow) -> MessageView {
        if job.outcome.is_some() {
            return MessageView::of_ended(job, &final_reply(job, &self.store));
        }
        let stored = MessageView::of_waiting(job);
        self.hub
            .get(&job.user.id, &stored.id)
            .filter(|live| live.job.is_some())
            .unwrap_or(stored)
    }

    async fn job(&self, job: JobId) -> Result<Option<JobRow>, SendError> {
        let found = self.store.jobs().get(job).await;
        found.map_err(|error| SendError::Retry {
            after: None,
            source: error.into(),
        })
    }
}

/// Opens the port, early, so that a port in use ends the start before anything else happens.
///
/// # Errors
/// When the port is in use or the address is not this machine's; the text names it.
pub async fn bind(config: &WebConfig) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.bind).await.with_context(|| {
        format!(
            "the web chat cannot listen on {} (web.bind); is the port in use?",
            config.bind
        )
    })
}

impl WebAdapter {
    /// Makes the web chat that will serve `listener`.
    ///
    /// # Errors
    /// When the listener has no local address or the page names a text that no language has.
    pub fn new(listener: TcpListener, config: &WebConfig, deps: Deps) -> anyhow::Result<Self> {
        let address = listener
            .local_addr()
            .context("the web chat's port has no address")?;
        let shared = Shared {
            hub: Arc::new(Hub::default()),
            store: deps.store,
            metrics: deps.metrics,
            access: Access::chat(config.token.as_ref()),
            admin: Access::admin(config.admin_token.as_ref()),
            requests: Limiter::new(REQUESTS),
            newcomers: Limiter::new(NEWCOMERS),
            pages: Pages::new()?,
            default_locale: deps.default_locale,
        };
        Ok(Self {
            address,
            listener: Mutex::new(Some(listener)),
            shared: Arc::new(shared),
        })
    }

    /// Where the page is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

#[async_trait]
impl ChatAdapter for WebAdapter {
    fn platform(&self) -> Platform {
        PLATFORM
    }

    fn responder(&self, address: &ReplyAddress) -> anyhow::Result<Arc<dyn Responder>> {
        let address = WebAddress::read(address)?;
        Ok(Arc::new(WebResponder::new(
            &self.shared,
            address,
            Audience::Pages,
        )))
    }

    async fn run(
        self: Arc<Self>,
        commands: Arc<Commands>,
        shutdown: CancellationToken,
    ) -> anyhow::Result<()> {
        let listener = self
            .listener
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let listener = listener.context("the web chat runs already")?;
        let tasks = TaskTracker::new();
        let state = WebState {
            shared: Arc::clone(&self.shared),
            commands,
            tasks: tasks.clone(),
            shutdown: shutdown.clone(),
        };
        let service = router::build(state).into_make_service_with_connect_info::<SocketAddr>();
        let server =
            axum::serve(listener, service).with_graceful_shutdown(shutdown.clone().cancelled_owned());
        let too_late = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = server.into_future() => ended.context("the web chat's server ended")?,
            () = too_late => {}
        }
        tasks.close();
        tasks.wait().await;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
