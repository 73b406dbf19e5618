//! The nearest size that can be drawn.

use inference::request::SIZES;

/// What a size has to satisfy.
#[derive(Clone, Copy, Debug)]
pub(super) struct SizeBounds {
    /// Both sides are multiples of it.
    pub(super) multiple: u32,
    /// Most pixels.
    pub(super) max_pixels: u32,
}

impl SizeBounds {
    /// The largest size within the bounds that is not larger than the one asked for, in nearly the same proportions.
    /// A size that would be smaller than the engine can draw is enlarged.
    pub(super) fn fit(self, width: u32, height: u32) -> (u32, u32) {
        let (width, height) = (self.side(width), self.side(height));
        let pixels = f64::from(width) * f64::from(height);
        if pixels <= f64::from(self.max_pixels) {
            return (width, height);
        }
        let scale = (f64::from(self.max_pixels) / pixels).sqrt();
        let (width, height) = (self.side(scaled(width, scale)), self.side(scaled(height, scale)));
        // The shorter side may have been enlarged to the smallest one.
        if width >= height {
            (width.min(self.side(self.max_pixels / height)), height)
        } else {
            (width, height.min(self.side(self.max_pixels / width)))
        }
    }

    fn side(self, value: u32) -> u32 {
        let multiple = self.multiple.max(1);
        let smallest = SIZES.start().next_multiple_of(multiple);
        (value.min(*SIZES.end()) / multiple * multiple).max(smallest)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "between 0 and the side itself"
)]
fn scaled(side: u32, scale: f64) -> u32 {
    (f64::from(side) * scale) as u32
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(asked: (u32, u32), max_pixels: u32, expected: (u32, u32)) {
        assert_eq!(
            SizeBounds {
                multiple: 8,
                max_pixels
            }
            .fit(asked.0, asked.1),
            expected
        );
    }

    #[test]
    fn sizes() {
        check((512, 512), 512 * 512, (512, 512));
        check((512, 768), 1024 * 1024, (512, 768));
        check((515, 517), 1024 * 1024, (512, 512));
        check((1024, 1024), 512 * 512, (512, 512));
        check((2048, 1024), 512 * 512, (720, 360));
        check((0, 0), 512 * 512, (64, 64));
        check((u32::MAX, u32::MAX), 512 * 512, (512, 512));
        check((u32::MAX, 1), 128 * 128, (256, 64));
        check((1, u32::MAX), 128 * 128, (64, 256));
    }

    proptest! {
        #[test]
        fn every_size_fits(
            width: u32,
            height: u32,
            multiple in proptest::sample::select(vec![8u32, 16, 32, 64]),
            max_pixels in 64u32 * 64..=2048 * 2048,
        ) {
            let (width, height) = SizeBounds { multiple, max_pixels }.fit(width, height);
            prop_assert!(SIZES.contains(&width) && SIZES.contains(&height));
            prop_assert!(width % multiple == 0 && height % multiple == 0);
            prop_assert!(width * height <= max_pixels);
        }
    }
}
