//! A headless Chromium.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::PATIENCE;

/// Whose browser it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BrowserSettings {
    pub(crate) language: &'static str,
    pub(crate) is_dark: bool,
    /// A phone of 390 × 844 points, instead of a window.
    pub(crate) is_phone: bool,
}

impl Default for BrowserSettings {
    fn default() -> Self {
        Self {
            language: "en",
            is_dark: false,
            is_phone: false,
        }
    }
}

/// A browser with one tab and nothing remembered.
pub(crate) struct Browser {
    pub(crate) client: Client,
    driver: Child,
    _output: BufReader<ChildStdout>,
    _profile: TempDir,
}

impl Browser {
    pub(crate) async fn open(settings: BrowserSettings) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .spawn()
            .expect("chromedriver is installed: `make browser`");
        let mut output = BufReader::new(driver.stdout.take().expect("a pipe"));
        let port = port(&mut output);
        let profile = tempfile::tempdir().expect("a folder for the profile");
        let mut options = json!({
            "args": arguments(settings, profile.path()),
            "prefs": { "intl.accept_languages": settings.language },
        });
        if settings.is_phone {
            let metrics = json!({ "width": 390, "height": 844, "pixelRatio": 2.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let Value::Object(capabilities) = json!({ "goog:chromeOptions": options }) else {
            unreachable!()
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("Chromium starts");
        Self {
            client,
            driver,
            _output: output,
            _profile: profile,
        }
    }

    pub(crate) async fn visit(&self, address: &str) {
        self.client.goto(address).await.expect("the page loads");
        // The first snapshot shows either the welcome or what was drawn before.
        self.find("#welcome:not([hidden]), .message").await;
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> Element {
        let found = self
            .client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(css))
            .await;
        found.unwrap_or_else(|error| panic!("there is no {css}: {error}"))
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client
            .find_all(Locator::Css(css))
            .await
            .expect("the page can be searched")
            .len()
    }

    /// What is written there, also while it still fades in.
    pub(crate) async fn text(&self, css: &str) -> String {
        let text = self.find(css).await.prop("innerText").await;
        text.expect("the element is there").unwrap_or_default()
    }

    /// Presses keys, wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let active = self
            .client
            .active_element()
            .await
            .expect("something has the focus");
        active.send_keys(keys).await.expect("keys can be pressed");
    }

    /// Types a command into the composer and sends it.
    pub(crate) async fn type_command(&self, text: &str) {
        let field = self.find("#command").await;
        field
            .send_keys(&format!("{text}{}", char::from(Key::Enter)))
            .await
            .expect("the composer takes text");
    }

    pub(crate) async fn run(&self, script: &str) -> Value {
        self.client
            .execute(script, Vec::new())
            .await
            .expect("the script runs")
    }

    /// Waits until a script returns `true`.
    pub(crate) async fn wait_until(&self, script: &str) {
        let begin = std::time::Instant::now();
        while self.run(script).await != true {
            assert!(begin.elapsed() < PATIENCE, "this never became true: {script}");
        }
    }

    /// Fails when something on the page has no name for people who do not see it, or is hard to read.
    pub(crate) async fn check_accessibility(&self) {
        self.wait_until("return document.getAnimations().every((each) => each.playState !== 'running')")
            .await;
        let problems = self.run(include_str!("accessibility.js")).await;
        assert_eq!(problems, json!([]), "the page is not accessible");
    }

    /// Clicks on the first element that there is.
    pub(crate) async fn click(&self, css: &str) {
        let element = self.find(css).await;
        element.click().await.expect("the element can be clicked");
    }

    /// Keeps a picture of the page in `target/screenshots`, for people.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
        std::fs::create_dir_all(&folder).expect("the folder can be made");
        let png = self.client.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), png).expect("the screenshot can be written");
    }

    pub(crate) async fn close(self) {
        self.client.clone().close().await.expect("the browser closes");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// The driver takes any free port and says which.
fn port(output: &mut BufReader<ChildStdout>) -> u16 {
    let number = |line: &str| line.strip_suffix('.')?.rsplit_once("on port ")?.1.parse().ok();
    output
        .lines()
        .map_while(Result::ok)
        .find_map(|line| number(&line))
        .expect("chromedriver names its port")
}

fn arguments(settings: BrowserSettings, profile: &Path) -> Vec<String> {
    let mut arguments: Vec<String> = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1200,1000",
    ]
    .map(str::to_owned)
    .into();
    arguments.push(format!("--user-data-dir={}", profile.display()));
    arguments.push(format!("--lang={}", settings.language));
    arguments.extend(settings.is_dark.then(|| "--force-dark-mode".to_owned()));
    arguments
}
