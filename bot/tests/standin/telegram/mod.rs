//! Telegram on this machine, as strict as the real one and stricter where that one is lenient: every call is checked
//! against the published description of the Bot API, and what a bot that knows the rules would not have asked is
//! written down as a violation.

mod calls;
mod description;
mod markup;
mod people;
#[cfg(test)]
mod tests;
mod world;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart, Path, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::time::timeout;

use self::calls::{Asked, Refusal};
use self::description::Description;
use self::world::World;
pub(crate) use self::world::{Message, Person};

/// The only token that is known.
pub(crate) const TOKEN: &str = "7000000001:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawX";
/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest request, in bytes.
const MAX_REQUEST: usize = 64 * 1024 * 1024;

/// How strict Telegram is.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// How much may be said; `None` for anything.
    pub(crate) flood: Option<Flood>,
    /// How long a query can be answered.
    pub(crate) query_life: Duration,
    /// Messages are too old to be deleted.
    pub(crate) deletes_nothing: bool,
}

/// How much may be said.
#[derive(Clone, Debug)]
pub(crate) struct Flood {
    /// Time between two messages of a chat.
    pub(crate) per_chat: Duration,
    /// So many may come at once.
    pub(crate) burst: usize,
    /// In this time a group takes no more than [`Flood::group_messages`].
    pub(crate) group_window: Duration,
    pub(crate) group_messages: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            flood: None,
            query_life: Duration::from_secs(15),
            deletes_nothing: false,
        }
    }
}

/// Something that goes wrong.
#[derive(Clone, Debug)]
pub(crate) struct Fault {
    /// For calls whose method contains this.
    pub(crate) method: &'static str,
    pub(crate) kind: FaultKind,
    /// How many calls.
    pub(crate) times: usize,
}

#[derive(Clone, Debug)]
pub(crate) enum FaultKind {
    /// Telegram refuses.
    Refuse(u16, &'static str),
    /// Telegram wants to be left alone for so many seconds.
    Flood(u64),
    /// It is done, and nobody hears of it.
    Lost,
    /// It is not done, and nobody hears of it.
    Dropped,
    /// It is done, and the answer comes when [`Telegram::answers`] says so.
    Late,
    /// Something on the way answers with a page and this status.
    Page(u16),
}

/// Telegram.
#[derive(Clone)]
pub(crate) struct Telegram {
    shared: Arc<Shared>,
    address: SocketAddr,
}

struct Shared {
    world: Mutex<World>,
    faults: Mutex<Vec<Fault>>,
    settings: Mutex<Settings>,
    changed: watch::Sender<u64>,
    late: Notify,
}

impl Telegram {
    /// Starts it on any free port.
    pub(crate) async fn start(settings: Settings) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            world: Mutex::new(World::new()),
            faults: Mutex::default(),
            settings: Mutex::new(settings),
            changed: watch::Sender::new(0),
            late: Notify::new(),
        });
        let router = Router::new()
            .route("/{token}/{method}", any(call))
            .route("/file/{token}/files/{file}", get(download))
            .with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { shared, address }
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn fail(&self, fault: Fault) {
        self.shared.faults.lock().expect("no panic").push(fault);
    }

    /// One answer that is late comes now.
    pub(crate) fn answers(&self) {
        self.shared.late.notify_one();
    }

    pub(crate) fn change_settings(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.shared.settings.lock().expect("no panic"));
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    fn changed(&self) {
        self.shared.changed();
    }

    /// Looks at the world until `seen` finds something there.
    async fn until<T>(&self, what: &str, seen: impl Fn(&World) -> Option<T>) -> T {
        let mut changes = self.shared.changed.subscribe();
        let looking = async {
            loop {
                if let Some(found) = seen(&self.world()) {
                    return found;
                }
                changes.changed().await.expect("Telegram runs");
            }
        };
        match timeout(PATIENCE, looking).await {
            Ok(found) => found,
            Err(_) => {
                let world = self.world();
                let calls = world.calls.iter().rev().take(20);
                let calls: Vec<String> = calls.map(|call| call.chars().take(300).collect()).collect();
                panic!(
                    "{what} did not come; violations: {:?}; the last calls:\n{}",
                    world.violations,
                    calls.join("\n")
                );
            }
        }
    }

    /// Waits until the newest message of the bot in a chat has this in its text or its buttons. Returns its number.
    pub(crate) async fn shows_text(&self, chat: i64, text: &str) -> i32 {
        self.until(&format!("a message with {text:?}"), |world| {
            let messages = world.messages.range((chat, 0)..(chat + 1, 0)).rev();
            let mut own = messages.filter(|(_, message)| message.author.is_none());
            let found = own.find(|(_, message)| world.line(message).contains(text));
            found.map(|((_, id), _)| *id)
        })
        .await
    }

    /// Waits until a chat has this so many times.
    pub(crate) async fn shows_times(&self, chat: i64, text: &str, times: usize) {
        self.until(&format!("{text:?} {times} times"), |world| {
            let messages = world.messages.range((chat, 0)..(chat + 1, 0));
            let found = messages.filter(|(_, message)| world.line(message).contains(text));
            (found.count() >= times).then_some(())
        })
        .await;
    }

    /// Waits until an inline message has this in its text or its buttons.
    pub(crate) async fn shows_inline(&self, message: &str, text: &str) {
        self.until(&format!("an inline message with {text:?}"), |world| {
            let shown = world.inline.get(message)?;
            world.line(shown).contains(text).then_some(())
        })
        .await;
    }

    /// Waits until the bot has answered a query, and returns what it has said.
    pub(crate) async fn answer_to(&self, query: &str) -> Value {
        self.until("the answer to a query", |world| {
            world.queries.get(query)?.answer.clone()
        })
        .await
    }

    /// Waits until so many calls of a method were made.
    pub(crate) async fn has_called(&self, method: &str, times: usize) {
        self.until(&format!("{times} calls of {method}"), |world| {
            let calls = world
                .calls
                .iter()
                .filter(|call| call.split(' ').next() == Some(method));
            (calls.count() >= times).then_some(())
        })
        .await;
    }

    /// The calls so far, one on each line.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.world().calls.clone()
    }

    /// A chat as people see it.
    pub(crate) fn view(&self, chat: i64) -> String {
        let world = self.world();
        let messages = world.messages.range((chat, 0)..(chat + 1, 0));
        messages
            .map(|(_, message)| world.line(message))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// An inline message as people see it.
    pub(crate) fn view_inline(&self, message: &str) -> String {
        let world = self.world();
        world.line(&world.inline[message])
    }

    /// A message of a chat.
    pub(crate) fn message(&self, chat: i64, id: i32) -> Option<Message> {
        self.world().messages.get(&(chat, id)).cloned()
    }

    /// The bytes of the picture of a message.
    pub(crate) fn picture(&self, chat: i64, id: i32) -> Vec<u8> {
        let world = self.world();
        let media = world.messages[&(chat, id)].media.clone().expect("a picture");
        world.files[&media.file_id].bytes.clone()
    }

    /// The newest news for the bot.
    pub(crate) fn newest_update(&self) -> Value {
        self.world().updates.back().cloned().expect("an update")
    }

    /// The menu of commands, by scope and language.
    pub(crate) fn menus(&self) -> Vec<String> {
        let world = self.world();
        world
            .commands
            .iter()
            .map(|(scope, commands)| format!("{scope}: {commands}"))
            .collect()
    }

    /// What a bot that knows the rules would not have asked.
    pub(crate) fn violations(&self) -> Vec<String> {
        self.world().violations.clone()
    }

    /// The ids of the files that were uploaded so far mean nothing any more.
    pub(crate) fn forgets_files(&self) {
        let mut world = self.world();
        for file in world.files.values_mut() {
            file.is_forgotten = true;
        }
    }
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn changed(&self) {
        self.changed.send_modify(|number| *number += 1);
    }

    fn take_fault(&self, method: &str) -> Option<FaultKind> {
        let mut faults = self.faults.lock().expect("no panic");
        let fault = faults
            .iter_mut()
            .find(|fault| fault.times > 0 && method.contains(fault.method))?;
        fault.times -= 1;
        Some(fault.kind.clone())
    }
}

/// A file that a chat shows.
async fn download(State(shared): State<Arc<Shared>>, Path((_, file)): Path<(String, String)>) -> Response {
    match shared.world().files.get(&file) {
        Some(file) => file.bytes.clone().into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn call(
    State(shared): State<Arc<Shared>>,
    Path((token, method)): Path<(String, String)>,
    request: Request,
) -> Response {
    if token != format!("bot{TOKEN}") {
        return answer(Err(Refusal::of(401, "Unauthorized")));
    }
    let (parameters, files) = match read(&method, request).await {
        Ok(read) => read,
        Err(problem) => return answer(Err(refuse(&shared, &method, Refusal::violation(problem)))),
    };
    let shown: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    if method != "getUpdates" {
        shared.world().calls.push(format!("{method} {}", shown.join(" ")));
    }
    let chat = parameters.get("chat_id").and_then(Value::as_i64);
    let left = chat.and_then(|chat| shared.world().quiet_left(chat));
    if let Some(left) = left {
        let violation = Refusal {
            is_violation: true,
            ..Refusal::flood(left)
        };
        return answer(Err(refuse(&shared, &method, violation)));
    }
    let fault = shared.take_fault(&method);
    match fault {
        Some(FaultKind::Refuse(code, description)) => return answer(Err(Refusal::of(code, description))),
        Some(FaultKind::Flood(seconds)) => {
            let after = Duration::from_secs(seconds);
            if let Some(chat) = chat {
                shared.world().quiet.insert(chat, Instant::now() + after);
            }
            return answer(Err(Refusal::flood(after)));
        }
        Some(FaultKind::Dropped) => return broken(),
        Some(FaultKind::Page(status)) => return page(status),
        Some(FaultKind::Lost | FaultKind::Late) | None => {}
    }
    let answered = if method == "getUpdates" {
        updates(&shared, &parameters).await
    } else {
        run(&shared, &method, parameters, files)
    };
    shared.changed();
    match fault {
        Some(FaultKind::Lost) => return broken(),
        Some(FaultKind::Late) => shared.late.notified().await,
        _ => {}
    }
    answer(answered)
}

fn run(
    shared: &Shared,
    method: &str,
    parameters: Map<String, Value>,
    files: HashMap<String, (String, Vec<u8>)>,
) -> Result<Value, Refusal> {
    let problems = Description::get().problems(method, &parameters);
    let named = parameters.values().map(Value::to_string).collect::<String>();
    let unnamed = files
        .keys()
        .filter(|part| !named.contains(&format!("attach://{part}")));
    let problems: Vec<String> = problems
        .into_iter()
        .chain(unnamed.map(|part| format!("nobody names the file {part}")))
        .collect();
    if let Some(problem) = problems.first() {
        return Err(refuse(shared, method, Refusal::violation(problem.clone())));
    }
    let settings = shared.settings.lock().expect("no panic").clone();
    let asked = Asked {
        method,
        parameters,
        files,
        settings: &settings,
    };
    let answered = asked.run(&mut shared.world());
    answered.map_err(|refusal| refuse(shared, method, refusal))
}

/// Writes a refusal down, if it should not have been necessary.
fn refuse(shared: &Shared, method: &str, refusal: Refusal) -> Refusal {
    if refusal.is_violation {
        shared
            .world()
            .violations
            .push(format!("{method}: {} {}", refusal.code, refusal.description));
    }
    refusal
}

async fn read(
    method: &str,
    request: Request,
) -> Result<(Map<String, Value>, HashMap<String, (String, Vec<u8>)>), String> {
    if !Description::get().has(method) {
        return Err(format!("there is no method {method}"));
    }
    let kind = request.headers().get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    if kind.starts_with("multipart/form-data") {
        let mut form = Multipart::from_request(request, &())
            .await
            .map_err(|error| error.to_string())?;
        let (mut texts, mut files) = (Vec::new(), HashMap::new());
        while let Some(part) = form.next_field().await.map_err(|error| error.to_string())? {
            let name = part.name().unwrap_or_default().to_owned();
            let file_name = part.file_name().map(str::to_owned);
            let bytes = part.bytes().await.map_err(|error| error.to_string())?;
            match file_name {
                Some(file_name) => drop(files.insert(name, (file_name, bytes.to_vec()))),
                None => texts.push((
                    name,
                    String::from_utf8(bytes.to_vec()).map_err(|error| error.to_string())?,
                )),
            }
        }
        return Ok((Description::get().read_form(method, texts), files));
    }
    let body: Bytes = axum::body::to_bytes(request.into_body(), MAX_REQUEST)
        .await
        .map_err(|error| error.to_string())?;
    if body.is_empty() {
        return Ok((Map::new(), HashMap::new()));
    }
    let parameters = serde_json::from_slice(&body).map_err(|error| format!("no JSON: {error}"))?;
    Ok((parameters, HashMap::new()))
}

/// Waits for news, as long as the bot wants to.
async fn updates(shared: &Shared, parameters: &Map<String, Value>) -> Result<Value, Refusal> {
    let problems = Description::get().problems("getUpdates", parameters);
    if let Some(problem) = problems.first() {
        return Err(refuse(shared, "getUpdates", Refusal::violation(problem.clone())));
    }
    let number = |name: &str| parameters.get(name).and_then(Value::as_i64);
    let offset = number("offset").unwrap_or_default();
    let seconds = number("timeout").unwrap_or_default().clamp(0, 50).unsigned_abs();
    let mut changes = shared.changed.subscribe();
    let waiting = async {
        loop {
            {
                let mut world = shared.world();
                world
                    .updates
                    .retain(|update| update["update_id"].as_i64().is_some_and(|id| id >= offset));
                if !world.updates.is_empty() {
                    return;
                }
            }
            if changes.changed().await.is_err() {
                return;
            }
        }
    };
    // No news are an answer, too.
    let _ = timeout(Duration::from_secs(seconds), waiting).await;
    Ok(shared.world().updates.iter().take(100).cloned().collect())
}

fn answer(answered: Result<Value, Refusal>) -> Response {
    match answered {
        Ok(result) => axum::Json(json!({ "ok": true, "result": result })).into_response(),
        Err(refusal) => {
            let status = StatusCode::from_u16(refusal.code).expect("a status");
            let mut body =
                json!({ "ok": false, "error_code": refusal.code, "description": refusal.description });
            if !refusal.parameters.is_null() {
                body["parameters"] = refusal.parameters;
            }
            (status, axum::Json(body)).into_response()
        }
    }
}

/// What a proxy says.
fn page(status: u16) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    (status, "<html><body>Please log in.</body></html>").into_response()
}

/// An answer that breaks off.
fn broken() -> Response {
    let breaks = futures::stream::once(async { Err::<Bytes, _>(std::io::Error::other("told to break off")) });
    Response::new(Body::from_stream(breaks))
}
