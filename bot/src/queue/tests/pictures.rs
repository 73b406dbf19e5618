//! What becomes of drawn pictures: doubtful ones, and how they came to be.

use inference::{GenerateOutput, RgbImage, SafetyVerdict, Snapshot};

use super::fakes::{Bench, Setup};
use crate::safety::SafetyAction;
use crate::store::tests::new_job;
use crate::store::{Filmstrip, ImageKind, ImageRow, JobRow};

/// The end of a job with three pictures, of which the checker has doubts about the one in the middle.
async fn ended(action: SafetyAction, filmstrip: Option<Filmstrip>) -> (Bench, JobRow) {
    let mut bench = Bench::start(Setup::default()).await;
    let mut new = new_job("a");
    new.draw.count = 3;
    new.draw.filmstrip = filmstrip;
    new.safety = action;
    bench.submit(new).await;
    let drawing = bench.drawing().await;
    assert_eq!(drawing.job.check_safety, action != SafetyAction::Allow);
    drawing.finish_with(|index, output| {
        output.image = striped(output);
        output.safety = Some(SafetyVerdict { flagged: index == 1 });
        if filmstrip.is_some() {
            let image = output.image.clone();
            output.snapshots = [1, 16]
                .map(|step| Snapshot {
                    step,
                    image: image.clone(),
                })
                .into();
        }
    });
    let (_, row) = bench.finished().await;
    (bench, row)
}

fn striped(output: &GenerateOutput) -> RgbImage {
    let (width, height) = output.image.dimensions();
    RgbImage::from_fn(width, height, |x, _| image::Rgb([(x % 2) as u8 * 255; 3]))
}

fn text(image: &ImageRow) -> String {
    let ImageRow {
        index,
        width,
        height,
        kind,
        safety,
        ..
    } = image;
    format!("{index} {kind:?} {width}x{height} {safety}")
}

async fn check(action: SafetyAction, filmstrip: Option<Filmstrip>, expected: &[&str], withheld: u32) {
    let (mut bench, row) = ended(action, filmstrip).await;
    let images: Vec<String> = row.images.iter().map(text).collect();
    assert_eq!(images, expected, "{action}");
    assert_eq!(row.withheld, withheld, "{action}");
    for image in &row.images {
        let path = bench.store.images().path_of(image).expect("it is there");
        let file = image::ImageReader::open(path)
            .expect("a file")
            .with_guessed_format();
        let read = file.expect("read").decode().expect("a picture").into_rgb8();
        assert_eq!(read.dimensions(), (image.width, image.height));
        let has_edges = read.get_pixel(0, 0) != read.get_pixel(1, 0);
        assert_eq!(has_edges, image.safety != SafetyAction::Blur, "{action}");
        assert_eq!(image.parameters.is_some(), image.kind == ImageKind::Picture);
    }
    bench.stop().await;
}

#[tokio::test]
async fn a_doubtful_picture_is_treated_as_the_place_wants_it() {
    let [first, middle, last] = [
        "0 Picture 128x192 allow",
        "1 Picture 128x192 allow",
        "2 Picture 128x192 allow",
    ];
    check(SafetyAction::Allow, None, &[first, middle, last], 0).await;
    let covered = "1 Picture 128x192 spoiler";
    check(SafetyAction::Spoiler, None, &[first, covered, last], 0).await;
    let blurred = "1 Picture 128x192 blur";
    check(SafetyAction::Blur, None, &[first, blurred, last], 0).await;
    check(SafetyAction::Block, None, &[first, last], 1).await;
}

#[tokio::test]
async fn how_a_picture_came_to_be_is_shown_as_far_as_the_picture_is() {
    check(
        SafetyAction::Blur,
        Some(Filmstrip::Strip),
        &[
            "0 Picture 128x192 allow",
            "1 Picture 128x192 blur",
            "2 Picture 128x192 allow",
            "3 Strip 264x192 allow",
            "5 Strip 264x192 allow",
        ],
        0,
    )
    .await;
    check(
        SafetyAction::Spoiler,
        Some(Filmstrip::Webp),
        &[
            "0 Picture 128x192 allow",
            "1 Picture 128x192 spoiler",
            "2 Picture 128x192 allow",
            "3 Animation 128x192 allow",
            "4 Animation 128x192 spoiler",
            "5 Animation 128x192 allow",
        ],
        0,
    )
    .await;
}

#[tokio::test]
async fn previews_are_only_for_places_where_everything_is_shown() {
    for action in SafetyAction::ALL {
        let mut bench = Bench::start(Setup::default()).await;
        let mut new = new_job("a");
        new.safety = action;
        bench.submit(new).await;
        let drawing = bench.drawing().await;
        let is_wanted = drawing.job.progress.wants_preview();
        assert_eq!(is_wanted, action == SafetyAction::Allow, "{action}");
        drawing.finish();
        bench.stop().await;
    }
}

#[tokio::test]
async fn everything_may_be_withheld() {
    let mut bench = Bench::start(Setup::default()).await;
    let mut new = new_job("a");
    new.safety = SafetyAction::Block;
    bench.submit(new).await;
    let drawing = bench.drawing().await;
    drawing.finish_with(|_, output| output.safety = Some(SafetyVerdict { flagged: true }));
    let (_, row) = bench.finished().await;
    assert_eq!((row.images.len(), row.withheld), (0, 1));
    bench.stop().await;
}

#[tokio::test]
async fn a_picture_is_enlarged_as_it_is_and_its_recipe_says_so() {
    let mut bench = Bench::start(Setup::default()).await;
    let mut new = new_job("a");
    new.draw.enlarge = Some(2.0);
    bench.submit(new).await;
    bench.drawing().await.finish();
    let (_, row) = bench.finished().await;
    let [image] = row.images.as_slice() else {
        panic!("one picture: {:?}", row.images)
    };
    assert_eq!((image.width, image.height), (256, 384));
    let parameters = image.parameters.as_deref().unwrap_or_default();
    assert!(
        parameters.contains("Postprocess upscale by: 2, Postprocess upscaler: Lanczos"),
        "{parameters}"
    );
    bench.stop().await;
}
