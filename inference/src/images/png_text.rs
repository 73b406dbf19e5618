//! The texts in a PNG file.

use std::io::Read;

use flate2::bufread::ZlibDecoder;

/// A longer text is no recipe, and what inflates to more is not inflated further.
const MAX_TEXT_BYTES: usize = 1 << 20;

/// The first text with this keyword, before or behind the pixels, in any of the three kinds of chunks.
///
/// Checksums are not looked at: they protect the file, and a text that can be read is worth reading.
pub(super) fn text(file: &[u8], keyword: &str) -> Option<String> {
    let mut rest = file.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    loop {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (kind, after) = after.split_first_chunk::<4>()?;
        let (data, after) = after.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        rest = after.get(4..)?;
        let text = match kind {
            b"tEXt" => after_keyword(data, keyword).map(latin1),
            b"zTXt" => after_keyword(data, keyword).and_then(compressed),
            b"iTXt" => after_keyword(data, keyword).and_then(international),
            _ => None,
        };
        if text.is_some() {
            return text;
        }
    }
}

fn after_keyword<'a>(data: &'a [u8], keyword: &str) -> Option<&'a [u8]> {
    let text = data.strip_prefix(keyword.as_bytes())?.strip_prefix(b"\0")?;
    (text.len() <= MAX_TEXT_BYTES).then_some(text)
}

fn latin1(text: &[u8]) -> String {
    text.iter().copied().map(char::from).collect()
}

/// One byte for the method, which is always zlib's, and the compressed text.
fn compressed(data: &[u8]) -> Option<String> {
    let (0, text) = data.split_first()? else {
        return None;
    };
    Some(latin1(&inflate(text)?))
}

/// Whether it is compressed, the method, a language, the keyword in this language, and the text.
fn international(data: &[u8]) -> Option<String> {
    let ([is_compressed, 0], names) = data.split_first_chunk()? else {
        return None;
    };
    let text = names.splitn(3, |&byte| byte == 0).nth(2)?;
    let text = if *is_compressed == 0 {
        text.to_vec()
    } else {
        inflate(text)?
    };
    String::from_utf8(text).ok()
}

fn inflate(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::new();
    let mut decoder = ZlibDecoder::new(bytes).take(MAX_TEXT_BYTES as u64 + 1);
    decoder.read_to_end(&mut text).ok()?;
    (text.len() <= MAX_TEXT_BYTES).then_some(text)
}
