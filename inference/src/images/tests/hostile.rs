use std::{fs, io::Write, path::PathBuf, sync::LazyLock};

use flate2::{Compression, write::ZlibEncoder};
use insta::assert_snapshot;
use proptest::prelude::*;

use super::super::*;

fn error(file: &[u8]) -> ImageError {
    decode(file, &DecodeLimits::default()).unwrap_err()
}

/// The files of other programs, with their names.
static CORPUS: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/images/files");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries
        .map(|path| (path.display().to_string(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
});

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut crc = flate2::Crc::new();
    crc.update(kind);
    crc.update(data);
    let length = (data.len() as u32).to_be_bytes();
    [&length[..], kind, data, &crc.sum().to_be_bytes()].concat()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A grey PNG file of this size with other chunks behind its header, and these compressed pixels.
fn png_file(width: u32, height: u32, others: &[Vec<u8>], pixels: &[u8]) -> Vec<u8> {
    let header = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    file.extend(chunk(b"IHDR", &header));
    file.extend(others.concat());
    file.extend(chunk(b"IDAT", pixels));
    file.extend(chunk(b"IEND", &[]));
    file
}

#[test]
fn files_of_other_types_are_refused_with_the_known_ones() {
    let files: [&[u8]; 7] = [
        b"",
        b"\xff",
        b"hello",
        b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        b"%PDF-1.7",
        b"PK\x03\x04",
        b"BM\x00\x00\x00\x00",
    ];
    for file in files {
        let expected = "the file is no picture of a known type; PNG, JPEG, WebP and GIF can be read";
        assert_eq!(error(file).to_string(), expected);
    }
}

#[test]
fn large_files_are_refused_before_they_are_looked_at() {
    let limits = DecodeLimits {
        max_bytes: 1 << 20,
        ..DecodeLimits::default()
    };
    let error = decode(&vec![0; (1 << 20) + 1], &limits).unwrap_err();
    assert_snapshot!(error, @"the picture's file is larger than 1 MiB");
}

#[test]
fn bombs_are_refused_by_their_header() {
    let check = |width, height| error(&png_file(width, height, &[], &zlib(&[0; 100]))).to_string();
    assert_snapshot!(check(20_000, 20_000), @"the picture has 20000x20000 pixels; at most 33 megapixels and 16384 on a side can be read");
    assert_snapshot!(check(20_000, 1), @"the picture has 20000x1 pixels; at most 33 megapixels and 16384 on a side can be read");
    assert_snapshot!(check(8_192, 8_192), @"the picture has 8192x8192 pixels; at most 33 megapixels and 16384 on a side can be read");
    assert_snapshot!(check(0, 1), @"the PNG file is damaged or cut off");
    let gif = [b"GIF89a".as_slice(), &[0xff; 4], &[0, 0, 0]].concat();
    assert_snapshot!(error(&gif), @"the GIF file is damaged or cut off");
    let mut jpeg = encode_jpeg(&RgbImage::new(8, 8), 80, None).unwrap();
    let header = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    jpeg.splice(header + 5..header + 9, [0xff; 4]);
    assert_snapshot!(error(&jpeg), @"the picture has 65535x65535 pixels; at most 33 megapixels and 16384 on a side can be read");
}

#[test]
fn pictures_of_one_pixel_and_long_thin_ones_are_read() {
    for (width, height) in [(1, 1), (16_383, 1), (1, 16_383)] {
        let image = RgbImage::from_pixel(width, height, image::Rgb([9, 9, 9]));
        for file in [
            encode_png(&image, None),
            encode_webp(&image, None),
            encode_jpeg(&image, 90, None),
        ] {
            let decoded = decode(&file.unwrap(), &DecodeLimits::default()).unwrap();
            assert_eq!(decoded.rgb.dimensions(), (width, height));
        }
    }
}

#[test]
fn texts_that_inflate_without_end_are_passed_over() {
    let bomb = zlib(&vec![b'a'; 4 << 20]);
    let chunks = [
        chunk(b"zTXt", &[b"parameters\0\0".as_slice(), &bomb].concat()),
        chunk(b"iTXt", &[b"parameters\0\x01\0\0\0".as_slice(), &bomb].concat()),
        chunk(b"tEXt", b"parameters\0Steps: 1"),
    ];
    let decoded = decode(&png_file(1, 1, &chunks, &zlib(&[0, 7])), &DecodeLimits::default()).unwrap();
    assert_eq!(decoded.parameters.as_deref(), Some("Steps: 1"));
    assert_eq!(decoded.rgb.into_raw(), [7, 7, 7]);
}

#[test]
fn a_picture_that_is_drawn_over_and_over_is_refused() {
    let (_, file) = CORPUS
        .iter()
        .find(|(path, _)| path.ends_with("progressive.jpg"))
        .unwrap();
    let last = file.windows(2).rposition(|pair| pair == [0xff, 0xda]).unwrap();
    let (scans, end) = file.split_at(file.len() - 2);
    let repeated = |times: usize| [scans, &scans[last..].repeat(times), end].concat();
    assert!(decode(&repeated(5), &DecodeLimits::default()).is_ok());
    assert_snapshot!(error(&repeated(40)), @"the JPEG file has too many scans");
}

#[test]
fn truncated_files_are_errors() {
    for (path, file) in CORPUS.iter() {
        // Behind the pixels lie second frames, comments, and bytes that are not needed.
        let needed = if path.contains("animated") || path.ends_with(".webp") {
            file.len() / 4
        } else {
            file.len() * 3 / 4
        };
        for length in 0..needed {
            let decoded = decode(file.get(..length).unwrap(), &DecodeLimits::default());
            assert!(decoded.is_err(), "{path}: {length} of {}", file.len());
        }
    }
    let file = encode_jpeg(&RgbImage::new(64, 64), 80, None).unwrap();
    assert_snapshot!(error(file.get(..file.len() - 2).unwrap()), @"the JPEG file is cut off");
    let file = encode_png(&RgbImage::new(64, 64), None).unwrap();
    assert_snapshot!(error(file.get(..file.len() / 2).unwrap()), @"the PNG file is damaged or cut off");
}

/// A change to a file: bytes from a place on, which replace as many or are put between.
fn damage() -> impl Strategy<Value = Vec<(prop::sample::Index, Vec<u8>, bool)>> {
    let change = (
        any::<prop::sample::Index>(),
        prop::collection::vec(any::<u8>(), 1..5),
        any::<bool>(),
    );
    prop::collection::vec(change, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_files_are_pictures_or_errors(seed in any::<prop::sample::Index>(), damage in damage()) {
        let mut file = seed.get(&CORPUS).1.clone();
        for (place, bytes, inserts) in damage {
            let start = place.index(file.len());
            let end = if inserts { start } else { (start + bytes.len()).min(file.len()) };
            file.splice(start..end, bytes);
        }
        let limits = DecodeLimits { max_pixels: 1 << 16, ..DecodeLimits::default() };
        if let Ok(picture) = decode(&file, &limits) {
            let size = picture.rgb.dimensions();
            prop_assert!(u64::from(size.0) * u64::from(size.1) <= limits.max_pixels);
            prop_assert!(picture.alpha.is_none_or(|alpha| alpha.dimensions() == size));
        }
    }

    #[test]
    fn any_exif_data_are_read_or_passed_over(bytes in prop::collection::vec(any::<u8>(), 0..64), at in 0..40_usize) {
        let mut exif = exif::with_comment("Steps: 20");
        exif.splice(at..(at + bytes.len()).min(exif.len()), bytes);
        let _ = exif::comment(&exif);
    }
}

/// The decoder would have allocated four gigabytes for it.
#[test]
fn a_webp_chunk_that_is_longer_than_its_file() {
    let (_, file) = CORPUS
        .iter()
        .find(|(name, _)| name.ends_with("webui.webp"))
        .unwrap();
    let exif = file.windows(4).position(|name| name == b"EXIF").unwrap();
    let mut file = file.clone();
    file[exif + 4..exif + 8].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_snapshot!(error(&file), @"the WebP file is cut off");
}

#[test]
fn a_gif_of_no_height() {
    let (_, file) = CORPUS
        .iter()
        .find(|(name, _)| name.ends_with("animated.gif"))
        .unwrap();
    let mut file = file.clone();
    file[8..10].fill(0);
    assert_snapshot!(error(&file), @"the picture has no pixels");
}
