use std::io::Cursor;

use insta::assert_snapshot;
use ndarray::{Array3, array};

use super::*;
use crate::schedulers::Latents;

/// The text with a version that releases do not change.
fn text(recipe: &Recipe) -> String {
    recipe.to_string().replace(env!("CARGO_PKG_VERSION"), "0.1.0")
}

fn recipe() -> Recipe {
    Recipe {
        prompt: "1girl, pink hair".to_owned(),
        negative_prompt: "blurry".to_owned(),
        num_inference_steps: 20,
        scheduler: "Euler",
        guidance_scale: 7.0,
        seed: 1,
        width: 512,
        height: 512,
        model_name: "avatar".to_owned(),
    }
}

#[test]
fn recipes_read_as_in_the_web_ui() {
    assert_snapshot!(text(&recipe()), @"
    1girl, pink hair
    Negative prompt: blurry
    Steps: 20, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 512x512, Model: avatar, Version: Ekaki 0.1.0
    ");
    let recipe = Recipe {
        prompt: "後藤ひとり".to_owned(),
        negative_prompt: String::new(),
        guidance_scale: 4.5,
        seed: u64::MAX,
        width: 128,
        height: 192,
        model_name: "sd: 1.5, \"pruned\"".to_owned(),
        ..recipe()
    };
    assert_snapshot!(text(&recipe), @r#"
    後藤ひとり
    Steps: 20, Sampler: Euler, CFG scale: 4.5, Seed: 18446744073709551615, Size: 128x192, Model: "sd: 1.5, \"pruned\"", Version: Ekaki 0.1.0
    "#);
}

#[test]
fn tensors_are_rounded_as_in_diffusers() {
    // -1 to 1 in red, halves in green (0.5 * 255 = 127.5 rounds to 128), what is no picture in blue.
    let sample: Array3<f32> = array![
        [[-1.0, 1.0, 0.0], [-0.996, 0.25, 0.5]],
        [[0.0, -0.988_235_3, -0.980_392_2], [1.0, 1.0, 1.0]],
        [[f32::NAN, f32::INFINITY, -7.0], [0.0, 0.0, 0.0]],
    ];
    let image = rgb_from_tensor(sample.view());
    assert_eq!((image.width(), image.height()), (3, 2));
    let rows: Vec<_> = image
        .rows()
        .map(|row| row.map(|pixel| pixel.0).collect::<Vec<_>>())
        .collect();
    assert_eq!(
        rows,
        [
            [[0, 128, 0], [255, 1, 255], [128, 2, 0]],
            [[1, 255, 128], [159, 255, 128], [191, 255, 128]]
        ]
    );
}

#[test]
fn a_tensor_with_other_channels_still_gives_a_picture() {
    assert_eq!(
        rgb_from_tensor(Array3::ones((1, 1, 1)).view()).into_raw(),
        [255, 0, 0]
    );
    assert_eq!(
        rgb_from_tensor(Array3::ones((4, 1, 1)).view()).into_raw(),
        [255, 255, 255]
    );
}

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
    let file = encode_jpeg(&flat, 80).unwrap();
    let decoded = image::load_from_memory_with_format(&file, image::ImageFormat::Jpeg)
        .unwrap()
        .into_rgb8();
    assert_eq!(decoded.dimensions(), (16, 24));
    assert!(decoded.iter().zip(flat.iter()).all(|(&a, &b)| a.abs_diff(b) <= 4));
}

#[test]
fn pictures_without_pixels_are_errors() {
    assert_snapshot!(encode_png(&RgbImage::new(0, 1), None).unwrap_err(), @"the picture cannot be encoded as PNG");
    assert_snapshot!(encode_jpeg(&RgbImage::new(70_000, 1), 80).unwrap_err(), @"the picture cannot be encoded as JPEG");
}

#[test]
fn previews_are_a_linear_map_of_the_latents() {
    let json = r#"{"matrix": [[0.5, 0, 0], [0, 0.25, 0], [0, 0, 1], [0, 0, -1]], "bias": [0.25, 0.5, 0]}"#;
    let preview: LatentPreview = serde_json::from_str(json).unwrap();
    let mut latents = Latents::zeros((1, 4, 1, 2));
    latents[(0, 0, 0, 1)] = 1.0;
    latents[(0, 1, 0, 1)] = -4.0;
    latents[(0, 2, 0, 1)] = 1.0;
    latents[(0, 3, 0, 1)] = 0.5;
    assert_eq!(preview.to_rgb(&latents).into_raw(), [64, 128, 0, 191, 0, 128]);
}

#[test]
fn previews_of_another_shape_are_refused() {
    let json = r#"{"matrix": [[1, 0, 0]], "bias": [0, 0, 0]}"#;
    assert_snapshot!(serde_json::from_str::<LatentPreview>(json).unwrap_err(), @"invalid length 1, expected an array of length 4 at line 1 column 22");
}
