//! What was offered to people.

use super::*;

fn offer(id: &str, user: &str) -> Offer {
    Offer {
        platform: Platform::new("telegram"),
        id: id.to_owned(),
        user: user.to_owned(),
        prompt: "a cat".to_owned(),
    }
}

async fn known(store: &Store, id: &str) -> Option<Offer> {
    let platform = Platform::new("telegram");
    store.offers().get(&platform, id, *NOW).await.expect("read")
}

#[tokio::test]
async fn an_offer_is_kept_for_a_week() {
    let (_dir, store) = open().await;
    let keep = async |id: &str, now| store.offers().keep(offer(id, "a"), now).await.expect("written");
    keep("1", *NOW).await;
    keep("2", *NOW + TimeDelta::days(6)).await;
    assert_eq!(known(&store, "1").await, Some(offer("1", "a")));
    let later = *NOW + TimeDelta::days(8);
    let platform = Platform::new("telegram");
    let found = store.offers().get(&platform, "1", later).await.expect("read");
    assert_eq!(
        found, None,
        "it is not offered any more, although it is still there"
    );
    keep("3", later).await;
    assert_eq!(known(&store, "1").await, None);
    assert_eq!(known(&store, "2").await, Some(offer("2", "a")));
}

#[tokio::test]
async fn only_so_many_offers_of_one_person_are_kept() {
    let (_dir, store) = open().await;
    let keep = async |id: &str, user: &str, now| {
        let kept = store.offers().keep(offer(id, user), now).await;
        kept.expect("written");
    };
    keep("other", "b", *NOW).await;
    for minute in 0..52 {
        keep(&minute.to_string(), "a", minutes(minute)).await;
    }
    for (id, is_known) in [
        ("0", false),
        ("1", false),
        ("2", true),
        ("51", true),
        ("other", true),
    ] {
        assert_eq!(known(&store, id).await.is_some(), is_known, "{id}");
    }
    // A clock that was set back.
    keep("late", "a", minutes(-1)).await;
    assert!(known(&store, "late").await.is_some());
    assert!(known(&store, "2").await.is_none());
}

#[tokio::test]
async fn an_offer_is_forgotten_with_the_person() {
    let (_dir, store) = open().await;
    for (id, user) in [("1", "a"), ("2", "b")] {
        store.offers().keep(offer(id, user), *NOW).await.expect("written");
    }
    let person = UserId {
        platform: Platform::new("telegram"),
        id: "a".to_owned(),
    };
    store.users().forget(&person, *NOW).await.expect("forgotten");
    assert_eq!(known(&store, "1").await, None);
    assert_eq!(known(&store, "2").await, Some(offer("2", "b")));
}
