//! What the hub says of a file's contents, and whether they are that.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::Digest as _;

/// Bytes that are read at a time.
const BUFFER_BYTES: usize = 1 << 16;

/// A checksum that the hub publishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Checksum {
    /// Of large files: SHA-256.
    Sha256(String),
    /// Of small files: SHA-1 as git computes it, over a header with the length and the contents.
    GitBlob(String),
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sha256(hex) => write!(f, "the SHA-256 {hex}"),
            Self::GitBlob(hex) => write!(f, "the git hash {hex}"),
        }
    }
}

impl Checksum {
    /// The kind is told by the number of digits, as in the hub's `ETag`.
    pub(super) fn from_hex(hex: &str) -> Option<Self> {
        let is_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
        let hex = hex.to_ascii_lowercase();
        match hex.len() {
            64 if is_hex => Some(Self::Sha256(hex)),
            40 if is_hex => Some(Self::GitBlob(hex)),
            _ => None,
        }
    }

    /// The checksum of the same kind that a file has.
    pub(super) fn of_file(&self, path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        match self {
            Self::Sha256(_) => {
                let mut hasher = sha2::Sha256::new();
                read_through(&mut file, |bytes| hasher.update(bytes))?;
                Ok(Self::Sha256(hex(&hasher.finalize())))
            }
            Self::GitBlob(_) => {
                let mut hasher = sha1::Sha1::default();
                sha1::Digest::update(&mut hasher, format!("blob {}\0", file.metadata()?.len()));
                read_through(&mut file, |bytes| sha1::Digest::update(&mut hasher, bytes))?;
                Ok(Self::GitBlob(hex(&sha1::Digest::finalize(hasher))))
            }
        }
    }
}

fn read_through(file: &mut File, mut hear: impl FnMut(&[u8])) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(()),
            count => hear(buffer.get(..count).unwrap_or_default()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::Checksum;

    fn check(content: &str, expected: &str) {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), content).expect("the file can be written");
        let expected = Checksum::from_hex(expected).expect("a checksum");
        assert_eq!(
            expected.of_file(file.path()).expect("the file can be read"),
            expected
        );
    }

    #[test]
    fn both_kinds_are_those_of_sha256sum_and_git() {
        check(
            "hello\n",
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03",
        );
        check("hello\n", "ce013625030ba8dba906f756967f9e9ca394464a");
        check("", "E69DE29BB2D1D6434B8B29AE775AD8C2E48C5391");
    }

    #[test]
    fn other_texts_are_no_checksums() {
        for text in ["", "5891b5b5", &"g".repeat(40), &"0".repeat(63)] {
            assert_eq!(Checksum::from_hex(text), None, "{text}");
        }
    }
}
