//! Any file is a picture within the limits or an error.
#![no_main]

use inference::images::{DecodeLimits, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let limits = DecodeLimits::default();
    if let Ok(picture) = decode(bytes, &limits) {
        assert!(picture.rgb.width() > 0 && picture.rgb.height() > 0);
    }
});
