//! The way back to one command, without the rest of the bot.

use inference::RgbImage;
use inference::images::encode_png;

use super::standin::Person;
use super::*;
use crate::adapters::telegram::address::TelegramAddress;
use crate::chat::{
    ChatAdapter as _, ImageContent, JobReply, JobUpdate, JobUpdateState, Reply, ReplyImage, Responder,
    SendError,
};
use crate::store::JobOutcome;

/// A conversation with somebody, in which a job is told of.
struct Way {
    telegram: Telegram,
    kita: Person,
    responder: Arc<dyn Responder>,
    _dir: TempDir,
}

impl Way {
    async fn new() -> Self {
        let telegram = Telegram::start(Settings::default()).await;
        let dir = tempfile::tempdir().expect("a folder");
        let config = config_in(dir.path(), &telegram, "")().expect("the settings are valid");
        let store = open(dir.path()).await;
        let deps = Deps {
            metrics: Metrics::new(store.clone(), None),
            store,
            default_locale: Locale::EN.into(),
        };
        let adapter = TelegramAdapter::with_limits(&config.telegram, deps, NO_LIMITS);
        let adapter = adapter
            .expect("the settings are usable")
            .expect("there is a token");
        let kita = telegram.person("kita", "en");
        let address = TelegramAddress::in_chat(kita.id, kita.id, None).in_language(Locale::EN);
        let responder = adapter.responder(&address.write()).expect("an address");
        Self {
            telegram,
            kita,
            responder,
            _dir: dir,
        }
    }
}

fn news(step: u32) -> JobUpdate {
    JobUpdate {
        job: JobId(1),
        text: format!("Drawing, step {step} of 9."),
        state: JobUpdateState::Running {
            step,
            num_inference_steps: 9,
            preview: None,
        },
        buttons: Vec::new(),
        is_private: false,
        nonce: "ekaki-1".to_owned(),
    }
}

#[tokio::test]
async fn the_number_of_a_message_is_told_although_nobody_has_waited_for_it() {
    let way = Way::new().await;
    way.telegram.fail(Fault {
        method: "sendMessage",
        kind: FaultKind::Late,
        times: 1,
    });
    tokio::select! {
        _ = way.responder.update(news(1)) => panic!("Telegram has not answered"),
        () = way.telegram.has_called("sendMessage", 1) => {}
    }
    way.telegram.answers();
    let sent = way.responder.update(news(2)).await.expect("the news are told");
    let address = sent.address.expect("the address is another one");
    assert_eq!(address.0["message"], 1);
    let sent = way.responder.update(news(3)).await.expect("the news are told");
    assert_eq!(sent.address, None);
}

#[tokio::test]
async fn who_blocks_the_bot_is_tried_once() {
    let way = Way::new().await;
    way.responder.update(news(1)).await.expect("the news are told");
    way.telegram.change_chat(way.kita.id, |chat| {
        chat.closed = Some("Forbidden: bot was blocked by the user");
    });
    let told = way.responder.update(news(2)).await;
    assert!(matches!(told, Err(SendError::Gone { .. })), "{told:?}");
    let calls = way.telegram.calls().len();
    let sent = way
        .responder
        .update(news(3))
        .await
        .expect("there is nothing to do");
    let address = sent.address.expect("the address is another one");
    assert_eq!(address.0["is_unwatched"], true);
    assert_eq!(way.telegram.calls().len(), calls);
}

#[tokio::test]
async fn what_is_added_to_a_reply_is_in_its_language() {
    let way = Way::new().await;
    let png = encode_png(&RgbImage::new(8, 8), None).expect("a picture");
    let image = ReplyImage {
        bytes: png.len() as u64,
        content: ImageContent::Bytes(png.into()),
        is_spoiler: false,
        file_name: "ekaki-1-1.png".to_owned(),
        seed: 1,
        width: 8,
        height: 8,
    };
    let reply = Reply {
        locale: Some(Locale::JA),
        images: vec![image],
        job: Some(JobReply {
            id: JobId(1),
            outcome: JobOutcome::Done,
            recipe: None,
        }),
        ..Reply::text("絵ができました。")
    };
    way.responder.finish(reply).await.expect("the answer is given");
    insta::assert_snapshot!(way.telegram.view(way.kita.id), @"
    #1 ekaki: <photo 8x8> 絵ができました。
       [💾 元のファイル]
    ");
}
