//! The admin page in a real browser.

use fantoccini::key::Key;

use crate::support::{Browser, BrowserSettings, Program, Service};

const TOKEN: &str = "battery staple";

/// Nothing of the page sticks out to the side.
const FITS: &str = "return document.documentElement.scrollWidth <= innerWidth";

fn service() -> Service {
    Program::new()
        .with("EKAKI__WEB__ADMIN_TOKEN", TOKEN)
        .with("EKAKI__LIMITS__MAX_STEPS", "150")
        .with("EKAKI__QUEUE__CONCURRENCY", "1")
        .with("EKAKI__WORDS__FORBIDDEN", "gore")
        .serve()
}

impl Browser {
    async fn log_in(&self, service: &Service) {
        let address = format!("{}/admin", service.address);
        self.client.goto(&address).await.expect("the page loads");
        let token = format!("{TOKEN}{}", char::from(Key::Enter));
        let field = self.find("#token").await;
        field.send_keys(&token).await.expect("a field");
        self.find("#queue:not([hidden]) [aria-pressed='true']").await;
    }

    async fn open_section(&self, name: &str) {
        self.click(&format!(".tabs a[href='#{name}']")).await;
        self.find(&format!("#{name}:not([hidden])")).await;
    }

    /// Every section, as a picture and checked.
    async fn visit_sections(&self, suffix: &str) {
        for name in ["queue", "people", "limits", "words", "stats", "audit"] {
            self.open_section(name).await;
            self.wait_until(&format!(
                "return [...document.querySelectorAll('#{name} .table')].every((table) => table.dataset.rows)"
            ))
            .await;
            assert_eq!(self.run(FITS).await, true, "{name}");
            self.check_accessibility().await;
            self.screenshot(&format!("admin-{name}{suffix}")).await;
        }
    }
}

#[tokio::test]
async fn an_admin_at_the_desk() {
    let service = service();
    let drawn = service.client();
    drawn.draw("/draw green hair --steps 2", "a");
    drawn.type_command("/draw green hair --steps 150 --size 256x256", "b");
    drawn.type_command("/draw blue hair --steps 150 --size 256x256", "c");
    let browser = Browser::open(BrowserSettings::default()).await;
    browser.log_in(&service).await;
    browser.find("[data-table='waiting'] td").await;
    browser.screenshot("admin-queue-live").await;

    browser.click("[data-mode='paused']").await;
    browser.find("[data-mode='paused'][aria-pressed='true']").await;
    browser.click("[data-mode='open']").await;
    browser.find("[data-mode='open'][aria-pressed='true']").await;

    browser.open_section("words").await;
    browser
        .run("document.querySelector('#words [name=rule]').focus()")
        .await;
    browser.press(&format!("brick{}", char::from(Key::Enter))).await;
    browser
        .wait_until("return document.querySelector('[data-table=words] code')?.textContent === 'brick'")
        .await;
    let rows = "return [...document.querySelectorAll('[data-table=words] tbody tr')]
        .map((row) => [...row.cells].slice(1, 4).map((cell) => cell.innerText).join(' · ')).join('\\n')";
    assert_eq!(
        browser.run(rows).await,
        "brick · everywhere · an admin\ngore · everywhere · the settings file"
    );
    let buttons = "return document.querySelectorAll('[data-table=words] button').length";
    assert_eq!(
        browser.run(buttons).await,
        1,
        "only what an admin has added can be removed"
    );
    let refused = drawn.type_command("/draw a brick wall", "d");
    assert_eq!(refused["state"], "answered", "{refused}");

    browser.open_section("limits").await;
    browser
        .run(
            "const form = document.querySelector('#limits form').elements;
            form.platform.value = 'web'; form.per_day.value = 2; form.per_day.form.requestSubmit()",
        )
        .await;
    browser
        .wait_until(
            "return document.querySelector('[data-table=limits] code')?.textContent === 'platform=web'",
        )
        .await;
    let refused = drawn.type_command("/draw one more", "e");
    assert_eq!(refused["state"], "answered", "{refused}");
    browser.click("[data-table='limits'] [data-action='edit']").await;
    assert_eq!(
        browser
            .run("return document.querySelector('#limits [name=per_day]').value")
            .await,
        "2"
    );

    browser.open_section("people").await;
    browser.click("[data-table='active'] [data-action='edit']").await;
    browser
        .run(
            "const form = document.querySelector('#people form').elements;
            form.reason.value = 'spam'; form.until.value = '3d'; form.until.form.requestSubmit()",
        )
        .await;
    browser.find("[data-table='blocks'] td").await;
    let refused = drawn.type_command("/draw one more", "f");
    assert!(
        refused["reply"]
            .as_str()
            .is_some_and(|reply| reply.contains("spam")),
        "{refused}"
    );

    browser.open_section("audit").await;
    browser
        .wait_until("return document.querySelectorAll('[data-table=audit] tbody tr').length >= 5")
        .await;
    browser.visit_sections("").await;
    browser.close().await;
}

#[tokio::test]
async fn a_japanese_admin_on_a_phone_in_the_dark() {
    let service = service();
    service.client().draw("/draw 緑の髪 --steps 2", "a");
    let settings = BrowserSettings {
        language: "ja",
        is_dark: true,
        is_phone: true,
    };
    let browser = Browser::open(settings).await;
    browser.log_in(&service).await;
    assert_eq!(browser.text("h1").await, "Ekaki 管理");
    browser.visit_sections("-phone-ja").await;
    browser.close().await;
}
