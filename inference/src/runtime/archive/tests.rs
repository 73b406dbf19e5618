//! The archive against a server in the same process.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::thread;

use sha2::{Digest, Sha256};

use super::*;

const LIBRARY: &[u8] = b"not really a library";

/// A `.tgz` as Microsoft lays it out: the library, a link to it, a header, a library outside `lib/`.
fn tgz() -> Vec<u8> {
    let mut tar = tar::Builder::new(flate2::write::GzEncoder::new(
        Vec::new(),
        flate2::Compression::fast(),
    ));
    for (path, data) in [
        (
            "onnxruntime/include/onnxruntime_c_api.h",
            b"#pragma once" as &[u8],
        ),
        ("onnxruntime/lib/libonnxruntime.so.1.28.3", LIBRARY),
        ("onnxruntime/lib/libonnxruntime_providers_shared.so", b"shared"),
        (
            "onnxruntime/lib/x.dSYM/DWARF/libonnxruntime.so.1.28.3",
            b"debug symbols",
        ),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, path, data).unwrap();
    }
    let mut link = tar::Header::new_gnu();
    link.set_entry_type(tar::EntryType::Symlink);
    link.set_size(0);
    tar.append_link(
        &mut link,
        "onnxruntime/lib/libonnxruntime.so.1",
        "libonnxruntime.so.1.28.3",
    )
    .unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

fn zip() -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (path, data) in [
        ("onnxruntime/lib/onnxruntime.dll", LIBRARY),
        ("onnxruntime/lib/onnxruntime.pdb", b"debug symbols"),
    ] {
        zip.start_file(path, options).unwrap();
        zip.write_all(data).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

fn sha256(bytes: &[u8]) -> &'static str {
    leak(
        Sha256::digest(bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect(),
    )
}

fn pin(file: &'static str, bytes: &[u8]) -> Archive {
    Archive {
        version: "1.28.3",
        file,
        bytes: bytes.len() as u64,
        sha256: sha256(bytes),
        library_sha256: Some(sha256(LIBRARY)),
    }
}

/// Answers one request with these bytes and returns its own address.
fn serve(status: &'static str, announced_bytes: usize, body: Vec<u8>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
        while lines.next().is_some_and(|line| !line.unwrap().is_empty()) {}
        let head =
            format!("HTTP/1.1 {status}\r\nContent-Length: {announced_bytes}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    address
}

fn fetch_from(base_url: &str, archive: &Archive) -> (Result<Vec<String>, String>, Vec<InstallProgress>) {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    let result = fetch_archive(base_url, archive, folder.path(), &mut |progress| {
        seen.push(progress)
    });
    let result = result
        .map_err(|error| error.to_string().replace(base_url, "http://server"))
        .map(|()| {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        });
    (result, seen)
}

#[test]
fn good_tgz() {
    let bytes = tgz();
    let archive = pin("ort.tgz", &bytes);
    let (result, seen) = fetch_from(&serve("200 OK", bytes.len(), bytes.clone()), &archive);
    assert_eq!(
        result,
        Ok(vec![
            "libonnxruntime.so.1.28.3".into(),
            "libonnxruntime_providers_shared.so".into()
        ])
    );
    let total_bytes = bytes.len() as u64;
    let downloading = |received_bytes| InstallProgress::Downloading {
        file: "ort.tgz".into(),
        received_bytes,
        total_bytes,
    };
    assert_eq!(seen.first(), Some(&downloading(0)));
    assert_eq!(seen.get(seen.len() - 2), Some(&downloading(total_bytes)));
    assert_eq!(
        seen.last(),
        Some(&InstallProgress::Unpacking {
            file: "ort.tgz".into()
        })
    );
}

#[test]
fn good_zip() {
    let bytes = zip();
    let archive = pin("ort.zip", &bytes);
    let (result, _) = fetch_from(&serve("200 OK", bytes.len(), bytes), &archive);
    assert_eq!(result, Ok(vec!["onnxruntime.dll".into()]));
}

#[test]
fn other_bytes_of_the_same_length() {
    let mut bytes = tgz();
    let archive = pin("ort.tgz", &bytes);
    *bytes.last_mut().unwrap() ^= 1;
    let expected = format!(
        "ort.tgz has the SHA-256 {} instead of {}",
        sha256(&bytes),
        archive.sha256
    );
    let (result, _) = fetch_from(&serve("200 OK", bytes.len(), bytes), &archive);
    assert_eq!(result, Err(expected));
}

#[test]
fn another_library_in_the_archive() {
    let bytes = tgz();
    let archive = Archive {
        library_sha256: Some(sha256(b"other")),
        ..pin("ort.tgz", &bytes)
    };
    let (result, _) = fetch_from(&serve("200 OK", bytes.len(), bytes), &archive);
    let expected = format!(
        "the library in ort.tgz has the SHA-256 {} instead of {}",
        sha256(LIBRARY),
        sha256(b"other")
    );
    assert_eq!(result, Err(expected));
}

#[test]
fn connection_lost_in_the_middle() {
    let mut bytes = tgz();
    let archive = pin("ort.tgz", &bytes);
    let announced = bytes.len();
    bytes.truncate(announced / 2);
    let (result, _) = fetch_from(&serve("200 OK", announced, bytes), &archive);
    insta::assert_snapshot!(result.unwrap_err(), @"http://server/v1.28.3/ort.tgz: Peer disconnected");
}

#[test]
fn another_length() {
    let bytes = tgz();
    let archive = pin("ort.tgz", &bytes);
    let (result, _) = fetch_from(&serve("200 OK", 4, b"oops".to_vec()), &archive);
    let expected = format!(
        "http://server/v1.28.3/ort.tgz: 4 bytes arrived instead of {}",
        bytes.len()
    );
    assert_eq!(result, Err(expected));
}

#[test]
fn not_there() {
    let (result, _) = fetch_from(&serve("404 Not Found", 0, Vec::new()), &pin("ort.tgz", b""));
    insta::assert_snapshot!(result.unwrap_err(), @"http://server/v1.28.3/ort.tgz: http status: 404");
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let (result, _) = fetch_from(&address, &pin("ort.tgz", b""));
    let error = result.unwrap_err();
    assert!(
        error.starts_with("http://server/v1.28.3/ort.tgz: io: Connection refused"),
        "{error}"
    );
}
