//! A model hub on this machine, with the faults that a network has.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use serde_json::{Value, json};
use sha2::Digest as _;

/// The only commit there is.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// What goes wrong.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    /// The first answer for a file ends after so many bytes.
    pub(crate) cut: HashMap<String, usize>,
    /// The first answer for a file stops after so many bytes, and the connection stays open.
    pub(crate) stall: HashMap<String, usize>,
    /// Files that arrive with other contents.
    pub(crate) corrupt: Vec<String>,
    /// Every answer has the whole file.
    pub(crate) ignores_ranges: bool,
    /// The list of files has names only.
    pub(crate) names_only: bool,
    /// Who has not this token is refused.
    pub(crate) token: Option<String>,
    /// Large files lie at this address.
    pub(crate) storage: Option<String>,
}

/// A request that was answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Request {
    method: String,
    pub(crate) path: String,
    pub(crate) range: Option<String>,
    pub(crate) authorization: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, Vec<u8>>,
    faults: Faults,
    requests: Vec<Request>,
}

/// Serves one model, `ekaki/tiny-onnx`, until the test ends.
#[derive(Clone, Debug)]
pub(crate) struct Hub {
    pub(crate) address: String,
    state: Arc<Mutex<State>>,
}

impl Hub {
    pub(crate) fn new(files: BTreeMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            files,
            ..State::default()
        }));
        let hub = Self { address, state };
        let server = hub.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = server.clone();
                thread::spawn(move || server.answer(stream));
            }
        });
        hub
    }

    /// An export whose networks are noise: enough to be loaded from here, not to draw.
    pub(crate) fn with_noise() -> Self {
        let noise = |seed: u64| -> Vec<u8> {
            let numbers = (0..40_000_u64).map(|index| (index + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            numbers.flat_map(u64::to_le_bytes).collect()
        };
        let index = br#"{"_class_name": "StableDiffusionPipeline"}"#.to_vec();
        Self::new(BTreeMap::from([
            ("model_index.json".to_owned(), index),
            ("text_encoder/model.onnx".to_owned(), noise(1)),
            ("unet/model.onnx".to_owned(), noise(2)),
            ("unet/model.onnx_data".to_owned(), noise(3)),
            ("vae_decoder/model.onnx".to_owned(), noise(4)),
        ]))
    }

    /// The files of a folder and of the folders in it.
    pub(crate) fn with_folder(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut insert = |path: &Path| {
            let name = path.strip_prefix(folder).expect("below it").to_string_lossy();
            files.insert(name.replace('\\', "/"), std::fs::read(path).expect("the file"));
        };
        for entry in std::fs::read_dir(folder).expect("the folder") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                insert(&path);
            } else {
                let inner = std::fs::read_dir(&path).expect("the folder");
                inner
                    .map(|entry| entry.expect("an entry").path())
                    .filter(|path| path.is_file())
                    .for_each(|path| insert(&path));
            }
        }
        Self::new(files)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        self.state().faults = faults;
    }

    pub(crate) fn insert(&self, path: &str, content: &[u8]) {
        self.state().files.insert(path.to_owned(), content.to_vec());
    }

    pub(crate) fn remove(&self, path: &str) {
        self.state().files.remove(path);
    }

    pub(crate) fn file(&self, path: &str) -> Vec<u8> {
        self.state().files.get(path).expect("the file").clone()
    }

    /// The requests for a file's contents so far.
    pub(crate) fn downloads(&self, file: &str) -> Vec<Request> {
        let state = self.state();
        let of_file = |request: &&Request| request.method == "GET" && request.path.ends_with(file);
        state.requests.iter().filter(of_file).cloned().collect()
    }

    fn answer(&self, mut stream: TcpStream) {
        let Some(request) = read(&stream) else { return };
        self.state().requests.push(request.clone());
        // Whoever asked may be gone.
        let _ = self.respond(&request, &mut stream);
    }

    fn respond(&self, request: &Request, stream: &mut TcpStream) -> std::io::Result<()> {
        let faults = self.state().faults.clone();
        let expected = faults.token.as_ref().map(|token| format!("Bearer {token}"));
        if expected.is_some() && request.authorization != expected {
            return write!(stream, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        }
        let resolve = format!("/ekaki/tiny-onnx/resolve/{COMMIT}/");
        if request
            .path
            .starts_with("/api/models/ekaki/tiny-onnx/revision/main")
        {
            let body = self.listing(faults.names_only).to_string();
            return write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            );
        }
        let stored = request.path.strip_prefix("/stored/");
        let name = request.path.strip_prefix(&resolve).or(stored);
        let content = name.and_then(|name| self.state().files.get(name).cloned());
        let (Some(name), Some(content)) = (name, content) else {
            return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        };
        if let Some(storage) = faults.storage.filter(|_| name.ends_with(".onnx")) {
            let (hash, size) = (hash(name, &content), content.len());
            return write!(
                stream,
                "HTTP/1.1 302 Found\r\nLocation: {storage}/stored/{name}\r\nX-Repo-Commit: {COMMIT}\r\n\
                 X-Linked-Etag: \"{hash}\"\r\nX-Linked-Size: {size}\r\nContent-Length: 0\r\n\r\n"
            );
        }
        self.send(request, name, content, stream)
    }

    fn send(
        &self,
        request: &Request,
        name: &str,
        mut content: Vec<u8>,
        stream: &mut TcpStream,
    ) -> std::io::Result<()> {
        let (size, hash) = (content.len(), hash(name, &content));
        let (cut, stall, ignores_ranges) = {
            let faults = &mut self.state().faults;
            if faults.corrupt.iter().any(|file| file == name) {
                content.fill(0);
            }
            (
                faults.cut.remove(name),
                faults.stall.remove(name),
                faults.ignores_ranges,
            )
        };
        let offset = request.range.as_ref().filter(|_| !ignores_ranges).map(|range| {
            let offset = range
                .trim_start_matches("bytes=")
                .trim_end_matches('-')
                .parse::<usize>();
            offset.expect("a range")
        });
        match offset {
            Some(offset) if offset >= size => {
                return write!(
                    stream,
                    "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n"
                );
            }
            Some(offset) => {
                content.drain(..offset);
                let last = size - 1;
                write!(
                    stream,
                    "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes {offset}-{last}/{size}\r\n"
                )?;
            }
            None => write!(stream, "HTTP/1.1 200 OK\r\n")?,
        }
        let length = content.len();
        write!(stream, "ETag: \"{hash}\"\r\nContent-Length: {length}\r\n\r\n")?;
        if request.method == "HEAD" {
            return Ok(());
        }
        let end = cut.or(stall).unwrap_or(length).min(length);
        stream.write_all(&content[..end])?;
        stream.flush()?;
        if stall.is_some() {
            // Until the other side is gone.
            let _ = stream.read(&mut [0]);
        }
        Ok(())
    }

    fn listing(&self, names_only: bool) -> Value {
        let state = self.state();
        let siblings: Vec<Value> = state
            .files
            .iter()
            .map(|(name, content)| {
                let (hash, size) = (hash(name, content), content.len());
                match (names_only, is_large(name)) {
                    (true, _) => json!({ "rfilename": name }),
                    (false, false) => json!({ "rfilename": name, "size": size, "blobId": hash }),
                    (false, true) => json!({
                        "rfilename": name, "size": size, "blobId": "0".repeat(40),
                        "lfs": { "sha256": hash, "size": size, "pointerSize": 134 }
                    }),
                }
            })
            .collect();
        json!({ "id": "ekaki/tiny-onnx", "sha": COMMIT, "siblings": siblings })
    }
}

/// Large files have another kind of checksum.
fn is_large(name: &str) -> bool {
    !name.ends_with(".json")
}

fn hash(name: &str, content: &[u8]) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    if is_large(name) {
        return hex(&sha2::Sha256::digest(content));
    }
    let mut blob = format!("blob {}\0", content.len()).into_bytes();
    blob.extend_from_slice(content);
    hex(&<sha1::Sha1 as sha1::Digest>::digest(&blob))
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next()?;
    let mut words = first.split(' ');
    let mut request = Request {
        method: words.next()?.to_owned(),
        path: words.next()?.to_owned(),
        ..Request::default()
    };
    for line in lines.take_while(|line| !line.is_empty()) {
        let (name, value) = line.split_once(": ")?;
        match name.to_ascii_lowercase().as_str() {
            "range" => request.range = Some(value.to_owned()),
            "authorization" => request.authorization = Some(value.to_owned()),
            _ => (),
        }
    }
    Some(request)
}
