//! What the page offers beside the composer: buttons, history, settings, a picture to begin with.

use fantoccini::key::Key;

use crate::support::{Browser, BrowserSettings, Program};

/// The picture of the last message is loaded and shown.
const IS_SHOWN: &str = "const picture = [...document.querySelectorAll('.result')].pop();
    return Boolean(picture?.complete && picture.naturalWidth > 0 && getComputedStyle(picture).opacity === '1')";

/// Nothing of the page sticks out to the side.
const FITS: &str = "return document.documentElement.scrollWidth <= innerWidth
    && document.getElementById('scroll').scrollWidth <= document.getElementById('scroll').clientWidth";

const FOCUS: &str = "return document.activeElement.id || document.activeElement.className";

fn key(key: Key) -> String {
    char::from(key).to_string()
}

#[tokio::test]
async fn one_picture_leads_to_the_next() {
    let service = Program::new().with("EKAKI__LIMITS__PER_DAY", "20").serve();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.visit(&service.address).await;
    browser.type_command("/draw green hair --steps 4 --seed 1").await;
    browser
        .find(".message[data-state='done'] [data-action='again']")
        .await;
    browser.wait_until(IS_SHOWN).await;
    browser
        .wait_until("return document.getElementById('quota').textContent === '19 of 20 left within 24 hours'")
        .await;
    browser.check_accessibility().await;

    browser.click("[data-action='vary']").await;
    browser.find(".message:nth-of-type(2)[data-state='done']").await;
    let command = browser.text(".message:nth-of-type(2) .command").await;
    assert!(command.ends_with("/vary 1"), "{command}");

    // The form takes the focus, Escape gives it back, Enter draws.
    browser
        .run("document.querySelector('[data-action=edit]').focus()")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".inline-form textarea").await;
    browser.screenshot("edit").await;
    browser.check_accessibility().await;
    browser.press(&key(Key::Escape)).await;
    browser
        .wait_until("return document.activeElement.dataset.action === 'edit'")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".inline-form textarea").await;
    browser.press(", red eyes").await;
    browser.press(&key(Key::Enter)).await;
    browser.find(".message:nth-of-type(3)[data-state='done']").await;
    assert_eq!(
        browser.text(".message:nth-of-type(3) .caption-prompt").await,
        "green hair, red eyes"
    );

    // What takes something away asks again.
    let delete = "const button = document.querySelector('.message:nth-of-type(3) [data-action=delete]');";
    browser
        .run(&format!("{delete} button.focus(); button.click()"))
        .await;
    browser
        .wait_until(&format!(
            "{delete} return button.textContent === 'Press again to confirm'"
        ))
        .await;
    assert_eq!(browser.count(".message").await, 3);
    browser.run(&format!("{delete} button.click()")).await;
    browser
        .wait_until("return document.querySelectorAll('.message').length === 2")
        .await;
    assert_eq!(browser.run(FOCUS).await, "command", "the focus is not lost");

    browser.type_command("/draw blue hair --steps 4 --count 2").await;
    browser
        .find(".message:nth-of-type(3)[data-state='done'] .of-image [data-action='upscale']")
        .await;
    browser.wait_until(IS_SHOWN).await;
    browser.check_accessibility().await;
    browser.screenshot("several").await;
    browser.close().await;
}

#[tokio::test]
async fn a_waiting_job_is_cancelled_on_the_page() {
    let service = Program::new()
        .with("EKAKI__LIMITS__MAX_STEPS", "150")
        .with("EKAKI__QUEUE__CONCURRENCY", "1")
        .serve();
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.visit(&service.address).await;
    browser
        .type_command("/draw green hair --steps 150 --size 256x256")
        .await;
    browser
        .type_command("/draw red hair --steps 150 --size 256x256")
        .await;
    for number in [2, 1] {
        browser
            .click(&format!(".message:nth-of-type({number}) [data-action='cancel']"))
            .await;
        browser
            .find(&format!(".message:nth-of-type({number})[data-state='cancelled']"))
            .await;
    }
    browser.screenshot("cancelled").await;
    browser.close().await;
}

#[tokio::test]
async fn history_and_settings_with_the_keyboard() {
    let service = Program::new().serve();
    let dark = BrowserSettings {
        is_dark: true,
        ..BrowserSettings::default()
    };
    let browser = Browser::open(dark).await;
    browser.visit(&service.address).await;
    for (number, prompt) in [(1, "green hair"), (2, "blue hair"), (3, "green eyes")] {
        browser.type_command(&format!("/draw {prompt} --steps 4")).await;
        browser
            .find(&format!(".message:nth-of-type({number})[data-state='done']"))
            .await;
    }
    browser
        .run("document.getElementById('open-archive').focus()")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser.find("#archive[open] .found").await;
    assert_eq!(browser.count(".found").await, 3);
    browser.press("GREEN").await;
    browser
        .wait_until("return document.querySelectorAll('.found').length === 2")
        .await;
    browser
        .wait_until("return [...document.querySelectorAll('.found img')].every((image) => image.complete)")
        .await;
    browser.screenshot("archive-dark").await;
    browser.check_accessibility().await;
    // The first Escape empties the field.
    browser.press(&key(Key::Escape)).await;
    browser.press(&key(Key::Escape)).await;
    assert_eq!(browser.count("#archive[open]").await, 0);
    assert_eq!(
        browser.run(FOCUS).await,
        "open-archive",
        "the focus is where it was"
    );
    browser.press(&key(Key::Enter)).await;
    browser.find("#archive[open] .found").await;
    // The list may be made anew at any moment, so finding and clicking is one step.
    browser
        .run("document.querySelector('#archive .found').click()")
        .await;
    browser
        .wait_until("return document.activeElement.dataset.job === '3'")
        .await;

    browser
        .run("document.getElementById('open-settings').focus()")
        .await;
    browser.press(&key(Key::Enter)).await;
    browser.find("#settings[open] option[value='avatar']").await;
    browser.screenshot("settings-dark").await;
    browser.check_accessibility().await;
    // A value that is not possible any more, as when a model was removed.
    let impossible = "const { size } = document.querySelector('#settings form').elements;
        size.add(new Option('wide', 'wide', false, true)); size.form.requestSubmit()";
    browser.run(impossible).await;
    browser
        .wait_until("return document.querySelector('#settings[open] .problem').textContent.includes('wide')")
        .await;
    let choose = "const { language, size } = document.querySelector('#settings form').elements;
        size.value = 'portrait'; language.value = 'ja'; language.form.requestSubmit()";
    browser.run(choose).await;
    browser
        .wait_until("return document.documentElement.lang === 'ja'")
        .await;
    browser.find(".message[data-state='done']").await;
    browser
        .run("document.getElementById('open-settings').click()")
        .await;
    browser
        .find("#settings[open] option[value='portrait']:checked")
        .await;
    browser.check_accessibility().await;
    browser.screenshot("settings-dark-ja").await;
    browser.close().await;
}

#[tokio::test]
async fn a_picture_to_begin_with_on_a_japanese_phone() {
    let service = Program::new().with("EKAKI__LIMITS__PER_HOUR", "5").serve();
    let settings = BrowserSettings {
        language: "ja",
        is_phone: true,
        ..BrowserSettings::default()
    };
    let browser = Browser::open(settings).await;
    browser.visit(&service.address).await;
    browser.type_command("/draw 緑の髪 --steps 4").await;
    browser
        .find(".message[data-state='done'] [data-action='again']")
        .await;
    browser.wait_until(IS_SHOWN).await;
    let paste =
        "return fetch(document.querySelector('.result').src).then((answer) => answer.blob()).then((blob) => {
        const data = new DataTransfer();
        data.items.add(new File([blob], 'もとの絵.png', { type: 'image/png' }));
        const paste = new ClipboardEvent('paste', { clipboardData: data });
        document.getElementById('command').dispatchEvent(paste);
        return true;
    })";
    browser.run(paste).await;
    browser
        .find(".attached:not([hidden]) img[src^='data:image/png']")
        .await;
    browser.check_accessibility().await;
    browser.screenshot("attached-phone-ja").await;
    browser
        .type_command("/draw 青い髪 --steps 4 --strength 0.6")
        .await;
    browser.find(".message:nth-of-type(2)[data-state='done']").await;
    browser.wait_until(IS_SHOWN).await;
    assert_eq!(browser.count(".attached:not([hidden])").await, 0, "it was sent");
    browser
        .wait_until("return document.getElementById('quota').textContent === '1時間の残り 3 / 5'")
        .await;
    assert_eq!(browser.run(FITS).await, true);
    browser.screenshot("quota-phone-ja").await;
    for (opener, name) in [("open-archive", "archive"), ("open-settings", "settings")] {
        browser.click(&format!("#{opener}")).await;
        browser.find(&format!("#{name}[open] :is(.found, option)")).await;
        assert_eq!(browser.run(FITS).await, true, "{name}");
        browser.check_accessibility().await;
        browser.screenshot(&format!("{name}-phone-ja")).await;
        browser.click(&format!("#{name} .dialog-close")).await;
    }
    browser.type_command("/forgetme").await;
    browser.find("[data-action='forgetme']").await;
    browser.screenshot("forgetme-phone-ja").await;
    browser.click("[data-action='forgetme']").await;
    browser.click("[data-action='forgetme'].asking").await;
    browser
        .wait_until("return document.querySelectorAll('.message').length === 1 && document.querySelectorAll('.result.shown').length === 0")
        .await;
    browser.close().await;
}
