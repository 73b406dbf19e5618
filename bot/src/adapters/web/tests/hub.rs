//! The memory of what is happening now is bounded.

use chrono::Utc;

use super::*;
use crate::adapters::web::hub::Hub;
use crate::adapters::web::responder::WebAddress;
use crate::adapters::web::view::MessageView;

fn message(id: usize) -> MessageView {
    let address = WebAddress {
        user: "someone".to_owned(),
        message: id.to_string(),
        text: "/draw".to_owned(),
    };
    MessageView::pending(&address, Utc::now())
}

#[tokio::test]
async fn a_page_that_does_not_read_is_cut_off() {
    let hub = Arc::new(Hub::default());
    let mut slow = hub.subscribe("someone");
    let mut fast = hub.subscribe("someone");
    for id in 0..1000 {
        hub.publish("someone", message(id));
        assert_eq!(fast.next().await.unwrap().id, id.to_string());
    }
    let mut read = 0;
    while slow.next().await.is_some() {
        read += 1;
    }
    assert_eq!(read, 64);
    assert!(hub.is_watched("someone"), "the fast page stays");
}

#[test]
fn nothing_is_kept_of_a_person_who_left() {
    let hub = Arc::new(Hub::default());
    let page = hub.subscribe("someone");
    hub.begin("someone", message(1));
    assert!(hub.is_watched("someone"));
    drop(page);
    assert!(!hub.is_watched("someone"));
    assert!(!hub.is_empty(), "the exchange goes on");
    hub.finish("someone", &message(1));
    assert!(hub.is_empty());
}
