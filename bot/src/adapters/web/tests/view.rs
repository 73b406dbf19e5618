//! What the page gets to know of pictures that are not simply shown.

use insta::assert_snapshot;

use super::*;
use crate::adapters::web::view::MessageView;
use crate::chat::{ImageContent, Reply, ReplyImage, final_reply};
use crate::safety::SafetyAction;
use crate::store::{ImageKind, JobId};

fn images(view: &MessageView) -> String {
    let view = serde_json::to_value(view).unwrap();
    let images = view["images"].as_array().unwrap().iter();
    let images = images.map(|image| {
        format!(
            "{} {} {} spoiler: {}",
            image["file_name"].as_str().unwrap(),
            image["kind"].as_str().unwrap(),
            image["url"].as_str().unwrap_or("gone"),
            image["is_spoiler"]
        )
    });
    images.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn covered_moving_and_missing_pictures() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    let mut events = person.events().await;
    tester.finish();
    person.type_command("green hair --count 3 --seed 7", "a").await;
    events.end().await;
    let mut job = tester.store.jobs().get(JobId(1)).await.unwrap().unwrap();
    job.images[0].safety = SafetyAction::Spoiler;
    job.images[1].is_gone = true;
    job.images[2].kind = ImageKind::Animation;
    let view = MessageView::of_ended(&job, &final_reply(&job, &tester.store));
    assert_snapshot!(images(&view), @"
    ekaki-1-1.png picture /api/images/1/0 spoiler: true
    ekaki-1-2.png picture gone spoiler: false
    ekaki-1-3.webp animation /api/images/1/2 spoiler: false
    ");
}

#[tokio::test]
async fn a_picture_of_an_answer_travels_with_it() {
    let tester = Tester::new().await;
    let person = tester.person().await;
    person.type_command("green hair", "a").await;
    let job = tester.store.jobs().get(JobId(1)).await.unwrap().unwrap();
    let image = ReplyImage {
        content: ImageContent::Bytes(b"\x89PNG"[..].into()),
        is_spoiler: false,
        file_name: "chart.png".to_owned(),
        seed: 0,
        width: 1,
        height: 1,
        bytes: 4,
    };
    let reply = Reply {
        images: vec![image],
        ..Reply::text("The last 30 days.")
    };
    let view = MessageView::of_ended(&job, &reply);
    let first = images(&view);
    assert_snapshot!(first, @"chart.png picture data:image/png;base64,iVBORw== spoiler: false");
}
