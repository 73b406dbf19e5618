use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::adapters::Deps;
use crate::adapters::discord::rest::Rest;
use crate::adapters::discord::rest::tests::server::Server;
use crate::i18n::Locale;
use crate::metrics::Metrics;
use crate::queue::Clock;
use crate::store::Store;

fn check(url: &str, is_allowed: bool) {
    let settings = DiscordConfig {
        token: None,
        application_id: None,
        guilds: Vec::new(),
        age_restricted: false,
        api_url: "https://discord.com".to_owned(),
        cdn_url: "https://cdn.discordapp.com".to_owned(),
    };
    assert_eq!(checked(url, &settings).is_ok(), is_allowed, "{url}");
}

#[test]
fn only_the_file_servers_of_discord_are_asked() {
    check("https://cdn.discordapp.com/attachments/1/2/a.png?ex=1", true);
    check("https://media.discordapp.net/attachments/1/2/a.png", true);
    for url in [
        "http://cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com:8443/a.png",
        "https://cdn.discordapp.com.evil.example/a.png",
        "https://evil.example/cdn.discordapp.com/a.png",
        "https://cdn.discordapp.com@evil.example/a.png",
        "https://ann:secret@cdn.discordapp.com/a.png",
        "https://127.0.0.1/a.png",
        "https://[::1]/a.png",
        "http://169.254.169.254/latest/meta-data",
        "https://10.0.0.1/a.png",
        "file:///etc/passwd",
        "data:image/png;base64,AAAA",
        "",
    ] {
        check(url, false);
    }
}

#[test]
fn pictures_are_known_by_their_first_bytes() {
    assert!(is_picture(b"\x89PNG\r\n\x1a\n...."));
    assert!(is_picture(b"\xff\xd8\xff\xe0"));
    assert!(is_picture(b"RIFF....WEBPVP8 "));
    assert!(is_picture(b"GIF89a"));
    assert!(!is_picture(b"<svg xmlns="));
    assert!(!is_picture(b"RIFF....WAVE"));
    assert!(!is_picture(b""));
}

async fn read(server: &Server, path: &str, max_bytes: u64) -> Result<Vec<u8>, AttachmentError> {
    let dir: TempDir = tempfile::tempdir().expect("folder");
    let store = Store::open(dir.path()).await.expect("store");
    let settings = server.settings();
    let shared = Arc::new(Shared {
        rest: Rest::new(&settings).expect("a client"),
        settings,
        deps: Deps {
            metrics: Metrics::new(store.clone(), None),
            store,
            default_locale: Locale::EN.into(),
        },
        clock: Clock::system(),
    });
    let url = format!("{}{path}", server.url());
    CdnFile::new(&shared, url, 0).read(max_bytes).await
}

#[tokio::test]
async fn what_is_no_picture_is_not_read() {
    let server = Server::start().await;
    // The answer is JSON, whatever its head says.
    server.script(
        "GET /a.png",
        200,
        vec![("content-type", "image/png")],
        Value::from("a".repeat(50)),
        1,
    );
    let error = read(&server, "/a.png", 100).await.expect_err("no picture");
    assert!(matches!(error, AttachmentError::NotAPicture), "{error:?}");
    let error = read(&server, "/b.png", 100)
        .await
        .expect_err("says itself that it is JSON");
    assert!(matches!(error, AttachmentError::NotAPicture), "{error:?}");
}

#[tokio::test]
async fn a_file_is_not_read_further_than_allowed() {
    let server = Server::start().await;
    server.script(
        "GET /a.png",
        200,
        vec![("content-type", "image/png")],
        Value::from("a".repeat(50)),
        1,
    );
    let error = read(&server, "/a.png", 20).await.expect_err("too large");
    assert!(matches!(error, AttachmentError::TooLarge), "{error:?}");
}

#[tokio::test]
async fn nobody_is_sent_elsewhere() {
    let server = Server::start().await;
    let elsewhere = vec![("location", "http://169.254.169.254/")];
    server.script("GET /a.png", 302, elsewhere, Value::Null, 1);
    let error = read(&server, "/a.png", 100).await.expect_err("not followed");
    assert!(matches!(error, AttachmentError::Unreachable(_)), "{error:?}");
    assert_eq!(server.received().len(), 1);
}
