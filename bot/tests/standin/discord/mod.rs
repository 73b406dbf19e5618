//! A Discord of our own on loopback, as strict as the real one: a gateway and the HTTP interface.
//!
//! Every request is checked against Discord's official description, and against what its documentation says beyond that:
//! how long an interaction waits for an answer, how long its token lives, what may be in a message and who may change
//! it. What the bot does wrong is written down, see [`Discord::violations`]. What people see is a transcript.

mod commands;
mod description;
mod gateway;
mod interaction;
mod message;
mod operations;
mod person;
mod rate;
mod refusal;
mod rest;
mod schema;
#[cfg(test)]
mod tests;
mod world;

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use regex::Regex;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;
use tokio_util::sync::DropGuard;

pub(crate) use self::gateway::GatewayFault;
pub(crate) use self::interaction::{Answer, Kind};
pub(crate) use self::person::{Asked, Given, Origin, Person, Upload};
pub(crate) use self::rate::{Fault, What};
pub(crate) use self::world::{Record, Serving, Settings, World, permission};

use self::interaction::said;
use self::rest::Shared;

/// Whether a bot's session has a connection now.
pub(crate) fn is_connected(session: &gateway::Session) -> bool {
    session.is_connected()
}

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(180);

/// Tells the time of day.
pub(crate) type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The whole of Discord. It ends with the last of its clones.
#[derive(Clone)]
pub(crate) struct Discord {
    shared: Shared,
    lines: Arc<Mutex<UnboundedReceiver<String>>>,
    _stop: Arc<DropGuard>,
}

impl Discord {
    /// Begins, at two free ports of this machine.
    pub(crate) async fn start(settings: Settings) -> Self {
        Self::begin(settings, None).await
    }

    /// The same with another clock.
    pub(crate) async fn start_at(settings: Settings, now: Now) -> Self {
        Self::begin(settings, Some(now)).await
    }

    async fn begin(settings: Settings, now: Option<Now>) -> Self {
        let listen = || TcpListener::bind("127.0.0.1:0");
        let (http, gateway) = (listen().await.expect("a port"), listen().await.expect("a port"));
        let mut world = World::new(settings, now);
        world.addresses =
            [&http, &gateway].map(|listener| listener.local_addr().expect("an address").to_string());
        let (listener, lines) = unbounded_channel();
        world.listener = Some(listener);
        let shared = Shared::new(world);
        tokio::spawn(rest::serve(shared.clone(), http));
        tokio::spawn(gateway::serve(shared.clone(), gateway));
        let stop = shared.stop.clone().drop_guard();
        Self {
            shared,
            lines: Arc::new(Mutex::new(lines)),
            _stop: Arc::new(stop),
        }
    }

    /// Where it is: `http://127.0.0.1:1234`.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.world().addresses[0])
    }

    /// The bot's token.
    pub(crate) fn token(&self) -> String {
        self.world().settings.token.clone()
    }

    /// Somebody, in a channel of a server that speaks English.
    pub(crate) fn person(&self, name: &str) -> Person {
        Person::new(self, name)
    }

    /// Requests go wrong from now on.
    pub(crate) fn fault(&self, fault: Fault) {
        self.world().faults.push(fault);
    }

    /// Something happens to all connections of the gateway.
    pub(crate) fn gateway(&self, fault: GatewayFault) {
        self.world().gateway_fault(fault);
    }

    /// Waits until the bot is connected and has registered its commands.
    pub(crate) async fn connected(&self) {
        self.until("a connection", |world| {
            let all = world.sessions.len() as u64 >= world.settings.shards;
            (all && world.sessions.iter().all(is_connected)).then_some(())
        })
        .await;
    }

    /// Waits until the bot has registered commands.
    pub(crate) async fn registered(&self) {
        self.until("commands", |world| (!world.commands.is_empty()).then_some(()))
            .await;
    }

    /// Waits until something is so.
    pub(crate) async fn until<T>(&self, what: &str, look: impl Fn(&World) -> Option<T>) -> T {
        let mut changed = self.shared.changed.subscribe();
        let waiting = async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = look(&self.world()) {
                    return found;
                }
                // The sender lives as long as this does.
                let _ = changed.changed().await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("{what} did not come in time\n{}", self.told()))
    }

    /// The next line of the transcript.
    pub(crate) async fn line(&self) -> String {
        let mut lines = self.lines.lock().await;
        let line = timeout(PATIENCE, lines.recv()).await;
        line.ok()
            .flatten()
            .unwrap_or_else(|| panic!("nobody says anything\n{}", self.told()))
    }

    /// The next line of the transcript with these words; those before it are passed over.
    pub(crate) async fn line_with(&self, words: &str) -> String {
        loop {
            let line = self.line().await;
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Everything that was said so far.
    pub(crate) fn transcript(&self) -> String {
        self.world().transcript.join("\n")
    }

    /// What can be seen in a place now.
    pub(crate) fn shown(&self, place: &str) -> String {
        let world = self.world();
        let channel = world
            .channels
            .get(place)
            .unwrap_or_else(|| panic!("there is no place {place}"));
        let there = world
            .messages
            .values()
            .filter(|message| message.channel == channel.id);
        let shown: Vec<String> = there
            .filter(|message| message.author.is_none())
            .map(|message| said("ekaki", message))
            .collect();
        shown.join("\n")
    }

    /// The bot's requests whose method and path match.
    pub(crate) fn requests(&self, pattern: &str) -> Vec<Record> {
        let pattern = Regex::new(pattern).expect("a regular expression");
        let world = self.world();
        world
            .requests
            .iter()
            .filter(|record| pattern.is_match(&record.line))
            .cloned()
            .collect()
    }

    /// What the bot did wrong so far, and what this stand-in did.
    pub(crate) fn violations(&self) -> Vec<String> {
        let world = self.world();
        world
            .violations
            .iter()
            .chain(&world.own_faults)
            .cloned()
            .collect()
    }

    /// Fails when the bot did anything wrong.
    #[track_caller]
    pub(crate) fn assert_well_behaved(&self) {
        assert_eq!(self.violations(), [""; 0], "{}", self.told());
    }

    /// Looks at the world, or changes it.
    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        let result = change(&mut self.world());
        self.shared.notify();
        result
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    /// Everything that helps to understand a failed test.
    fn told(&self) -> String {
        let world = self.world();
        let requests: Vec<String> = world
            .requests
            .iter()
            .map(|record| {
                format!(
                    "{:?} {} -> {:?} {:?}",
                    record.at, record.line, record.status, record.code
                )
            })
            .collect();
        format!(
            "--- transcript\n{}\n--- requests\n{}\n--- violations\n{}",
            world.transcript.join("\n"),
            requests.join("\n"),
            world.violations.join("\n")
        )
    }
}
