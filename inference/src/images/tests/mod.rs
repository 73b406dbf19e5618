use insta::assert_snapshot;
use ndarray::{Array3, array};

use super::*;
use crate::schedulers::Latents;

mod files;
mod hostile;
mod sizes;

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

#[test]
fn pictures_become_the_tensors_of_diffusers() {
    let image = RgbImage::from_raw(2, 1, vec![0, 255, 127, 128, 1, 51]).unwrap();
    let tensor = tensor_from_rgb(&image);
    assert_eq!(tensor.dim(), (1, 3, 1, 2));
    let expected = [-1.0, 0.003_921_628, 1.0, -0.992_156_86, -0.003_921_568_4, -0.6];
    assert!(
        tensor
            .iter()
            .zip(expected)
            .all(|(value, expected)| (value - expected).abs() < 1e-6)
    );
    assert_eq!(rgb_from_tensor(tensor.index_axis(ndarray::Axis(0), 0)), image);
}

#[test]
fn masks_are_zeros_and_ones() {
    let mask = GrayImage::from_raw(5, 1, vec![0, 127, 128, 200, 255]).unwrap();
    let tensor = tensor_from_mask(&mask);
    assert_eq!(tensor, array![[[[0.0, 0.0, 1.0, 1.0, 1.0]]]]);
    assert_eq!(shrink_mask(&tensor, 1, 2), array![[[[0.0, 1.0]]]]);
}

#[test]
fn what_was_drawn_is_pasted_where_the_mask_is_white() {
    let source = RgbImage::from_pixel(3, 1, image::Rgb([10, 20, 30]));
    let drawn = RgbImage::from_pixel(3, 1, image::Rgb([210, 120, 30]));
    let mask = GrayImage::from_raw(3, 1, vec![0, 51, 255]).unwrap();
    let pasted = paste_masked(&source, &drawn, &mask).unwrap();
    assert_eq!(pasted.into_raw(), [10, 20, 30, 50, 40, 30, 210, 120, 30]);
    let error = paste_masked(&source, &RgbImage::new(1, 2), &mask).unwrap_err();
    assert_snapshot!(error, @"a picture of 1x2 pixels does not fit one of 3x1");
}
