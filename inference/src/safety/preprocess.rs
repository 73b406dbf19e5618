//! A picture as CLIP sees it: transformers' `CLIPImageProcessor`.

use serde::Deserialize;

use crate::error::LoadError;
use crate::images::{Filter, ResampledSide, RgbImage, resample};
use crate::models::ModelSource;

/// Where the configuration is beside a model, and beside a checker alone.
const FILES: [&str; 2] = [
    "feature_extractor/preprocessor_config.json",
    "preprocessor_config.json",
];
/// The largest side that a checker may want to see, in pixels.
const MAX_SIDE: u32 = 2048;

/// `preprocessor_config.json`. What is missing is as in the first CLIP.
#[derive(Debug, Deserialize)]
#[serde(default, expecting = "an object")]
struct Config {
    do_resize: bool,
    do_center_crop: bool,
    do_rescale: bool,
    do_normalize: bool,
    size: Size,
    crop_size: Size,
    /// Pillow's number of the filter.
    resample: u32,
    rescale_factor: f32,
    image_mean: [f32; 3],
    image_std: [f32; 3],
}

/// In pixels. Old files have a number: the shortest edge, or the side of a square.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "a number, a shortest edge, or height and width")]
enum Size {
    Number(u32),
    ShortestEdge { shortest_edge: u32 },
    Sides { height: u32, width: u32 },
}

impl Default for Config {
    fn default() -> Self {
        Self {
            do_resize: true,
            do_center_crop: true,
            do_rescale: true,
            do_normalize: true,
            size: Size::Number(224),
            crop_size: Size::Number(224),
            resample: 3,
            rescale_factor: 1.0 / 255.0,
            image_mean: [0.481_454_66, 0.457_827_5, 0.408_210_73],
            image_std: [0.268_629_54, 0.261_302_6, 0.275_777_1],
        }
    }
}

/// Makes the network's input of pictures.
#[derive(Debug)]
pub(super) struct Preprocessor {
    /// The picture is resized to it before its middle is cut out.
    size: Size,
    height: u32,
    width: u32,
    filter: Filter,
    rescale_factor: f32,
    image_mean: [f32; 3],
    image_std: [f32; 3],
}

impl Preprocessor {
    pub(super) fn read(source: &ModelSource) -> Result<Self, LoadError> {
        for file in FILES {
            if let Some(config) = source.json_optional(file)? {
                return Self::new(&config).map_err(|reason| source.corrupt(file, reason));
            }
        }
        Self::new(&Config::default()).map_err(|reason| source.corrupt(FILES[0], reason))
    }

    fn new(config: &Config) -> Result<Self, String> {
        let Config {
            do_resize,
            do_center_crop,
            do_rescale,
            do_normalize,
            ..
        } = *config;
        if !(do_resize && do_center_crop && do_rescale && do_normalize) {
            return Err("it leaves out a part of the preparation, which is not supported".to_owned());
        }
        let (height, width) = match config.crop_size {
            Size::Number(side) | Size::ShortestEdge { shortest_edge: side } => (side, side),
            Size::Sides { height, width } => (height, width),
        };
        let (least_height, least_width) = match config.size {
            Size::Number(edge) | Size::ShortestEdge { shortest_edge: edge } => (edge, edge),
            Size::Sides { height, width } => (height, width),
        };
        let fits = |side: u32, whole: u32| (1..=whole).contains(&side) && whole <= MAX_SIDE;
        if !fits(height, least_height) || !fits(width, least_width) {
            return Err(format!(
                "it cuts {width} by {height} pixels out of pictures of {least_width} by {least_height}"
            ));
        }
        let filter = match config.resample {
            1 => Filter::Lanczos,
            2 => Filter::Bilinear,
            3 => Filter::Bicubic,
            other => return Err(format!("it names the filter {other}, which is not supported")),
        };
        Ok(Self {
            size: config.size,
            height,
            width,
            filter,
            rescale_factor: config.rescale_factor,
            image_mean: config.image_mean,
            image_std: config.image_std,
        })
    }

    /// The shape of [`pixel_values`](Self::pixel_values).
    pub(super) fn shape(&self) -> [usize; 4] {
        [1, 3, self.height as usize, self.width as usize]
    }

    /// What the network sees of a picture.
    pub(super) fn pixel_values(&self, image: &RgbImage) -> Vec<f32> {
        let (whole_width, whole_height) = self.resized(image.dimensions());
        let middle = |size: u32, length: u32| ResampledSide {
            size,
            start: size.saturating_sub(length) / 2,
            length,
        };
        let seen = resample(
            image,
            self.filter,
            middle(whole_width, self.width),
            middle(whole_height, self.height),
        );
        let normalised = self.image_mean.iter().zip(&self.image_std).enumerate();
        normalised
            .flat_map(|(channel, (mean, std))| {
                let bytes = seen.iter().skip(channel).step_by(3);
                bytes.map(move |byte| (f32::from(*byte) * self.rescale_factor - mean) / std)
            })
            .collect()
    }

    /// Width and height of the whole resized picture.
    fn resized(&self, (width, height): (u32, u32)) -> (u32, u32) {
        let edge = match self.size {
            Size::Sides { height, width } => return (width, height),
            Size::Number(edge) | Size::ShortestEdge { shortest_edge: edge } => edge,
        };
        let longer = |long: u32, short: u32| {
            let length = u64::from(edge) * u64::from(long) / u64::from(short.max(1));
            u32::try_from(length).unwrap_or(u32::MAX)
        };
        if width <= height {
            (edge, longer(height, width))
        } else {
            (longer(width, height), edge)
        }
    }
}
