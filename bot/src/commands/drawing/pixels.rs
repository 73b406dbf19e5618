//! How large a picture is, in the words of people.

use inference::ModelInfo;
use inference::request::SIZES;

use crate::commands::whole_number;

/// The names of sizes.
pub(in crate::commands) const SIZE_NAMES: &[&str] = &["square", "portrait", "landscape"];

/// The largest part of a ratio that anybody writes.
const LONGEST_RATIO: u32 = 10_000;

/// How large a picture should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::commands) enum Size {
    /// In pixels.
    Pixels(u32, u32),
    /// Width to height; the shorter side is that of the model.
    Ratio(u32, u32),
}

impl Size {
    /// Reads `portrait`, `3:2`, `512x768`, or `512` for a square.
    pub(in crate::commands) fn read(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "square" => return Some(Self::Ratio(1, 1)),
            "portrait" => return Some(Self::Ratio(2, 3)),
            "landscape" => return Some(Self::Ratio(3, 2)),
            _ => {}
        }
        if let Some((width, height)) = text.split_once(':') {
            let side = |text| whole_number(text).filter(|side| (1..=LONGEST_RATIO).contains(side));
            return Some(Self::Ratio(side(width)?, side(height)?));
        }
        match text.split_once(['x', 'X', '×', '*']) {
            Some((width, height)) => Some(Self::Pixels(whole_number(width)?, whole_number(height)?)),
            None => whole_number(text).map(|side| Self::Pixels(side, side)),
        }
    }

    /// The size in pixels for a model. What is too large for the limits is not changed here.
    pub(in crate::commands) fn pixels(self, model: &ModelInfo) -> (u32, u32) {
        match self {
            Self::Pixels(width, height) => (width, height),
            Self::Ratio(width, height) => {
                let shorter = model.defaults.width.min(model.defaults.height);
                let side = |part: u32, other: u32| {
                    if part <= other {
                        shorter
                    } else {
                        nearest(
                            f64::from(shorter) * f64::from(part) / f64::from(other),
                            model.size_multiple,
                        )
                    }
                };
                (side(width, height), side(height, width))
            }
        }
    }
}

/// Whether a picture can become noticeably larger within `max_pixels` and what the engine can draw.
pub(in crate::commands) fn can_grow((width, height): (u32, u32), max_pixels: u32) -> bool {
    /// By less than a fifth it would be the same picture.
    const LEAST: f64 = 1.2;
    let (width, height) = (f64::from(width) * LEAST, f64::from(height) * LEAST);
    let longest = f64::from(*SIZES.end());
    width <= longest && height <= longest && width * height <= f64::from(max_pixels)
}

/// The nearest multiple.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a number that is too large gives the largest one"
)]
fn nearest(side: f64, multiple: u32) -> u32 {
    let multiple = multiple.max(1);
    ((side / f64::from(multiple)).round() as u32).saturating_mul(multiple)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::ImageGenerator as _;
    use crate::tests::fakes::FakeGenerator;

    fn check(text: &str, expected: Option<(u32, u32)>) {
        // 128x128, in multiples of 8.
        let model = FakeGenerator::default().models().remove(0);
        assert_eq!(
            Size::read(text).map(|size| size.pixels(&model)),
            expected,
            "{text}"
        );
    }

    #[test]
    fn sizes_in_words_and_numbers() {
        check("square", Some((128, 128)));
        check("Portrait", Some((128, 192)));
        check("landscape", Some((192, 128)));
        check("3:2", Some((192, 128)));
        check("16:9", Some((224, 128)));
        check("512x768", Some((512, 768)));
        check("512×768", Some((512, 768)));
        check("512", Some((512, 512)));
        check("99999999999x1", Some((u32::MAX, 1)));
        check("10000:1", Some((1_280_000, 128)));
        for text in [
            "", "x", "512x", "x512", "3:0", "0:3", ":", "10001:1", "wide", "-1x5",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn what_is_large_enough_does_not_grow() {
        let check = |size, max_pixels, expected| assert_eq!(can_grow(size, max_pixels), expected);
        check((128, 192), 1 << 20, true);
        check((512, 512), 768 * 768, true);
        check((512, 512), 600 * 600, false);
        check((2048, 64), u32::MAX, false);
        check((64, 1700), u32::MAX, true);
    }
}
