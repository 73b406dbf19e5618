//! Files in both directions: what is too large is made to fit, and what is fetched is looked at first.

use std::io::Cursor;

use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::Tester;
use super::commands::png;
use super::standin::{Serving, Settings, Upload, World};

/// The files that the newest message has, with the kinds that they are.
fn files(world: &World) -> Vec<(String, Vec<u8>)> {
    let message = world.messages.values().next_back().expect("a message");
    let ids = message
        .attachments
        .iter()
        .filter_map(|attachment| attachment["id"].as_str());
    let files = ids.filter_map(|id| world.files.get(id));
    files
        .map(|file| (file.name.clone(), file.bytes.clone()))
        .collect()
}

/// Draws noise, which cannot be packed, where files may have so many bytes. Returns the message and the files.
async fn noise(max_bytes: u64, count: u32) -> (String, Vec<(String, Vec<u8>)>) {
    let settings = Settings {
        max_upload_bytes: max_bytes,
        ..Settings::default()
    };
    let tester = Tester::start_with(settings, "").await;
    let options = [("prompt", "noise".into()), ("count", count.into())];
    let asked = tester.ann().slash("draw", options).await;
    tester.painter.draw();
    let text = tester.ended(&asked).await;
    let files = tester.discord.change(|world| files(world));
    for (name, bytes) in &files {
        assert!(
            bytes.len() as u64 <= max_bytes,
            "{name} has {} bytes",
            bytes.len()
        );
    }
    tester.stop().await;
    (text, files)
}

#[tokio::test]
async fn a_picture_that_just_fits_is_sent_as_it_is() {
    let (_, files) = noise(10 << 20, 1).await;
    let [(name, original)] = files.as_slice() else {
        panic!("{} files", files.len())
    };
    assert_eq!(name, "ekaki-1-1.png");
    let size = original.len() as u64;
    let (_, files) = noise(size, 1).await;
    assert_eq!(&files[0].1, original, "byte for byte");
    let text = String::from_utf8_lossy(original).into_owned();
    assert!(
        text.contains("parameters") && text.contains("Seed: 4711"),
        "the recipe is in the file"
    );

    let (message, files) = noise(size - 1, 1).await;
    insta::assert_snapshot!(message, @"
    | Here is your picture.
    | The file of the picture is larger than Discord takes here, so it was saved in a smaller form.
    | Prompt: noise
    | [picture ekaki-1-1.jpg 128x128]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [💾 Original] [🗑️ Delete]
    ");
    assert_ne!(&files[0].1, original);
}

#[tokio::test]
async fn a_picture_that_is_far_too_large_loses_quality() {
    let (message, files) = noise(20_000, 1).await;
    insta::assert_snapshot!(message, @"
    | Here is your picture.
    | The file of the picture is larger than Discord takes here, so it was saved in a smaller form.
    | Prompt: noise
    | [picture ekaki-1-1.jpg 128x128]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [💾 Original] [🗑️ Delete]
    ");
    let picture = image::load_from_memory(&files[0].1).expect("a picture");
    assert_eq!((picture.width(), picture.height()), (128, 128));
}

#[tokio::test]
async fn the_original_of_a_picture_is_a_file() {
    let tester = Tester::start().await;
    let ann = tester.ann();
    tester.draw(&ann, "noise").await;
    let asked = ann.slash("original", [("job", "1".into())]).await;
    let message = asked.message(|_| true).await;
    assert!(message.embeds.is_empty(), "a file, not something to look at");
    tester.stop().await;
}

/// Gives a file as a source, and returns what the person reads.
async fn source(upload: impl FnOnce(&Tester) -> Upload) -> String {
    let tester = Tester::start().await;
    let file = upload(&tester);
    let options = [
        ("prompt", "cat".into()),
        ("source", super::standin::Given::File(file)),
    ];
    let asked = tester.ann().slash("draw", options).await;
    tester.painter.draw();
    let read = asked.reads("").await;
    tester.stop().await;
    read
}

#[tokio::test]
async fn a_source_that_is_a_picture() {
    let tester = Tester::start().await;
    let file = Upload::new("in.png", png(64, 64));
    let options = [
        ("prompt", "cat".into()),
        ("source", super::standin::Given::File(file)),
    ];
    let asked = tester.ann().slash("draw", options).await;
    tester.painter.draw();
    insta::assert_snapshot!(tester.ended(&asked).await, @"
    | Here is your picture.
    | Prompt: cat
    | [picture ekaki-1-1.png 128x128]
    | Job 1 · Seed 4711 · 2 steps · guidance 3 · 128x128 · DDIM · avatar
    [🔄 Again] [🤏 Vary] [⬆️ Larger] [✏️ Edit]
    [📋 Recipe] [🗑️ Delete]
    ");
    tester.stop().await;
}

#[tokio::test]
async fn a_source_that_is_no_picture() {
    insta::assert_snapshot!(source(|_| Upload::new("in.png", b"not a picture".to_vec())).await, @"The file is no picture of a known type. PNG, JPEG, WebP and GIF can be read.");
}

#[tokio::test]
async fn a_source_that_is_gone() {
    let upload = |_: &Tester| Upload {
        serving: Serving::Gone,
        ..Upload::new("in.png", png(64, 64))
    };
    insta::assert_snapshot!(source(upload).await, @"The file could not be fetched. Please send it again.");
}

#[tokio::test]
async fn a_source_without_end() {
    let upload = |_: &Tester| Upload {
        serving: Serving::Endless,
        ..Upload::new("in.png", png(64, 64))
    };
    insta::assert_snapshot!(source(upload).await, @"The file is too large; at most 20 MiB are possible.");
}

#[tokio::test]
async fn a_source_that_says_it_is_too_large() {
    let upload = |_: &Tester| Upload {
        told_bytes: Some(1 << 40),
        ..Upload::new("in.png", png(64, 64))
    };
    insta::assert_snapshot!(source(upload).await, @"The file is too large; at most 20 MiB are possible.");
}

#[tokio::test]
async fn a_picture_of_monstrous_size_is_not_decoded() {
    let mut file = Cursor::new(png(8, 8)).into_inner();
    // Width and height, behind the signature and the name of the first part.
    file[16..24].copy_from_slice(&[0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF]);
    insta::assert_snapshot!(source(|_| Upload::new("bomb.png", file)).await, @"The picture is damaged or cut off.");
}

/// Whoever is asked there has been tricked.
async fn trap() -> (String, tokio::task::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let sprung = tokio::spawn(async move {
        if let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream
                .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                .await;
        }
    });
    (format!("http://{address}/secret.png"), sprung)
}

#[tokio::test]
async fn no_other_server_is_asked_for_a_source() {
    let (address, sprung) = trap().await;
    let read = source(|_| Upload {
        url: Some(address.clone()),
        ..Upload::new("in.png", png(64, 64))
    });
    insta::assert_snapshot!(read.await, @"The file could not be fetched. Please send it again.");
    assert!(!sprung.is_finished(), "nobody was there");

    let (address, sprung) = trap().await;
    let read = source(|_| Upload {
        serving: Serving::Redirect(address),
        ..Upload::new("in.png", png(64, 64))
    });
    insta::assert_snapshot!(read.await, @"The file could not be fetched. Please send it again.");
    assert!(!sprung.is_finished(), "nobody was there");

    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://localhost/in.png",
        "file:///etc/passwd",
        "https://cdn.discordapp.com.example.org/in.png",
        "https://cdn.discordapp.com@example.org/in.png",
        "not an address",
    ] {
        let read = source(|_| Upload {
            url: Some(url.to_owned()),
            ..Upload::new("in.png", png(64, 64))
        });
        assert!(!read.await.contains(super::AGAIN), "{url}");
    }
}
