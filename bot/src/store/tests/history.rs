//! Jobs are found again.

use super::*;

async fn found(store: &Store, query: &HistoryQuery) -> Vec<i64> {
    let page = store.jobs().search(query).await.expect("read");
    page.jobs.into_iter().map(|row| row.id.0).collect()
}

async fn prompts(store: &Store, prompts: &[(&str, &str)]) {
    for (typed, used) in prompts {
        let mut new = new_job("a");
        new.prompt_typed = (*typed).into();
        new.draw.prompt = (*used).into();
        insert(store, new).await;
    }
    insert(store, new_job("b")).await;
}

#[tokio::test]
async fn a_search_compares_letters_and_not_how_they_are_written() {
    let (_dir, store) = open().await;
    prompts(
        &store,
        &[
            ("後藤ひとり", "gotoh hitori, bocchi"),
            ("ÉCLAIR 100%", "éclair 100%"),
            ("ｶﾞﾝﾀﾞﾑ", "gundam"),
        ],
    )
    .await;
    for (text, expected) in [
        ("藤", vec![1]),
        ("HITORI", vec![1]),
        ("ｇｏｔｏｈ", vec![1]),
        ("éclair", vec![2]),
        ("0%", vec![2]),
        ("ガンダム", vec![3]),
        ("_", vec![]),
        ("", vec![3, 2, 1]),
    ] {
        assert_eq!(found(&store, &history(text)).await, expected, "{text}");
    }
}

#[tokio::test]
async fn a_search_is_paged_and_leaves_deleted_jobs_out() {
    let (_dir, store) = open().await;
    prompts(
        &store,
        &[("cat", ""), ("dog", ""), ("cat", ""), ("cat", ""), ("cat", "")],
    )
    .await;
    store.jobs().delete_images(JobId(4), *NOW).await.expect("deleted");
    let page = |before: i64| HistoryQuery {
        before: Some(JobId(before)),
        limit: 2,
        ..history("cat")
    };
    let check = async |before: i64, depth: u32, expected: &[i64], older: Option<i64>| {
        let found = store.jobs().search_within(&page(before), depth).await;
        let found = found.expect("read");
        let jobs: Vec<i64> = found.jobs.iter().map(|job| job.id.0).collect();
        assert_eq!(
            (jobs, found.older),
            (expected.to_vec(), older.map(JobId)),
            "{before} {depth}"
        );
    };
    check(i64::MAX, 9, &[5, 3], Some(3)).await;
    check(3, 9, &[1], None).await;
    check(1, 9, &[], None).await;
    // Only so many jobs are looked at, and then it goes on from there.
    check(i64::MAX, 2, &[5], Some(4)).await;
    check(4, 2, &[3], Some(2)).await;
    check(2, 2, &[1], None).await;
    check(3, 1, &[], Some(2)).await;
    check(i64::MAX, 5, &[5, 3], Some(3)).await;
}

#[tokio::test]
async fn a_search_is_kept_for_buttons() {
    let (_dir, store) = open().await;
    let users = store.users();
    let keep = async |id: &str, text: &str| users.keep_search(&user(id), text).await.expect("written");
    let (cat, dog) = (keep("a", "cat").await, keep("a", "dog").await);
    let foreign = keep("b", "cat").await;
    assert_eq!((cat, dog, foreign), (SearchId(1), SearchId(2), SearchId(3)));
    assert_eq!(keep("a", "cat").await, cat, "it is the same search");
    let read = async |id: &str, search| users.search_text(&user(id), search).await.expect("read");
    assert_eq!(read("a", cat).await.as_deref(), Some("cat"));
    assert_eq!(read("b", cat).await, None, "it is not theirs");
    users.forget(&user("a"), *NOW).await.expect("forgotten");
    assert_eq!(read("a", cat).await, None);
    assert_eq!(read("b", foreign).await.as_deref(), Some("cat"));
}

#[tokio::test]
async fn only_so_many_searches_of_one_person_are_kept() {
    let (_dir, store) = open().await;
    let users = store.users();
    let keep = async |id: &str, text: &str| users.keep_search(&user(id), text).await.expect("written");
    let foreign = keep("b", "cat").await;
    let mut kept = Vec::new();
    for number in 0..52 {
        kept.push(keep("a", &number.to_string()).await);
    }
    let mut known = 0;
    for search in &kept {
        let text = users.search_text(&user("a"), *search).await.expect("read");
        known += u32::from(text.is_some());
    }
    assert_eq!(known, 50);
    let read = async |id: &str, search| users.search_text(&user(id), search).await.expect("read");
    assert_eq!(read("a", kept[1]).await, None);
    assert_eq!(read("a", kept[2]).await.as_deref(), Some("2"));
    assert_eq!(read("a", kept[51]).await.as_deref(), Some("51"));
    assert_eq!(read("b", foreign).await.as_deref(), Some("cat"));
}

#[tokio::test]
async fn the_log_is_exported_page_by_page() {
    let (_dir, store) = open().await;
    for (id, minute) in [("a", 0), ("b", 1), ("a", 2), ("a", 3)] {
        let new = NewJob {
            now: minutes(minute),
            ..new_job(id)
        };
        insert(&store, new).await;
    }
    lease(&store, minutes(4)).await.expect("a job");
    let check = async |query: JobsQuery, expected: &[i64]| {
        let query = JobsQuery { limit: 2, ..query };
        let rows = store.jobs().export(&query).await.expect("read");
        assert_eq!(
            rows.iter().map(|row| row.id.0).collect::<Vec<_>>(),
            expected,
            "{query:?}"
        );
    };
    let all = JobsQuery::default();
    check(all.clone(), &[4, 3]).await;
    check(
        JobsQuery {
            before: Some(JobId(3)),
            ..all.clone()
        },
        &[2, 1],
    )
    .await;
    check(
        JobsQuery {
            user: Some(user("b")),
            ..all.clone()
        },
        &[2],
    )
    .await;
    check(
        JobsQuery {
            state: Some(JobState::Running),
            ..all.clone()
        },
        &[1],
    )
    .await;
    check(
        JobsQuery {
            since: Some(minutes(3)),
            ..all.clone()
        },
        &[4],
    )
    .await;
    let one = JobsQuery {
        user: Some(user("a")),
        state: Some(JobState::Queued),
        since: Some(minutes(1)),
        before: Some(JobId(4)),
        limit: 0,
    };
    check(one, &[3]).await;
}

#[tokio::test]
async fn the_place_of_an_answer_can_change() {
    let (_dir, store) = open().await;
    let job = insert(&store, new_job("a")).await;
    let address = ReplyAddress(json!({"message": 8}));
    store
        .jobs()
        .set_reply_address(job, &address)
        .await
        .expect("written");
    let row = store.jobs().get(job).await.expect("read").expect("there");
    assert_eq!(row.reply_address, address);
}
