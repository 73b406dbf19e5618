//! One file from the hub: goes on where an earlier attempt ended, and is checked before it gets its name.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use ureq::http::StatusCode;
use ureq::http::header::{CONTENT_RANGE, HeaderMap};

use super::error::AddError;
use super::hub::{Hub, RemoteFile, check_status};

/// Attempts in a row that may bring nothing new.
const MAX_FRUITLESS: u32 = 4;
/// Before another attempt.
const PAUSE: Duration = Duration::from_millis(300);
const BUFFER_BYTES: usize = 1 << 16;

/// Why an attempt ended before the file was complete.
enum Ended {
    /// Another attempt may go on.
    Interrupted(String),
    Failed(AddError),
}

impl From<AddError> for Ended {
    fn from(error: AddError) -> Self {
        Self::Failed(error)
    }
}

/// Loads a file into `target`, and hears how many bytes are there.
///
/// What has arrived lies in `target` with `.part` at the end of its name, until it is complete and checked.
pub(super) fn fetch(
    hub: &Hub,
    file: &RemoteFile,
    target: &Path,
    progress: &mut dyn FnMut(u64),
) -> Result<(), AddError> {
    let part = part_of(target);
    let mut longest = length(&part);
    let mut fruitless = 0;
    loop {
        match receive(hub, file, &part, progress) {
            Ok(()) => break,
            Err(Ended::Failed(error)) => return Err(error),
            Err(Ended::Interrupted(reason)) => {
                tracing::debug!(file = file.path, reason, "the download was interrupted");
                let now = length(&part);
                fruitless = if now > longest { 0 } else { fruitless + 1 };
                longest = longest.max(now);
                if fruitless >= MAX_FRUITLESS {
                    return Err(AddError::Connection {
                        place: file.url.clone(),
                        reason,
                    });
                }
                thread::sleep(PAUSE * fruitless);
            }
        }
    }
    check(file, &part)?;
    fs::rename(&part, target).map_err(AddError::io(target))
}

/// One attempt.
fn receive(hub: &Hub, file: &RemoteFile, part: &Path, progress: &mut dyn FnMut(u64)) -> Result<(), Ended> {
    let mut have = length(part);
    if have > file.bytes {
        remove(part)?;
        have = 0;
    }
    progress(have);
    // An empty file has no bytes that could be asked for.
    if have == file.bytes && part.exists() {
        return Ok(());
    }
    let response = hub
        .get(&file.url, have)
        .map_err(|error| Ended::Interrupted(error.to_string()))?;
    let status = response.status();
    if status == StatusCode::RANGE_NOT_SATISFIABLE {
        remove(part)?;
        return Err(Ended::Interrupted("what was there does not fit".to_owned()));
    }
    if status.is_server_error() {
        return Err(Ended::Interrupted(format!("the server answers {status}")));
    }
    check_status(&file.path, status)?;
    // Some servers know no ranges and begin anew.
    let goes_on = status == StatusCode::PARTIAL_CONTENT && begins_at(response.headers(), have);
    let mut out = open(part, goes_on)?;
    let mut received = if goes_on { have } else { 0 };
    let mut body = response.into_body().into_reader();
    let mut buffer = vec![0; BUFFER_BYTES];
    while received <= file.bytes {
        progress(received);
        let count = body
            .read(&mut buffer)
            .map_err(|error| Ended::Interrupted(error.to_string()))?;
        if count == 0 {
            break;
        }
        out.write_all(buffer.get(..count).unwrap_or_default())
            .map_err(AddError::io(part))?;
        received += count as u64;
    }
    out.sync_all().map_err(AddError::io(part))?;
    if received < file.bytes {
        return Err(Ended::Interrupted(format!(
            "the connection ended after {received} of {} bytes",
            file.bytes
        )));
    }
    Ok(())
}

/// Whether the answer to a request for a range has that range.
fn begins_at(headers: &HeaderMap, offset: u64) -> bool {
    let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok());
    range.is_some_and(|range| range.starts_with(&format!("bytes {offset}-")))
}

fn open(part: &Path, append: bool) -> Result<File, AddError> {
    let mut options = OpenOptions::new();
    if append {
        options.append(true);
    } else {
        options.write(true).truncate(true);
    }
    options.create(true).open(part).map_err(AddError::io(part))
}

/// Removes what has other contents than the hub says.
fn check(file: &RemoteFile, part: &Path) -> Result<(), AddError> {
    let found = file.checksum.of_file(part).map_err(AddError::io(part))?;
    if found == file.checksum {
        return Ok(());
    }
    remove(part)?;
    Err(AddError::WrongChecksum {
        file: file.path.clone(),
        found: found.to_string(),
        expected: file.checksum.to_string(),
    })
}

fn remove(part: &Path) -> Result<(), AddError> {
    fs::remove_file(part).map_err(AddError::io(part))
}

fn part_of(target: &Path) -> PathBuf {
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    target.with_file_name(name)
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}
