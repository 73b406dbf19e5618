use inference::RgbImage;
use inference::images::{DecodeLimits, decode, encode_png, encode_webp};

use super::*;

const PARAMETERS: &str = "a cat\nSteps: 20, Seed: 7";

/// A picture that cannot be compressed well.
fn noise(side: u32) -> RgbImage {
    let mut state = 7_u32;
    RgbImage::from_fn(side, side, |_, _| {
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        image::Rgb([next(), next(), next()])
    })
}

/// A picture that WebP compresses better than PNG as it is written here.
fn gradient(side: u32) -> RgbImage {
    RgbImage::from_fn(side, side, |x, y| image::Rgb([(x * y) as u8, x as u8, y as u8]))
}

fn image(name: &str, picture: &RgbImage) -> ReplyImage {
    let png = encode_png(picture, Some(PARAMETERS)).expect("a picture");
    ReplyImage {
        bytes: png.len() as u64,
        content: ImageContent::Bytes(png.into()),
        is_spoiler: false,
        file_name: name.to_owned(),
        seed: 7,
        width: picture.width(),
        height: picture.height(),
    }
}

fn room(file_bytes: u64) -> Room {
    Room {
        file_bytes,
        all_bytes: 25 << 20,
    }
}

async fn fitted(images: Vec<ReplyImage>, as_files: bool, room: Room) -> Fitted {
    let order = Order {
        images,
        as_files,
        room,
    };
    fit(order).await
}

fn names(fitted: &Fitted) -> Vec<&str> {
    fitted.files.iter().map(|file| file.name.as_str()).collect()
}

#[tokio::test]
async fn a_file_that_just_fits_stays_as_it_is() {
    let picture = image("a.png", &noise(32));
    let fitted = fitted(vec![picture.clone()], false, room(picture.bytes)).await;
    assert_eq!(names(&fitted), ["a.png"]);
    assert_eq!(
        ImageContent::Bytes(Arc::clone(&fitted.files[0].bytes)),
        picture.content
    );
    assert_eq!((fitted.changed, fitted.hides_originals), (0, false));
    assert_eq!(fitted.shown.as_deref(), Some("a.png"));
}

#[tokio::test]
async fn a_file_one_byte_too_large_becomes_another_one_with_the_recipe() {
    let picture = image("a.png", &noise(32));
    let fitted = fitted(vec![picture.clone()], false, room(picture.bytes - 1)).await;
    assert_eq!((fitted.changed, fitted.hides_originals), (1, true));
    let [file] = fitted.files.as_slice() else {
        panic!("{fitted:?}")
    };
    assert!((file.bytes.len() as u64) < picture.bytes);
    let decoded = decode(&file.bytes, &DecodeLimits::default()).expect("a picture");
    assert_eq!(decoded.parameters.as_deref(), Some(PARAMETERS));
    assert_eq!(decoded.rgb.dimensions(), (32, 32));
}

#[tokio::test]
async fn nothing_is_lost_where_webp_is_enough() {
    let pixels = gradient(64);
    let picture = image("a.png", &pixels);
    let webp = encode_webp(&pixels, Some(PARAMETERS)).expect("a picture").len() as u64;
    assert!(webp < picture.bytes, "{webp} {}", picture.bytes);
    let enough = fitted(vec![picture.clone()], false, room(webp)).await;
    assert_eq!(names(&enough), ["a.webp"]);
    let decoded = decode(&enough.files[0].bytes, &DecodeLimits::default()).expect("a picture");
    assert_eq!(decoded.rgb, pixels);
    let one_less = fitted(vec![picture], false, room(webp - 1)).await;
    assert_eq!(names(&one_less), ["a.jpg"]);
}

#[tokio::test]
async fn what_does_not_fit_at_all_is_named() {
    let fitted = fitted(vec![image("a.png", &noise(32))], false, room(100)).await;
    assert_eq!(fitted.files, []);
    assert_eq!(fitted.left_out, ["a.png"]);
}

#[tokio::test]
async fn a_message_takes_no_more_than_all_files_may_have_together() {
    let picture = image("a.png", &noise(32));
    let size = picture.bytes;
    let images = vec![picture.clone(), picture.clone(), picture];
    let room = Room {
        file_bytes: size,
        all_bytes: size * 2 + 100,
    };
    let fitted = fitted(images, true, room).await;
    assert_eq!(names(&fitted), ["a.png", "a.png"]);
    assert_eq!(fitted.left_out, ["a.png"]);
}

#[tokio::test]
async fn a_message_has_ten_files_at_most() {
    let images = (0..12)
        .map(|index| image(&format!("a-{index}.png"), &noise(4)))
        .collect();
    let fitted = fitted(images, true, room(1 << 20)).await;
    assert_eq!(fitted.files.len(), 10);
    assert_eq!(fitted.left_out, ["a-10.png", "a-11.png"]);
}

#[tokio::test]
async fn pictures_of_one_size_are_put_beside_one_another() {
    let check = async |count: u32, expected: (u32, u32)| {
        let images = (1..=count).map(|index| image(&format!("ekaki-12-{index}.png"), &noise(8)));
        let fitted = fitted(images.collect(), false, room(1 << 20)).await;
        assert_eq!(names(&fitted), ["ekaki-12.png"]);
        assert!(fitted.hides_originals);
        let grid = decode(&fitted.files[0].bytes, &DecodeLimits::default())
            .expect("a picture")
            .rgb;
        assert_eq!(grid.dimensions(), expected, "{count}");
        let first = noise(8);
        assert_eq!(grid.get_pixel(3, 3), first.get_pixel(3, 3));
    };
    check(2, (16, 8)).await;
    check(3, (16, 16)).await;
    check(4, (16, 16)).await;
    check(6, (24, 16)).await;
    check(10, (32, 24)).await;
}

#[tokio::test]
async fn a_strip_stays_beside_the_picture() {
    let images = vec![
        image("ekaki-12-1.png", &noise(8)),
        image("ekaki-12-2.png", &noise(16)),
    ];
    let fitted = fitted(images, false, room(1 << 20)).await;
    assert_eq!(names(&fitted), ["ekaki-12-1.png", "ekaki-12-2.png"]);
    assert_eq!(fitted.shown.as_deref(), Some("ekaki-12-1.png"));
}

#[tokio::test]
async fn a_grid_is_no_larger_than_it_is_seen() {
    let images = (1..=4).map(|index| image(&format!("ekaki-12-{index}.png"), &gradient(1100)));
    let fitted = fitted(images.collect(), false, room(25 << 20)).await;
    let grid = decode(&fitted.files[0].bytes, &DecodeLimits::default())
        .expect("a picture")
        .rgb;
    assert_eq!(grid.dimensions(), (2048, 2048));
}

#[tokio::test]
async fn a_picture_that_was_cleared_away_is_left_out() {
    let mut gone = image("ekaki-12-1.png", &noise(8));
    gone.content = ImageContent::Stored {
        hash: "00".to_owned(),
        path: "/nowhere/00.png".into(),
    };
    let fitted = fitted(vec![gone], false, room(1 << 20)).await;
    assert_eq!((fitted.files.len(), fitted.left_out.len()), (0, 0));
}

#[test]
fn there_is_half_as_much_room_until_there_is_none() {
    let mut room = Room::of(10 << 20);
    let mut tries = 0;
    while let Some(half) = room.halved() {
        (room, tries) = (half, tries + 1);
    }
    assert!((5..10).contains(&tries), "{tries}");
    assert_eq!(Room::of(100 << 20).file_bytes, MAX_REQUEST_BYTES);
}
