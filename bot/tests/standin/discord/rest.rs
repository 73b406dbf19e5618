//! The HTTP side: requests are written down, checked and done.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::{StreamExt as _, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, LOCATION, USER_AGENT};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use regex::Regex;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::description::{Arguments, Description, Operation};
use super::message::{Part, Parts};
use super::operations::Call;
use super::rate::{Bucket, Fault, What, take_fault};
use super::refusal::Refusal;
use super::world::{Record, Serving, World};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What a body may be, with its files.
const MAX_BODY_BYTES: usize = 64 * 1024 * 1024;

/// The world, and who waits for it to change.
#[derive(Clone)]
pub(crate) struct Shared {
    world: Arc<Mutex<World>>,
    pub(crate) changed: Arc<watch::Sender<u64>>,
    pub(crate) stop: CancellationToken,
}

impl Shared {
    pub(crate) fn new(world: World) -> Self {
        Self {
            world: Arc::new(Mutex::new(world)),
            changed: Arc::new(watch::channel(0).0),
            stop: CancellationToken::new(),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn notify(&self) {
        self.changed.send_modify(|changes| *changes += 1);
    }
}

/// The connection is cut instead of an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is cut")]
struct CutOff;

/// A request that is well formed as far as HTTP goes.
struct Received {
    method: String,
    path: String,
    query: HashMap<String, String>,
    token: Option<String>,
    agent: String,
    kind: String,
    bytes: Bytes,
}

/// What is answered: a status, headers, and JSON.
struct Answered {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Value,
}

/// Serves requests until this Discord ends.
pub(crate) async fn serve(shared: Shared, listener: TcpListener) {
    let stop = shared.stop.clone();
    let serving = async {
        while let Ok((stream, _)) = listener.accept().await {
            let shared = shared.clone();
            tokio::spawn(async move {
                let stop = shared.stop.clone();
                let service = service_fn(|request| serve_one(shared.clone(), request));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // Whoever asks may go away, and connections are cut on purpose.
                let _ = stop.run_until_cancelled(connection).await;
            });
        }
    };
    stop.run_until_cancelled(serving).await;
}

async fn serve_one(shared: Shared, request: Request<Incoming>) -> Result<Response<Body>, CutOff> {
    let path = request.uri().path().to_owned();
    if let Some(rest) = path.strip_prefix("/attachments/") {
        return Ok(file(&shared, rest));
    }
    if path.starts_with("/avatars/") || path.starts_with("/embed/avatars/") {
        return Ok(avatar());
    }
    let received = receive(request).await.ok_or(CutOff)?;
    let answered = answer(&shared, &received).await;
    shared.notify();
    let answered = answered?;
    let mut response = Response::builder().status(answered.status);
    for (name, value) in &answered.headers {
        response = response.header(*name, value);
    }
    let has_body = !answered.body.is_null();
    if has_body {
        response = response.header(CONTENT_TYPE, "application/json");
    }
    let text = if has_body {
        answered.body.to_string()
    } else {
        String::new()
    };
    Ok(response.body(full(text)).expect("a response"))
}

fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// An uploaded file, or what somebody hostile has put there.
fn file(shared: &Shared, rest: &str) -> Response<Body> {
    let id = rest.split('/').nth(1).unwrap_or_default();
    let file = shared.world().files.get(id).cloned();
    let response = Response::builder();
    let response = match file {
        None => response.status(404).body(full("gone")),
        Some(file) => match file.serving {
            Serving::Plain => response.header(CONTENT_TYPE, file.kind).body(full(file.bytes)),
            Serving::Redirect(to) => response.status(302).header(LOCATION, to).body(full("")),
            Serving::Gone => response
                .status(404)
                .body(full("This content is no longer available.")),
            Serving::Endless => {
                // It begins like a picture, so that only its length gives it away.
                let beginning = stream::iter([Bytes::from_static(b"\x89PNG\r\n\x1a\n")]);
                let parts = beginning.chain(stream::repeat(Bytes::from_static(&[0; 65_536])));
                let frames = parts.map(|part| Ok(Frame::data(part)));
                response.body(StreamBody::new(frames).boxed_unsync())
            }
        },
    };
    response.expect("a response")
}

/// What everybody here looks like.
fn avatar() -> Response<Body> {
    let mut png = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([255, 170, 200]));
    picture
        .write_to(&mut png, image::ImageFormat::Png)
        .expect("memory");
    let response = Response::builder().header(CONTENT_TYPE, "image/png");
    response.body(full(png.into_inner())).expect("a response")
}

async fn receive(request: Request<Incoming>) -> Option<Received> {
    let header = |name| {
        let value = request.headers().get(name);
        value.and_then(|value| value.to_str().ok()).map(ToOwned::to_owned)
    };
    let (token, agent, kind) = (header(AUTHORIZATION), header(USER_AGENT), header(CONTENT_TYPE));
    let query = request.uri().query().unwrap_or_default();
    let query = query.split('&').filter_map(|pair| pair.split_once('='));
    let query = query
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let bytes = request.into_body().collect().await.ok()?.to_bytes();
    Some(Received {
        method,
        path,
        query,
        token,
        agent: agent.unwrap_or_default(),
        kind: kind.unwrap_or_default(),
        bytes,
    })
}

async fn answer(shared: &Shared, received: &Received) -> Result<Answered, CutOff> {
    let path = received
        .path
        .strip_prefix("/api/v10")
        .unwrap_or(&received.path)
        .to_owned();
    let line = format!("{} {path}", received.method);
    let number = {
        let mut world = shared.world();
        let record = Record {
            at: world.begun.elapsed(),
            line: line.clone(),
            operation: None,
            body: Value::Null,
            files: Vec::new(),
            status: None,
            code: None,
        };
        world.requests.push(record);
        world.requests.len() - 1
    };
    shared.notify();
    let fault = take_fault(&mut shared.world().faults, &line);
    let early = fault.as_ref().filter(|fault| !fault.is_late);
    let mut answered = match early {
        Some(fault) => match go_wrong(shared, fault, received, &path).await? {
            Some(answered) => Ok(answered),
            None => handle(shared, number, received, &path).await,
        },
        None => handle(shared, number, received, &path).await,
    };
    if let Some(fault) = fault.filter(|fault| fault.is_late)
        && let Some(late) = go_wrong(shared, &fault, received, &path).await?
    {
        answered = Ok(late);
    }
    let answered = answered.unwrap_or_else(|refusal| note_refusal(shared, &line, &refusal));
    let mut world = shared.world();
    if let Some(record) = world.requests.get_mut(number) {
        record.status = Some(answered.status);
        record.code = answered.body["code"]
            .as_u64()
            .and_then(|code| u32::try_from(code).ok());
    }
    Ok(answered)
}

/// What a fault answers; `None` when it was only slow.
async fn go_wrong(
    shared: &Shared,
    fault: &Fault,
    received: &Received,
    path: &str,
) -> Result<Option<Answered>, CutOff> {
    let found = Description::get().find(&received.method, path);
    let bucket = found.map(|(operation, arguments)| Bucket::of(&operation.id, &arguments));
    let refusal = match fault.what {
        What::Cut => return Err(CutOff),
        What::Slow(time) => {
            tokio::time::sleep(time).await;
            return Ok(None);
        }
        What::Status(status) => Refusal::new(status, 0, "told to fail"),
        What::Refused(status, code) => Refusal::new(status, code, "told to fail"),
        What::TooMany(wait) | What::TooManyAtAll(wait) => {
            let is_at_all = matches!(fault.what, What::TooManyAtAll(_));
            let bucket = bucket.ok_or(CutOff)?;
            shared.world().rates.refuse(&bucket, wait, is_at_all)
        }
    };
    Ok(Some(answer_of(&refusal)))
}

fn answer_of(refusal: &Refusal) -> Answered {
    let mut headers = refusal.headers.clone();
    headers.push(("Via", "1.1 google".to_owned()));
    Answered {
        status: refusal.status,
        headers,
        body: refusal.answer(),
    }
}

/// A refusal that only a fault of the bot explains is a violation.
fn note_refusal(shared: &Shared, line: &str, refusal: &Refusal) -> Answered {
    let answered = answer_of(refusal);
    if refusal.is_malformed() || refusal.status == 501 || refusal.status == 401 && refusal.code == 0 {
        shared.world().blame(format!("{line}: {}", answered.body));
    }
    answered
}

/// Checks a request and does it.
async fn handle(
    shared: &Shared,
    number: usize,
    received: &Received,
    path: &str,
) -> Result<Answered, Refusal> {
    if !received.path.starts_with("/api/v10/") {
        return Err(Refusal::new(400, 50041, "Invalid API version provided"));
    }
    if !is_agent(&received.agent) {
        shared
            .world()
            .blame(format!("the User-Agent is {:?}", received.agent));
    }
    let description = Description::get();
    let Some((operation, arguments)) = description.find(&received.method, path) else {
        return Err(Refusal::new(404, 0, "404: Not Found"));
    };
    let is_free = description.needs_no_token(operation);
    let headers = admit(shared, operation, &arguments, received)?;
    let (body, files) = read_body(operation, received).await?;
    {
        let mut world = shared.world();
        if let Some(record) = world.requests.get_mut(number) {
            record.operation = Some(operation.id.clone());
            record.body = body.clone();
            record.files = files
                .values()
                .map(|part| (part.name.clone(), part.bytes.len()))
                .collect();
        }
    }
    check_form(shared, operation, &arguments, received, &body)?;
    let call = Call {
        operation: operation.id.clone(),
        arguments,
        query: received.query.clone(),
        body,
        files,
    };
    if is_free && received.token.is_some() {
        shared.world().blame(format!(
            "{}: the bot's token is sent where it is not needed",
            operation.id
        ));
    }
    let mut world = shared.world();
    let body = world.perform(&call).inspect_err(|refusal| {
        if refusal.kills_token() && refusal.code != 10062 {
            let token = call.arguments.get("webhook_token");
            let dead: Vec<String> = world_interactions(&world, token);
            dead.iter().for_each(|id| world.kill_token(id));
        }
    })?;
    let status = if body.is_null() { 204 } else { 200 };
    let problems = description.problems_of_answer(operation, status, &body);
    world.own_faults.extend(
        problems
            .iter()
            .map(|problem| format!("{}: {problem}", operation.id)),
    );
    Ok(Answered {
        status,
        headers,
        body,
    })
}

fn world_interactions(world: &World, token: Option<&String>) -> Vec<String> {
    let of_token = world
        .interactions
        .values()
        .filter(|interaction| Some(&interaction.token) == token);
    of_token.map(|interaction| interaction.id.clone()).collect()
}

/// The bot's token, and the limits.
fn admit(
    shared: &Shared,
    operation: &Operation,
    arguments: &Arguments,
    received: &Received,
) -> Result<Vec<(&'static str, String)>, Refusal> {
    let mut world = shared.world();
    let is_free = Description::get().needs_no_token(operation);
    if !is_free && received.token.as_deref() != Some(&format!("Bot {}", world.settings.token)) {
        return Err(Refusal::new(401, 0, "401: Unauthorized"));
    }
    let bucket = Bucket::of(&operation.id, arguments);
    if world.rates.is_impatient(&bucket, !is_free) {
        let why = format!("{}: sent although Discord has asked to wait", operation.id);
        world.blame(why);
    }
    world.rates.admit(&bucket, !is_free)
}

fn is_agent(agent: &str) -> bool {
    Regex::new(r"^DiscordBot \(\S+, \S+\)")
        .expect("a pattern")
        .is_match(agent)
}

fn check_form(
    shared: &Shared,
    operation: &Operation,
    arguments: &Arguments,
    received: &Received,
    body: &Value,
) -> Result<(), Refusal> {
    let description = Description::get();
    let wrong = description.problems_of_parameters(operation, arguments, &received.query);
    if !wrong.is_empty() {
        return Err(Refusal::malformed("parameters", &wrong.join("; ")));
    }
    if body.is_null() {
        return Ok(());
    }
    for stranger in description.strangers_in_body(operation, body) {
        shared
            .world()
            .blame(format!("{}: nobody knows the property {stranger}", operation.id));
    }
    let problems = description.problems_of_body(operation, body);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Refusal::unfitting(&problems))
    }
}

async fn read_body(operation: &Operation, received: &Received) -> Result<(Value, Parts), Refusal> {
    if received.bytes.len() > MAX_BODY_BYTES {
        return Err(Refusal::new(413, 40005, "Request entity too large"));
    }
    if received.bytes.is_empty() {
        return Ok((Value::Null, Parts::new()));
    }
    let not_json = |_| Refusal::new(400, 50109, "The request body contains invalid JSON.");
    let kinds = Description::get().kinds_of_body(operation);
    let kind = received.kind.split(';').next().unwrap_or_default().trim();
    if !kinds.contains(&kind) {
        return Err(Refusal::malformed(
            "Content-Type",
            &format!("{kind:?} is none of {kinds:?}"),
        ));
    }
    if kind != "multipart/form-data" {
        return serde_json::from_slice(&received.bytes)
            .map(|body| (body, Parts::new()))
            .map_err(not_json);
    }
    let broken = |_| Refusal::malformed("body", "not a form");
    let boundary = multer::parse_boundary(&received.kind).map_err(broken)?;
    let bytes = received.bytes.clone();
    let once = stream::once(async move { Ok::<_, Infallible>(bytes) });
    let mut form = multer::Multipart::new(once, boundary);
    let (mut body, mut files) = (None, Parts::new());
    while let Some(field) = form.next_field().await.map_err(broken)? {
        let field_name = field.name().unwrap_or_default().to_owned();
        let (name, kind) = (
            field.file_name().map(ToOwned::to_owned),
            field.content_type().map(ToString::to_string),
        );
        let bytes = field.bytes().await.map_err(broken)?;
        if field_name == "payload_json" {
            body = Some(serde_json::from_slice(&bytes).map_err(not_json)?);
            continue;
        }
        let number = field_name
            .strip_prefix("files[")
            .and_then(|rest| rest.strip_suffix(']'));
        let (Some(number), Some(name)) = (number, name) else {
            return Err(Refusal::malformed(
                &field_name,
                "files are called files[0], and have a name",
            ));
        };
        files.insert(
            number.to_owned(),
            Part {
                name,
                bytes: bytes.to_vec(),
                kind,
            },
        );
    }
    let body = body.ok_or_else(|| Refusal::malformed("payload_json", "required"))?;
    Ok((body, files))
}
