use std::{io::Cursor, path::PathBuf};

use insta::assert_snapshot;
use serde::Deserialize;

use super::super::*;

fn picture() -> RgbImage {
    RgbImage::from_fn(5, 3, |x, y| image::Rgb([x as u8 * 50, y as u8 * 100, 7]))
}

/// What a PNG reader finds.
#[derive(Debug, PartialEq)]
struct PngFile {
    pixels: Vec<u8>,
    latin1: Vec<(String, String)>,
    unicode: Vec<(String, String)>,
}

fn read_png(file: &[u8]) -> PngFile {
    let mut reader = png::Decoder::new(Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    reader.next_frame(&mut pixels).unwrap();
    let info = reader.info();
    let latin1 = info
        .uncompressed_latin1_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.text.clone()));
    let unicode = info
        .utf8_text
        .iter()
        .map(|chunk| (chunk.keyword.clone(), chunk.get_text().unwrap()));
    PngFile {
        pixels,
        latin1: latin1.collect(),
        unicode: unicode.collect(),
    }
}

#[test]
fn png_files_carry_their_parameters() {
    let check = |text: Option<&str>, latin1: Option<&str>, unicode: Option<&str>| {
        let chunks = |text: Option<&str>| {
            text.map(|text| ("parameters".to_owned(), text.to_owned()))
                .into_iter()
                .collect()
        };
        let expected = PngFile {
            pixels: picture().into_raw(),
            latin1: chunks(latin1),
            unicode: chunks(unicode),
        };
        assert_eq!(read_png(&encode_png(&picture(), text).unwrap()), expected);
    };
    check(None, None, None);
    check(Some("café\nSteps: 1"), Some("café\nSteps: 1"), None);
    check(Some("後藤ひとり\nSteps: 1"), None, Some("後藤ひとり\nSteps: 1"));
    check(Some("a\0b"), Some("ab"), None);
}

#[test]
fn jpeg_files_are_close_to_the_picture() {
    let flat = RgbImage::from_pixel(16, 24, image::Rgb([200, 100, 50]));
    let file = encode_jpeg(&flat, 80, None).unwrap();
    let decoded = image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8();
    assert_eq!(decoded.dimensions(), (16, 24));
    assert!(decoded.iter().zip(flat.iter()).all(|(&a, &b)| a.abs_diff(b) <= 4));
}

#[test]
fn pictures_without_pixels_are_errors() {
    assert_snapshot!(encode_png(&RgbImage::new(0, 1), None).unwrap_err(), @"the picture cannot be encoded as PNG");
    assert_snapshot!(encode_jpeg(&RgbImage::new(70_000, 1), 80, None).unwrap_err(), @"the picture cannot be encoded as JPEG");
    assert_snapshot!(encode_webp(&RgbImage::new(1, 0), None).unwrap_err(), @"the picture cannot be encoded as WebP");
}

#[test]
fn every_kind_of_file_carries_its_parameters() {
    let texts = [
        "a",
        "1girl\nNegative prompt: blurry\nSteps: 20, Sampler: Euler, CFG scale: 7, Seed: 1",
        "後藤ひとり 🎸\nSteps: 20",
        "é",
    ];
    for text in texts {
        let files = [
            encode_png(&picture(), Some(text)).unwrap(),
            encode_webp(&picture(), Some(text)).unwrap(),
            encode_jpeg(&picture(), 90, Some(text)).unwrap(),
        ];
        for file in files {
            let decoded = decode(&file, &DecodeLimits::default()).unwrap();
            assert_eq!(decoded.parameters.as_deref(), Some(text));
            assert_eq!(decoded.rgb.dimensions(), (5, 3));
        }
    }
    let decoded = decode(&encode_webp(&picture(), None).unwrap(), &DecodeLimits::default()).unwrap();
    assert_eq!(
        decoded,
        Picture {
            rgb: picture(),
            alpha: None,
            parameters: None
        }
    );
}

#[test]
fn a_text_that_a_jpeg_file_cannot_hold_is_an_error() {
    let check = |chars: usize| encode_jpeg(&picture(), 80, Some(&"a".repeat(chars)));
    let longest = decode(&check(32_737).unwrap(), &DecodeLimits::default()).unwrap();
    assert_eq!(longest.parameters.map(|text| text.len()), Some(32_737));
    assert_snapshot!(check(32_738).unwrap_err(), @"the prompt is too long for a JPEG file; use PNG or WebP");
}

#[derive(Deserialize)]
struct Case {
    file: String,
    size: (u32, u32),
    parameters: Option<String>,
    rgb: Vec<u8>,
    alpha: Vec<u8>,
}

/// The bytes in the middle of each block of 8x8 pixels.
fn middles(image: &[u8], (width, height): (u32, u32), channels: usize) -> Vec<u8> {
    let places = (4..height)
        .step_by(8)
        .flat_map(|y| (4..width).step_by(8).map(move |x| (y * width + x) as usize));
    places
        .flat_map(|place| image.iter().skip(place * channels).take(channels).copied())
        .collect()
}

#[test]
fn files_of_pillow_and_the_web_ui_are_decoded() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/images/files");
    let cases: Vec<Case> = serde_json::from_str(include_str!("../../../testdata/images/files.json")).unwrap();
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), cases.len());
    for case in cases {
        let picture = decode(
            &std::fs::read(folder.join(&case.file)).unwrap(),
            &DecodeLimits::default(),
        )
        .unwrap();
        let size = picture.rgb.dimensions();
        assert_eq!(size, case.size, "{}", case.file);
        assert_eq!(picture.parameters, case.parameters, "{}", case.file);
        let opaque = || GrayImage::from_pixel(size.0, size.1, image::Luma([255]));
        assert_eq!(
            picture.alpha.is_some(),
            case.alpha.iter().any(|&value| value < 255),
            "{}",
            case.file
        );
        let alpha = picture.alpha.unwrap_or_else(opaque);
        assert_eq!(middles(&alpha, size, 1), case.alpha, "{}", case.file);
        let tolerance = if case.file.ends_with(".jpg") { 2 } else { 1 };
        let rgb = middles(&picture.rgb, size, 3);
        assert!(
            rgb.len() == case.rgb.len()
                && rgb
                    .iter()
                    .zip(&case.rgb)
                    .all(|(a, b)| a.abs_diff(*b) <= tolerance),
            "{}: {rgb:?}, not {:?}",
            case.file,
            case.rgb
        );
    }
}

#[test]
fn sixteen_bits_become_eight() {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 2, 1);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Sixteen);
    let samples: [u16; 8] = [0, 0x8080, 0xffff, 0xffff, 0xff80, 257, 514, 0xffff];
    let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_be_bytes()).collect();
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    let picture = decode(&file, &DecodeLimits::default()).unwrap();
    assert_eq!(picture.rgb.into_raw(), [0, 128, 255, 255, 1, 2]);
    assert_eq!(picture.alpha, None);
}
