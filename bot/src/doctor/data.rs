//! The data folder: whether it can be written, and the room that is left.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use uuid::Uuid;

use super::{Check, Context, Found};

/// Less free room than this is soon none: about a thousand pictures.
const LITTLE_BYTES: u64 = 1 << 30;
/// With less than this the next picture may be the last one.
const TOO_LITTLE_BYTES: u64 = 64 << 20;
/// How much is written to see whether writing works.
const PROBE: [u8; 4096] = [0; 4096];

pub(super) struct Data;

#[async_trait]
impl Check for Data {
    fn name(&self) -> &'static str {
        "data"
    }

    async fn run(&self, context: &Context<'_>) -> Vec<Found> {
        let folder = &context.config.data.dir;
        let Some(existing) = existing(folder) else {
            return vec![Found::fail(
                format!("{} cannot be created", folder.display()),
                "set data.dir to a folder that can be written",
            )];
        };
        let mut found = vec![match write_probe(&existing) {
            Ok(()) if existing == *folder => Found::ok(format!("{} can be written", folder.display())),
            Ok(()) => Found::ok(format!(
                "{} is not there yet; the first start creates it",
                folder.display()
            )),
            Err(error) => Found::fail(
                format!("{} cannot be written: {error}", existing.display()),
                "give the user who runs Ekaki the right to write there, or set data.dir to another folder",
            ),
        }];
        found.push(match fs4::available_space(&existing) {
            Ok(bytes) => free(bytes),
            Err(error) => Found::warn(
                format!("the free room cannot be read: {error}"),
                "look at it with the tools of the system",
            ),
        });
        found
    }
}

/// The folder, or the nearest one above it that exists.
fn existing(folder: &Path) -> Option<PathBuf> {
    let absolute = std::path::absolute(folder).ok()?;
    let nearest = absolute.ancestors().find(|ancestor| ancestor.is_dir())?;
    Some(if nearest == absolute {
        folder.to_owned()
    } else {
        nearest.to_owned()
    })
}

fn write_probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!("ekaki-doctor-{}", Uuid::now_v7()));
    let written = fs::File::create_new(&path).and_then(|mut file| {
        file.write_all(&PROBE)?;
        file.sync_all()
    });
    match fs::remove_file(&path) {
        Err(error) if written.is_ok() => Err(error),
        _ => written,
    }
}

fn free(bytes: u64) -> Found {
    let mib = bytes >> 20;
    let text = if mib < 10 << 10 {
        format!("{mib} MiB are free")
    } else {
        format!("{} GiB are free", mib >> 10)
    };
    let remedy = "make room, or let old pictures be deleted: store.keep_days and store.max_gib";
    if bytes < TOO_LITTLE_BYTES {
        Found::fail(text, remedy)
    } else if bytes < LITTLE_BYTES {
        Found::warn(text, remedy)
    } else {
        Found::ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::free;

    fn check(bytes: u64, expected: &str) {
        let found = free(bytes);
        assert_eq!(format!("{} {}", found.level, found.message), expected);
        assert_eq!(found.remedy.is_none(), expected.starts_with("ok"));
    }

    #[test]
    fn a_disk_that_is_nearly_full_is_told_early() {
        check(0, "fail 0 MiB are free");
        check((64 << 20) - 1, "fail 63 MiB are free");
        check(64 << 20, "warn 64 MiB are free");
        check(1 << 30, "ok 1024 MiB are free");
        check(50 << 30, "ok 50 GiB are free");
    }
}
