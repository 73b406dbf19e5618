use std::path::PathBuf;

use insta::assert_snapshot;
use serde::Deserialize;

use super::super::*;
use crate::schedulers::Latents;

#[derive(Deserialize)]
struct Resized {
    file: String,
    mode: String,
    size: (u32, u32),
    is_mask: bool,
}

#[test]
fn pictures_are_resized_as_by_pillow() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata/images/resize");
    let open = |file: &str| image::open(folder.join(file)).unwrap();
    let source = open("source.png").into_rgb8();
    let mask = GrayImage::from_fn(source.width(), source.height(), |x, y| {
        image::Luma([source.get_pixel(x, y)[0]])
    });
    let cases: Vec<Resized> =
        serde_json::from_str(include_str!("../../../testdata/images/resize.json")).unwrap();
    for case in cases {
        let mode = case.mode.parse().unwrap();
        let (width, height) = case.size;
        let expected = open(&case.file);
        let (resized, expected) = if case.is_mask {
            (
                resize_mask(&mask, width, height, mode).into_raw(),
                expected.into_luma8().into_raw(),
            )
        } else {
            (
                resize(&source, width, height, mode).into_raw(),
                expected.into_rgb8().into_raw(),
            )
        };
        assert_eq!(resized.len(), expected.len(), "{}", case.file);
        let different = resized.iter().zip(&expected).filter(|(a, b)| a != b).count();
        assert_eq!(different, 0, "{}", case.file);
    }
}

#[test]
fn extreme_shapes_are_resized_without_large_detours() {
    for mode in ResizeMode::ALL {
        for (width, height) in [(1, 16_384), (16_384, 1), (1, 1)] {
            let image = RgbImage::from_pixel(width, height, image::Rgb([1, 128, 254]));
            let resized = resize(&image, 64, 128, *mode);
            assert_eq!(resized, RgbImage::from_pixel(64, 128, image::Rgb([1, 128, 254])));
        }
        assert_eq!(resize(&RgbImage::new(0, 5), 3, 2, *mode), RgbImage::new(3, 2));
        assert_eq!(resize(&RgbImage::new(3, 2), 0, 5, *mode), RgbImage::new(0, 5));
    }
}

#[test]
fn resize_modes_have_names() {
    assert_eq!(" Crop".parse(), Ok(ResizeMode::Crop));
    assert_snapshot!("zoom".parse::<ResizeMode>().unwrap_err(), @r#"unknown resize mode "zoom", known are stretch, crop and fill"#);
}

#[derive(Deserialize)]
struct Interpolated {
    mode: String,
    size: (usize, usize),
    values: Vec<f32>,
}

impl Interpolated {
    fn latents(self) -> Latents {
        Latents::from_shape_vec((1, 2, self.size.0, self.size.1), self.values).unwrap()
    }
}

#[test]
fn latents_are_enlarged_as_by_torch() {
    let cases: Vec<Interpolated> =
        serde_json::from_str(include_str!("../../../testdata/images/latents.json")).unwrap();
    let mut cases = cases.into_iter();
    let source = cases.next().unwrap().latents();
    for case in cases {
        let upscaler = match case.mode.as_str() {
            "bilinear" => LatentUpscaler::Bilinear,
            "bicubic" => LatentUpscaler::Bicubic,
            "nearest" => LatentUpscaler::Nearest,
            _ => LatentUpscaler::NearestExact,
        };
        let (height, width) = case.size;
        let upscaled = upscale_latents(&source, height, width, upscaler);
        let expected = case.latents();
        let difference = (&upscaled - &expected).fold(0.0_f32, |largest, value| largest.max(value.abs()));
        assert!(difference <= 5e-6, "{upscaler} to {height}x{width}: {difference}");
    }
}

#[test]
fn upscalers_have_the_names_of_the_web_ui() {
    for upscaler in LatentUpscaler::ALL {
        assert_eq!(upscaler.name().parse(), Ok(*upscaler));
    }
    assert_snapshot!("ESRGAN".parse::<LatentUpscaler>().unwrap_err(), @r#"unknown upscaler "ESRGAN", known are Latent, Latent (bicubic), Latent (nearest), Latent (nearest-exact)"#);
}

#[test]
fn empty_latents_stay_empty() {
    assert_eq!(
        upscale_latents(&Latents::zeros((1, 4, 0, 3)), 2, 0, LatentUpscaler::Bicubic).dim(),
        (1, 4, 2, 0)
    );
    assert_eq!(
        upscale_latents(&Latents::zeros((1, 1, 0, 3)), 1, 1, LatentUpscaler::Bilinear)[(0, 0, 0, 0)],
        0.0
    );
}
