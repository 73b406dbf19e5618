//! The page in a real browser.

use fantoccini::key::Key;
use serde_json::json;

use crate::support::{Browser, BrowserSettings, Program};

/// Nothing of the page sticks out to the side.
const FITS: &str = "return document.documentElement.scrollWidth <= innerWidth
    && document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth";

/// The picture of the last message is loaded and shown.
const IS_SHOWN: &str = "const picture = [...document.querySelectorAll('.result')].pop();
    return Boolean(picture?.complete && picture.naturalWidth > 0 && getComputedStyle(picture).opacity === '1')";

#[tokio::test]
async fn a_picture_appears_out_of_noise() {
    let service = Program::new().with("EKAKI__QUEUE__CONCURRENCY", "1").serve();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.visit(&service.address).await;
    browser.run("return document.fonts.ready.then(() => true)").await;
    browser.find("#welcome .welcome-seal").await;
    browser
        .wait_until("return document.getAnimations().every((each) => each.playState === 'finished')")
        .await;
    browser.screenshot("welcome").await;

    // Somebody else's job holds the only place, so this one has to wait.
    let other = service.client();
    other.type_command("/draw blue hair --steps 50 --size 256x256", "other");
    browser.type_command("/draw 後藤ひとり --steps 40").await;
    browser.find(".message[data-state='queued']").await;
    assert_eq!(browser.text(".message .reply").await, "Your picture is next.");
    browser.screenshot("queued").await;

    browser
        .find(".message[data-state='running'] .preview:not([hidden])")
        .await;
    browser
        .wait_until("return document.querySelector('.progress').ariaValueNow >= 10")
        .await;
    browser.screenshot("running").await;

    browser.find(".message[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    assert_eq!(browser.text(".message .reply").await, "Here is your picture.");
    assert_eq!(browser.text(".caption-prompt").await, "後藤ひとり");
    let recipe = browser.text(".recipe").await;
    assert!(recipe.contains("Steps\n40\n"), "{recipe}");
    browser
        .wait_until("return document.querySelector('.preview').hidden")
        .await;
    browser.screenshot("done").await;

    let width = browser
        .run("return document.querySelector('.result').getBoundingClientRect().width")
        .await;
    assert!(
        width.as_f64() >= Some(300.0),
        "small pictures are shown larger: {width}"
    );
    let download = browser.run("return fetch(document.querySelector('.caption .download').href)
        .then(async (answer) => [answer.status, answer.headers.get('content-type'), (await answer.bytes()).length > 1000])").await;
    assert_eq!(download, json!([200, "image/png", true]));

    browser.client.refresh().await.expect("the page loads again");
    browser
        .find(".message[data-state='done'] .caption:not([hidden])")
        .await;
    browser.wait_until(IS_SHOWN).await;
    assert_eq!(
        browser.count(".message").await,
        1,
        "the history is there after a reload"
    );
    assert_eq!(browser.text(".caption-prompt").await, "後藤ひとり");
    browser.close().await;
}

#[tokio::test]
async fn a_running_picture_goes_on_after_reload_and_restart() {
    let program = Program::new()
        .with("EKAKI__LIMITS__MAX_STEPS", "150")
        .with("EKAKI__SHUTDOWN__DRAIN_SECONDS", "0");
    let service = program.serve();
    let address = service.address.clone();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.visit(&address).await;
    browser
        .type_command("/draw 後藤ひとり --steps 150 --size 256x256")
        .await;
    browser
        .find(".message[data-state='running'] .preview:not([hidden])")
        .await;
    browser.client.refresh().await.expect("the page loads again");
    browser
        .find(".message[data-state='running'] .preview:not([hidden])")
        .await;

    service.kill();
    browser.find("#connection:not([hidden])").await;
    browser.screenshot("offline").await;
    let bind = address.trim_start_matches("http://").to_owned();
    let _service = program.with("EKAKI__WEB__BIND", &bind).serve();
    browser.find(".message[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    assert_eq!(browser.count(".message").await, 1);
    assert_eq!(browser.count("#connection:not([hidden])").await, 0);
    browser.close().await;
}

#[tokio::test]
async fn everything_works_with_the_keyboard() {
    let service = Program::new().serve();
    let browser = Browser::open(BrowserSettings {
        is_dark: true,
        ..BrowserSettings::default()
    })
    .await;
    browser.visit(&service.address).await;
    let key = |key: Key| char::from(key).to_string();
    let value = "return document.getElementById('command').value";
    let focus = "return document.activeElement.id";

    assert_eq!(browser.run(focus).await, "command", "one can type at once");
    browser.press(&key(Key::Escape)).await;
    assert_ne!(browser.run(focus).await, "command");
    browser.press("/").await;
    assert_eq!(browser.run(focus).await, "command");
    assert_eq!(browser.run(value).await, "/", "the slash begins a command");
    browser.press("help").await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".message[data-state='answered']").await;
    assert!(browser.text(".reply").await.contains("/draw"));
    browser.screenshot("help-dark").await;

    let line_break = format!(
        "{}{}{}",
        char::from(Key::Shift),
        char::from(Key::Enter),
        char::from(Key::Null)
    );
    browser.press("two").await;
    browser.press(&line_break).await;
    browser.press("lines").await;
    assert_eq!(browser.run(value).await, "two\nlines");
    for _ in 0.."two\nlines".len() {
        browser.press(&key(Key::Backspace)).await;
    }
    browser.press("/draw red hair --steps 4 --seed 3").await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".message[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    browser.press(&key(Key::Up)).await;
    assert_eq!(browser.run(value).await, "/draw red hair --steps 4 --seed 3");
    browser.press(&key(Key::Up)).await;
    assert_eq!(browser.run(value).await, "/help");
    browser.press(&key(Key::Down)).await;
    browser.press(&key(Key::Down)).await;
    assert_eq!(browser.run(value).await, "", "back at the draft");

    browser
        .run("document.querySelector('[data-state=done] .copy').focus()")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser
        .wait_until("return document.querySelector('[data-state=done] .copy').textContent === 'Copied'")
        .await;
    browser
        .find("#command")
        .await
        .click()
        .await
        .expect("the composer can be clicked");
    browser
        .press(&format!("{}v{}", char::from(Key::Control), char::from(Key::Null)))
        .await;
    let recipe = browser.run(value).await.as_str().unwrap_or_default().to_owned();
    assert!(
        recipe.starts_with("red hair\nSteps: 4, Sampler: DDIM, "),
        "{recipe}"
    );
    assert!(recipe.contains(", Seed: 3, Size: 128x128, "), "{recipe}");

    browser
        .run("document.querySelector('[data-state=done] [data-action=again]').focus()")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".message:nth-of-type(3)[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    browser.screenshot("done-dark").await;
    browser.close().await;
}

#[tokio::test]
async fn a_japanese_phone() {
    let service = Program::new().serve();
    let settings = BrowserSettings {
        language: "ja",
        is_phone: true,
        ..BrowserSettings::default()
    };
    let browser = Browser::open(settings).await;
    browser.visit(&service.address).await;
    assert_eq!(browser.run("return document.documentElement.lang").await, "ja");
    assert_eq!(browser.text("#welcome h2").await, "何を描きましょうか？");
    assert_eq!(browser.run(FITS).await, true);
    browser
        .wait_until("return document.getAnimations().every((each) => each.playState === 'finished')")
        .await;
    browser.screenshot("welcome-phone-ja").await;

    browser
        .find("[data-example='/draw 後藤ひとり']")
        .await
        .click()
        .await
        .expect("an example can be chosen");
    browser.find(".message[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    assert_eq!(browser.text(".reply").await, "絵ができました。");
    assert!(browser.text(".recipe").await.starts_with("シード"));
    assert_eq!(browser.run(FITS).await, true);
    browser.screenshot("done-phone-ja").await;

    browser.type_command("ことば--無い 1").await;
    browser
        .type_command(&format!("/draw 緑の髪 --count 2 --steps 4 {}", "長い".repeat(60)))
        .await;
    browser.find(".message:nth-of-type(3)[data-state='done']").await;
    assert_eq!(browser.run(FITS).await, true);
    browser.wait_until(IS_SHOWN).await;
    browser
        .wait_until("return document.getAnimations().every((each) => each.playState === 'finished')")
        .await;
    browser.screenshot("many-phone-ja").await;
    browser.close().await;
}

#[tokio::test]
async fn a_token_opens_the_door() {
    let service = Program::new().with("EKAKI__WEB__TOKEN", "correct horse").serve();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser
        .client
        .goto(&service.address)
        .await
        .expect("the page loads");
    browser
        .find("#token")
        .await
        .send_keys(&format!("wrong{}", char::from(Key::Enter)))
        .await
        .expect("a field");
    browser.find(".problem:not(:empty)").await;
    browser.screenshot("login").await;
    let token = format!("correct horse{}", char::from(Key::Enter));
    browser
        .find("#token")
        .await
        .send_keys(&token)
        .await
        .expect("a field");
    browser.find("#welcome:not([hidden])").await;
    browser.close().await;
}

#[tokio::test]
async fn what_was_drawn_before_is_a_scroll_away() {
    let service = Program::new().with("EKAKI__LIMITS__QUEUED", "100").serve();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.visit(&service.address).await;
    let send_all = "const { sendCommand } = await import('/assets/api.js');
        for (let i = 1; i <= 45; i += 1) await sendCommand({ text: `${i} --steps 1` }, `key-${i}`);";
    browser
        .run(&format!("return (async () => {{ {send_all} return true; }})()"))
        .await;
    browser
        .wait_until("return document.querySelectorAll('[data-state=done]').length === 45")
        .await;

    browser.client.refresh().await.expect("the page loads again");
    browser.find(".message").await;
    let numbers =
        "return [...document.querySelectorAll('.command-text')].map((text) => parseInt(text.textContent))";
    let expected = |range: std::ops::RangeInclusive<i32>| json!(range.collect::<Vec<_>>());
    assert_eq!(browser.run(numbers).await, expected(26..=45));
    let is_at_bottom = "const { scrollHeight, scrollTop, clientHeight } = document.getElementById('scroll');
        return scrollHeight - scrollTop - clientHeight < 2";
    browser.wait_until(is_at_bottom).await;

    // What one looks at stays where it is when older messages appear above it.
    let top = "return document.querySelector('[data-job=\"26\"]').getBoundingClientRect().top";
    browser
        .run("document.getElementById('scroll').scrollTop = 200")
        .await;
    let before = browser.run(top).await.as_f64().expect("a number");
    browser
        .wait_until("return document.querySelectorAll('.message').length === 40")
        .await;
    let after = browser.run(top).await.as_f64().expect("a number");
    assert!((before - after).abs() < 2.0, "it moved from {before} to {after}");

    browser.run("document.getElementById('earlier').click()").await;
    browser
        .wait_until("return document.querySelectorAll('.message').length === 45")
        .await;
    assert_eq!(browser.run(numbers).await, expected(1..=45));
    assert_eq!(browser.count("#earlier:not([hidden])").await, 0, "that was all");
    browser
        .find("#jump")
        .await
        .click()
        .await
        .expect("there is a way back to the newest");
    browser.wait_until(is_at_bottom).await;
    browser.screenshot("history").await;
    browser.close().await;
}
