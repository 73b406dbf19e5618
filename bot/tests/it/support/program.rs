//! The real binary as a child process.

use std::io::{BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
#[cfg(target_os = "linux")]
use std::time::Duration;

use bot::adapters::web::PLATFORM;
use bot::chat::UserId;
use bot::store::{JobRow, Store};
use tempfile::TempDir;

use super::{Client, runtime};

/// The kernel counts in hundredths of a second, whatever its own clock is.
#[cfg(target_os = "linux")]
const TICKS_PER_SECOND: u64 = 100;

/// What to start: a folder of its own, settings, arguments.
pub(crate) struct Program {
    folder: Arc<TempDir>,
    environment: Vec<(String, String)>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Program {
    /// The program with default settings, its data in a new folder, and any free port.
    pub(crate) fn new() -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the test"));
        let program = Self {
            folder,
            environment: Vec::new(),
        };
        program.with("EKAKI__WEB__BIND", "127.0.0.1:0")
    }

    /// Sets an environment variable.
    pub(crate) fn with(mut self, name: &str, value: impl AsRef<Path>) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.environment
            .push((name.to_owned(), value.as_ref().to_str().expect("text").to_owned()));
        self
    }

    /// The folder it is started in.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where it keeps its data.
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// What the job log has of somebody in the web chat, newest first. The service must not run.
    pub(crate) fn jobs_of(&self, id: &str) -> Vec<JobRow> {
        let user = UserId {
            platform: PLATFORM,
            id: id.to_owned(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let store = Store::open(&self.data_dir()).await.expect("a job log");
            let jobs = store.jobs().of_user(&user, None, u32::MAX).await;
            jobs.expect("a readable job log")
        })
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ekaki"));
        let foreign = std::env::vars_os().map(|(name, _)| name);
        for name in foreign.filter(|name| name.to_string_lossy().starts_with("EKAKI__")) {
            command.env_remove(name);
        }
        if !self
            .environment
            .iter()
            .any(|(name, _)| name == "EKAKI__RUNTIME__LIBRARY")
        {
            command.env("EKAKI__RUNTIME__LIBRARY", runtime::library());
        }
        command
            .args(arguments)
            .current_dir(self.folder())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts it and does not wait.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().expect("the program starts")
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let mut child = self.start(arguments);
        let stdout = collect(child.stdout.take().expect("a pipe"));
        let stderr = collect(child.stderr.take().expect("a pipe"));
        let code = wait(&mut child);
        Ended {
            code,
            stdout: stdout.finish(),
            stderr: stderr.finish(),
        }
    }

    /// Starts the service and waits until it is ready.
    pub(crate) fn serve(&self) -> Service {
        let mut child = self.command(&[]).spawn().expect("the program starts");
        let log = collect(child.stderr.take().expect("a pipe"));
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        stdout.read_line(&mut line).expect("a line");
        let Some(address) = line.trim().strip_prefix("Ekaki is ready: ") else {
            let code = wait(&mut child);
            panic!(
                "the service did not start (exit code {code:?}, {line:?}):\n{}",
                log.finish()
            );
        };
        Service {
            address: address.to_owned(),
            child,
            log,
            stdout: collect(stdout),
            _folder: Arc::clone(&self.folder),
        }
    }
}

/// The running service. It is killed when this is dropped.
pub(crate) struct Service {
    pub(crate) address: String,
    child: Child,
    log: Collected,
    stdout: Collected,
    /// The data lies there.
    _folder: Arc<TempDir>,
}

impl Service {
    /// Somebody new with an HTTP client.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address)
    }

    /// Time that processors have spent on it so far.
    #[cfg(target_os = "linux")]
    pub(crate) fn cpu_time(&self) -> Duration {
        let stat = self.proc("stat");
        // The name of the program, in brackets, may have blanks in it.
        let after_name = stat.rsplit_once(')').expect("a name").1;
        let fields: Vec<&str> = after_name.split_whitespace().collect();
        let ticks: u64 = fields[11..13]
            .iter()
            .map(|field| field.parse::<u64>().expect("a number"))
            .sum();
        Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND)
    }

    /// Memory that belongs to it, in MiB.
    #[cfg(target_os = "linux")]
    pub(crate) fn memory_mib(&self) -> u64 {
        let status = self.proc("status");
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .expect("its memory");
        let kib = line.trim().trim_end_matches(" kB");
        kib.parse::<u64>().expect("a number") / 1024
    }

    #[cfg(target_os = "linux")]
    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(path).expect("the service runs")
    }

    /// Ends it without any warning: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the service runs");
        self.child.wait().expect("the service ends");
    }

    /// Asks it to end: SIGTERM.
    pub(crate) fn terminate(mut self) -> Ended {
        let id = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .expect("kill exists");
        assert!(sent.success(), "the service runs");
        let code = wait(&mut self.child);
        Ended {
            code,
            stdout: self.stdout.text(),
            stderr: self.log.text(),
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
        if thread::panicking() {
            eprintln!("--- the service's log ---\n{}", self.log.text());
        }
    }
}

fn wait(child: &mut Child) -> Option<i32> {
    child.wait().expect("the program can be waited for").code()
}

/// What a pipe has said so far, read by a thread so that the program never waits for the test.
struct Collected {
    text: Arc<Mutex<Vec<u8>>>,
    reader: thread::JoinHandle<()>,
}

fn collect(mut pipe: impl Read + Send + 'static) -> Collected {
    let text = Arc::new(Mutex::new(Vec::new()));
    let reader = thread::spawn({
        let text = Arc::clone(&text);
        move || {
            let mut part = [0; 4096];
            while let Ok(length @ 1..) = pipe.read(&mut part) {
                text.lock().expect("no panic").extend_from_slice(&part[..length]);
            }
        }
    });
    Collected { text, reader }
}

impl Collected {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.text.lock().expect("no panic")).into_owned()
    }

    fn finish(self) -> String {
        let Self { text, reader } = self;
        reader.join().expect("the reader ends");
        let text = text.lock().expect("no panic");
        String::from_utf8_lossy(&text).into_owned()
    }
}
