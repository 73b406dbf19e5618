//! The library out of a wheel, through the machine's own `uv` or `pip`.
//!
//! Those honour whatever index, proxy and certificates the machine is set up with, which is what makes them work in
//! closed networks. The wheel is for another Python than the machine's, perhaps; nothing of it is ever run.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::InstallProgress;
use super::install::{SourceError, verify_library};
use super::pins::{Build, PYTHON_VERSION, Wheel};

/// How long one tool may take.
const TOOL_TIMEOUT: Duration = Duration::from_secs(15 * 60);
/// How often it is looked at.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A package tool and how it is called.
#[derive(Debug)]
struct Tool {
    program: &'static str,
    leading: &'static [&'static str],
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Uv,
    Pip,
}

/// In the order in which they are tried.
const TOOLS: &[Tool] = &[
    Tool {
        program: "uv",
        leading: &["pip", "install"],
        kind: Kind::Uv,
    },
    Tool {
        program: "python3",
        leading: &["-m", "pip", "install"],
        kind: Kind::Pip,
    },
    Tool {
        program: "pip3",
        leading: &["install"],
        kind: Kind::Pip,
    },
    Tool {
        program: "pip",
        leading: &["install"],
        kind: Kind::Pip,
    },
    Tool {
        program: "py",
        leading: &["-m", "pip", "install"],
        kind: Kind::Pip,
    },
];

/// Installs the wheel of this build into a scratch folder and moves its libraries to `folder`. Returns the version.
pub(super) fn fetch(
    build: &Build,
    folder: &Path,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<&'static str, SourceError> {
    let wheel = build.wheel.as_ref().ok_or(SourceError::NotPublished)?;
    let mut failures = Vec::new();
    for tool in TOOLS {
        let target = tempfile::Builder::new().prefix("wheel-").tempdir_in(folder)?;
        let package = format!("{}=={}", wheel.package, wheel.version);
        match run(tool, wheel, target.path(), &mut || {
            progress(InstallProgress::PackageTool {
                tool: tool.program.into(),
                package: package.clone(),
            });
        })? {
            Outcome::Done => {
                move_libraries(&target.path().join("site/onnxruntime/capi"), folder)?;
                verify_library(
                    folder,
                    &format!("the wheel {package}"),
                    Some(wheel.library_sha256),
                )?;
                return Ok(wheel.version);
            }
            Outcome::NotInstalled => {}
            Outcome::Failed(reason) => failures.push(format!("{}: {reason}", tool.program)),
        }
    }
    if failures.is_empty() {
        failures.push("neither uv nor pip is installed".into());
    }
    Err(SourceError::Tools(failures.join("; ")))
}

/// How one tool ended.
enum Outcome {
    Done,
    /// The program does not exist on this machine, or is a Python without pip.
    NotInstalled,
    Failed(String),
}

fn run(tool: &Tool, wheel: &Wheel, scratch: &Path, started: &mut dyn FnMut()) -> io::Result<Outcome> {
    let requirements = scratch.join("requirements.txt");
    fs::write(
        &requirements,
        format!(
            "{}=={} --hash=sha256:{}\n",
            wheel.package, wheel.version, wheel.sha256
        ),
    )?;
    let log = scratch.join("log.txt");
    let errors = File::create(&log)?;
    let mut command = Command::new(tool.program);
    command
        .args(tool.leading)
        .args(arguments(tool.kind, wheel))
        .arg("--requirement")
        .arg(&requirements)
        .arg("--target")
        .arg(scratch.join("site"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(errors);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Outcome::NotInstalled),
        Err(error) => return Ok(Outcome::Failed(error.to_string())),
    };
    started();
    Ok(match wait(&mut child)? {
        None => Outcome::Failed(format!(
            "it took longer than {} minutes",
            TOOL_TIMEOUT.as_secs() / 60
        )),
        Some(status) if status.success() => Outcome::Done,
        Some(_) => match complaint(&log) {
            reason if reason.ends_with("No module named pip") => Outcome::NotInstalled,
            reason => Outcome::Failed(reason),
        },
    })
}

fn arguments(kind: Kind, wheel: &Wheel) -> Vec<&str> {
    let mut arguments = vec![
        "--no-deps",
        "--require-hashes",
        "--only-binary",
        ":all:",
        "--python-version",
        PYTHON_VERSION,
    ];
    match kind {
        Kind::Uv => arguments.extend(["--python-platform", wheel.uv_platform]),
        Kind::Pip => arguments.extend([
            "--platform",
            wheel.pip_platform,
            "--implementation",
            "cp",
            "--retries",
            "1",
            "--no-compile",
            "--no-input",
            "--disable-pip-version-check",
        ]),
    }
    arguments
}

/// Waits for the end of the program; `None` when it had to be stopped.
fn wait(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    let deadline = Instant::now() + TOOL_TIMEOUT;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// The first line that calls itself an error, else the last line.
fn complaint(log: &Path) -> String {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let error = lines
        .clone()
        .find(|line| line.to_ascii_lowercase().starts_with("error"));
    error
        .or_else(|| lines.next_back())
        .unwrap_or("it failed without a word")
        .to_owned()
}

fn move_libraries(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        if let Some(name) = library_name(&path) {
            fs::rename(&path, to.join(name))?;
        }
    }
    Ok(())
}

/// The file name, if this is a shared library and not the Python extension module.
fn library_name(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let is_library =
        name.ends_with(".dll") || name.ends_with(".dylib") || name.ends_with(".so") || name.contains(".so.");
    (is_library && !name.contains("pybind11")).then(|| name.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_libraries_are_taken() {
        let check = |name: &str, expected: bool| {
            assert_eq!(library_name(Path::new(name)).is_some(), expected, "{name}")
        };
        check("capi/libonnxruntime.so.1.28.0", true);
        check("capi/libonnxruntime_providers_cuda.so", true);
        check("capi/libonnxruntime.1.28.0.dylib", true);
        check("capi/DirectML.dll", true);
        check(
            "capi/onnxruntime_pybind11_state.cpython-312-x86_64-linux-gnu.so",
            false,
        );
        check("capi/onnxruntime_pybind11_state.pyd", false);
        check("capi/_ld_preload.py", false);
    }

    #[test]
    fn what_a_tool_complains_about() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log.txt");
        assert_eq!(complaint(&log), "it failed without a word");
        fs::write(
            &log,
            "WARNING: a\nERROR: No matching distribution found for x\n\n",
        )
        .unwrap();
        assert_eq!(complaint(&log), "ERROR: No matching distribution found for x");
    }
}
