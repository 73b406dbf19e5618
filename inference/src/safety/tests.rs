use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::preprocess::Preprocessor;
use crate::images::RgbImage;
use crate::models::ModelSource;

#[derive(Deserialize)]
struct Case {
    picture: String,
    /// Channel, row, column and value.
    anchors: Vec<(usize, usize, usize, f32)>,
}

fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// The picture that `make_safety_checker.py` makes under this name, or the file.
fn picture(name: &str) -> RgbImage {
    if name != "pattern" {
        return image::open(testdata().join(name)).unwrap().into_rgb8();
    }
    RgbImage::from_fn(500, 301, |x, y| {
        image::Rgb([7 * x + 13 * y, x * y / 16, x + 2 * y].map(|value| value as u8))
    })
}

fn cases() -> Vec<Case> {
    serde_json::from_str(include_str!("../../testdata/safety/expected.json")).unwrap()
}

fn read(config: &'static str) -> Result<Preprocessor, String> {
    let file = "preprocessor_config.json".to_owned();
    let source = ModelSource::Embedded {
        name: "checker".into(),
        files: HashMap::from([(file, Cow::Borrowed(config.as_bytes()))]),
    };
    Preprocessor::read(&source).map_err(|error| error.to_string())
}

#[test]
fn pictures_are_prepared_as_by_transformers() {
    // Transformers' own file, that of the first models, and none.
    let own = ModelSource::Folder(testdata().join("safety"));
    let none = ModelSource::Embedded {
        name: "checker".into(),
        files: HashMap::new(),
    };
    let preprocessors = [
        Preprocessor::read(&own).unwrap(),
        read(r#"{"crop_size": 224, "size": 224, "feature_extractor_type": "CLIPFeatureExtractor", "resample": 3}"#)
            .unwrap(),
        Preprocessor::read(&none).unwrap(),
    ];
    for preprocessor in preprocessors {
        assert_eq!(preprocessor.shape(), [1, 3, 224, 224]);
        for case in cases() {
            let pixels = preprocessor.pixel_values(&picture(&case.picture));
            assert_eq!(pixels.len(), 3 * 224 * 224);
            for (channel, row, column, expected) in case.anchors {
                let value = pixels[(channel * 224 + row) * 224 + column];
                assert!(
                    (value - expected).abs() < 2e-5,
                    "{}: {value} at {channel}, {row}, {column}, not {expected}",
                    case.picture
                );
            }
        }
    }
}

#[test]
fn other_sizes_and_filters() {
    let check = |config, shape| {
        let preprocessor = read(config).unwrap();
        assert_eq!(preprocessor.shape(), shape);
        let gray = RgbImage::from_pixel(90, 40, image::Rgb([255; 3]));
        let white = (1.0 - 0.481_454_66) / 0.268_629_54;
        assert!((preprocessor.pixel_values(&gray)[0] - white).abs() < 1e-6);
    };
    check(
        r#"{"crop_size": {"height": 16, "width": 24}, "size": {"shortest_edge": 32}, "resample": 2}"#,
        [1, 3, 16, 24],
    );
    check(
        r#"{"crop_size": 16, "size": {"height": 16, "width": 16}, "resample": 1}"#,
        [1, 3, 16, 16],
    );
}

#[test]
fn what_is_not_supported_is_said() {
    let refused = |config| read(config).unwrap_err();
    insta::assert_snapshot!(refused(r#"{"resample": 5}"#), @"the model file embedded:checker/preprocessor_config.json is not usable: it names the filter 5, which is not supported");
    insta::assert_snapshot!(refused(r#"{"crop_size": 300}"#), @"the model file embedded:checker/preprocessor_config.json is not usable: it cuts 300 by 300 pixels out of pictures of 224 by 224");
    insta::assert_snapshot!(refused(r#"{"do_normalize": false}"#), @"the model file embedded:checker/preprocessor_config.json is not usable: it leaves out a part of the preparation, which is not supported");
    insta::assert_snapshot!(refused(r#"{"size": "large"}"#), @"the model file embedded:checker/preprocessor_config.json is not usable: a number, a shortest edge, or height and width at line 1 column 17");
    insta::assert_snapshot!(refused(r#"{"size": 0, "crop_size": 0}"#), @"the model file embedded:checker/preprocessor_config.json is not usable: it cuts 0 by 0 pixels out of pictures of 0 by 0");
}
