//! The comment in a file's EXIF data, where the web UI keeps the `parameters` of a JPEG or WebP file.
//!
//! EXIF is a TIFF file without pixels: directories of twelve-byte entries, numbers in either byte order.

/// The entry of the first directory that points to the second one, and the comment's entry there.
const EXIF_DIRECTORY: u16 = 0x8769;
const USER_COMMENT: u16 = 0x9286;
/// The types of these entries: a 32-bit number, and bytes.
const LONG: u16 = 4;
const UNDEFINED: u16 = 7;
/// The encodings that can stand before a comment.
const UNICODE: &[u8; 8] = b"UNICODE\0";
const ASCII: &[u8; 8] = b"ASCII\0\0\0";
const JIS: &[u8; 8] = b"JIS\0\0\0\0\0";
const UNKNOWN: &[u8; 8] = &[0; 8];
/// Longer comments are no recipe.
pub(super) const MAX_COMMENT_BYTES: usize = 1 << 20;

/// EXIF data with nothing but a comment, in the byte order and the encoding that piexif and so the web UI writes.
pub(super) fn with_comment(comment: &str) -> Vec<u8> {
    // Where the second directory lies, behind a header of 8 bytes and a directory of one entry.
    const SECOND: u32 = 8 + 2 + 12 + 4;
    const COMMENT: u32 = SECOND + 2 + 12 + 4;
    let mut bytes = UNICODE.to_vec();
    bytes.extend(comment.encode_utf16().flat_map(u16::to_be_bytes));
    let mut exif = b"MM\0*\0\0\0\x08".to_vec();
    push_directory(&mut exif, [EXIF_DIRECTORY, LONG], [1, SECOND]);
    push_directory(
        &mut exif,
        [USER_COMMENT, UNDEFINED],
        [bytes.len() as u32, COMMENT],
    );
    exif.append(&mut bytes);
    exif
}

/// A directory of one entry that no directory follows: its tag and type, its count and value.
fn push_directory(exif: &mut Vec<u8>, entry: [u16; 2], value: [u32; 2]) {
    exif.extend(1_u16.to_be_bytes());
    exif.extend(entry.into_iter().flat_map(u16::to_be_bytes));
    exif.extend(value.into_iter().flat_map(u32::to_be_bytes));
    exif.extend([0; 4]);
}

/// The comment in EXIF data, or `None` if there is none or the data are malformed.
pub(super) fn comment(exif: &[u8]) -> Option<String> {
    let tiff = Tiff::new(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))?;
    let first = tiff.long(4)?;
    let entry = tiff.find(first, EXIF_DIRECTORY)?;
    let second = tiff.long(entry + 8)?;
    let entry = tiff.find(second, USER_COMMENT)?;
    let length = tiff.long(entry + 4)?;
    // What fits in four bytes stands in the entry itself.
    let start = if length > 4 {
        tiff.long(entry + 8)?
    } else {
        entry + 8
    };
    let bytes = tiff.bytes.get(start..start.checked_add(length)?)?;
    (length <= MAX_COMMENT_BYTES).then(|| decode(bytes))?
}

fn decode(bytes: &[u8]) -> Option<String> {
    let text = match bytes.split_first_chunk::<8>() {
        Some((UNICODE, text)) => utf16(text),
        Some((JIS, _)) => return None,
        Some((ASCII | UNKNOWN, text)) => String::from_utf8_lossy(text).into_owned(),
        // Programs that do not know of the eight bytes write UTF-8.
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    let text = text.trim_end_matches('\0');
    (!text.is_empty()).then(|| text.to_owned())
}

/// UTF-16 in the byte order that its mark says, or else in the one with more of the characters that every recipe has:
/// the standard leaves the order open, and programs differ.
fn utf16(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let big = || pairs.iter().copied().map(u16::from_be_bytes);
    let little = || pairs.iter().copied().map(u16::from_le_bytes);
    let ascii = |units: &mut dyn Iterator<Item = u16>| units.filter(|unit| (1..0x80).contains(unit)).count();
    let is_little = match pairs.first() {
        Some([0xff, 0xfe]) => true,
        Some([0xfe, 0xff]) => false,
        _ => ascii(&mut little()) > ascii(&mut big()),
    };
    let units: Vec<u16> = if is_little {
        little().collect()
    } else {
        big().collect()
    };
    String::from_utf16_lossy(&units)
        .trim_start_matches('\u{feff}')
        .to_owned()
}

/// Numbers out of TIFF data; what lies outside them is `None`.
struct Tiff<'a> {
    bytes: &'a [u8],
    is_little_endian: bool,
}

impl<'a> Tiff<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_little_endian = match bytes.first_chunk::<4>()? {
            b"II*\0" => true,
            b"MM\0*" => false,
            _ => return None,
        };
        Some(Self {
            bytes,
            is_little_endian,
        })
    }

    fn short(&self, offset: usize) -> Option<u16> {
        let bytes = *self.bytes.get(offset..)?.first_chunk()?;
        Some(if self.is_little_endian {
            u16::from_le_bytes(bytes)
        } else {
            u16::from_be_bytes(bytes)
        })
    }

    fn long(&self, offset: usize) -> Option<usize> {
        let bytes = *self.bytes.get(offset..)?.first_chunk()?;
        let value = if self.is_little_endian {
            u32::from_le_bytes(bytes)
        } else {
            u32::from_be_bytes(bytes)
        };
        usize::try_from(value).ok()
    }

    /// Where the entry with this tag lies in the directory at `offset`.
    fn find(&self, offset: usize, tag: u16) -> Option<usize> {
        let count = usize::from(self.short(offset)?);
        (0..count)
            .map(|index| offset + 2 + 12 * index)
            .find(|&entry| self.short(entry) == Some(tag))
    }
}
