//! Microsoft's release archive: download, check, unpack.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::install::{SourceError, verify, verify_library};
use super::pins::{Archive, Build};
use super::{InstallProgress, RuntimeRequest};

/// A closed network must not hold up the start: the wheel comes next.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the server may take to answer.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(20);
/// How long the whole download may take.
const BODY_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// Downloads the archive of this build and unpacks its libraries into `folder`. Returns the version.
pub(super) fn fetch(
    request: &RuntimeRequest,
    build: &Build,
    folder: &Path,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<&'static str, SourceError> {
    let archive = build.archive.as_ref().ok_or(SourceError::NotPublished)?;
    fetch_archive(&request.archive_url, archive, folder, progress)?;
    Ok(archive.version)
}

fn fetch_archive(
    base_url: &str,
    archive: &Archive,
    folder: &Path,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<(), SourceError> {
    let url = format!(
        "{}/v{}/{}",
        base_url.trim_end_matches('/'),
        archive.version,
        archive.file
    );
    let file = folder.join(archive.file);
    download(&url, archive, &file, progress)?;
    verify(&file, archive.file, archive.sha256)?;
    progress(InstallProgress::Unpacking {
        file: archive.file.into(),
    });
    unpack(&file, folder)?;
    fs::remove_file(&file)?;
    verify_library(folder, archive.file, archive.library_sha256)
}

fn download(
    url: &str,
    archive: &Archive,
    file: &Path,
    progress: &mut dyn FnMut(InstallProgress),
) -> Result<(), SourceError> {
    let failed = |reason: String| SourceError::Download {
        url: url.into(),
        reason,
    };
    let response = agent()
        .get(url)
        .call()
        .map_err(|error| failed(error.to_string()))?;
    // One byte more than expected is enough to know that this is another file.
    let mut body = response.into_body().into_reader().take(archive.bytes + 1);
    let mut out = BufWriter::new(File::create(file)?);
    let mut buffer = vec![0; 1 << 16];
    let mut received_bytes = 0;
    loop {
        progress(InstallProgress::Downloading {
            file: archive.file.into(),
            received_bytes,
            total_bytes: archive.bytes,
        });
        let count = body
            .read(&mut buffer)
            .map_err(|error| failed(error.to_string()))?;
        if count == 0 {
            break;
        }
        out.write_all(buffer.get(..count).unwrap_or_default())?;
        received_bytes += count as u64;
    }
    out.flush()?;
    if received_bytes == archive.bytes {
        Ok(())
    } else {
        Err(failed(format!(
            "{received_bytes} bytes arrived instead of {}",
            archive.bytes
        )))
    }
}

fn agent() -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .timeout_resolve(Some(CONNECT_TIMEOUT))
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .timeout_recv_response(Some(RESPONSE_TIMEOUT))
        .timeout_recv_body(Some(BODY_TIMEOUT))
        .build()
        .new_agent()
}

/// Writes the shared libraries of the archive's folder `lib/` flat into `folder`.
fn unpack(file: &Path, folder: &Path) -> io::Result<()> {
    if file.extension().is_some_and(|extension| extension == "zip") {
        let mut archive = zip::ZipArchive::new(File::open(file)?)?;
        for index in 0..archive.len() {
            let mut entry = archive.by_index(index)?;
            if entry.is_file()
                && let Some(name) = entry.enclosed_name().as_deref().and_then(library_in_lib)
            {
                io::copy(&mut entry, &mut File::create(folder.join(name))?)?;
            }
        }
    } else {
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(File::open(file)?));
        for entry in archive.entries()? {
            let mut entry = entry?;
            if entry.header().entry_type().is_file()
                && let Some(name) = library_in_lib(&entry.path()?)
            {
                io::copy(&mut entry, &mut File::create(folder.join(name))?)?;
            }
        }
    }
    Ok(())
}

/// The file name, if this is a shared library that lies directly in a folder `lib`.
fn library_in_lib(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let in_lib = path.parent()?.file_name()? == "lib";
    let is_library =
        name.ends_with(".dll") || name.ends_with(".dylib") || name.ends_with(".so") || name.contains(".so.");
    (in_lib && is_library).then(|| name.to_owned())
}

#[cfg(test)]
mod tests;
