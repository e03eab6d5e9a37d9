//! A browser with a driver of its own, and what is checked on each page.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use platform_tests::{
    ports,
    process::{Launch, Program},
    temporary,
    waiting::eventually,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use thirtyfour::{
    By, Capabilities, ChromiumLikeCapabilities, DesiredCapabilities, Key, WebDriver, WebElement,
};
use tokio::sync::OnceCell;

/// Pages that wait for the provisioner, on a machine with much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
const FETCHING: Duration = Duration::from_secs(120);
const DRIVER: &str = "/usr/bin/chromedriver";
const AXE: &str = "axe-core@4.14.1";

/// More presses of the tabulator than a page has places to stop at.
const STOPS: usize = 60;

/// Widths of a desk and of a phone, in pixels.
const WIDTHS: [u32; 2] = [1280, 500];

/// One browser window. [`Browser::close`] it; a dropped one is killed.
pub(crate) struct Browser {
    pub(crate) driver: WebDriver,
    process: Program,
    name: &'static str,
    shots: usize,
    _folder: TempDir,
}

impl Browser {
    /// Opens a window; `name` begins the names of its screenshots.
    pub(crate) async fn open(name: &'static str, scripts: bool) -> Self {
        assert!(
            Path::new(DRIVER).exists(),
            "there is no browser: run `apt-get install chromium chromium-driver npm`"
        );
        let folder = temporary::folder(Path::new("/tmp")).await.unwrap();
        let port = ports::free().unwrap();
        let mut process =
            Launch::new("chromedriver", Path::new(DRIVER), &folder.path().join("driver.log"))
                .args([format!("--port={port}")])
                .register(&folder.path().join("pids"))
                .start()
                .unwrap();
        let capabilities = capabilities(folder.path(), scripts);
        let address = format!("http://127.0.0.1:{port}");
        process
            .wait_until(PATIENCE, "chromedriver to listen", async || {
                tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
            })
            .await
            .unwrap();
        let driver = WebDriver::new(address, capabilities).await.unwrap();
        driver.set_script_timeout(PATIENCE).await.unwrap();
        Self { driver, process, name, shots: 0, _folder: folder }
    }

    /// Ends the browser and its driver.
    pub(crate) async fn close(mut self) {
        self.driver.clone().quit().await.unwrap();
        self.process.terminate(PATIENCE).await.unwrap();
    }

    /// Types into the field with this id, over what it holds.
    pub(crate) async fn fill(&self, id: &str, text: &str) {
        let field = self.find(&format!("[id='{id}']")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Presses what this selector finds, once it is there.
    pub(crate) async fn press(&self, selector: &str) {
        let found = self.find(selector).await;
        found.click().await.unwrap_or_else(|error| panic!("{selector}: {error}"));
    }

    /// Presses what leads to another page, and waits until this one is gone: what is waited for on the
    /// other one may stand on this one as well.
    pub(crate) async fn follow(&self, selector: &str) {
        let page = self.find("html").await;
        self.press(selector).await;
        let gone = async || page.tag_name().await.is_err().then_some(());
        self.waited(&format!("the page behind {selector}"), gone).await;
    }

    /// Goes from stop to stop until one is what this selector finds.
    pub(crate) async fn tab_to(&self, selector: &str) {
        self.find(selector).await;
        let there = format!("return document.activeElement.matches({selector:?})");
        for _ in 0..STOPS {
            self.driver.active_element().await.unwrap().send_keys(Key::Tab).await.unwrap();
            let found = self.driver.execute(&there, Vec::new()).await.unwrap();
            if found.json().as_bool() == Some(true) {
                return;
            }
        }
        panic!("the keyboard does not reach {selector}");
    }

    /// Waits until the page has what this selector finds, and gives its text.
    pub(crate) async fn wait_for(&self, selector: &str) -> String {
        self.waited(selector, async || self.text(selector).await).await
    }

    /// Waits until what this selector finds says this, and gives its text.
    pub(crate) async fn wait_for_text(&self, selector: &str, wanted: &str) -> String {
        let said = async || self.text(selector).await.filter(|it| it.contains(wanted));
        self.waited(&format!("{wanted:?} in {selector}"), said).await
    }

    async fn text(&self, selector: &str) -> Option<String> {
        // A page that is being replaced has lost the element by the time it is read.
        self.driver.find(By::Css(selector)).await.ok()?.text().await.ok()
    }

    async fn find(&self, selector: &str) -> WebElement {
        self.waited(selector, async || self.driver.find(By::Css(selector)).await.ok()).await
    }

    async fn waited<T>(&self, what: &str, probe: impl AsyncFnMut() -> Option<T>) -> T {
        match eventually(PATIENCE, what, probe).await {
            Ok(found) => found,
            Err(late) => {
                let at = self.driver.current_url().await.unwrap();
                panic!("{late}\nat {at}: {}", self.driver.source().await.unwrap())
            }
        }
    }

    /// Opens this address again and again until the page has what this selector finds.
    pub(crate) async fn reload_until(&self, address: &str, selector: &str) {
        let found = eventually(PATIENCE, selector, async || {
            self.driver.goto(address).await.ok()?;
            self.driver.find(By::Css(selector)).await.ok()
        });
        found.await.unwrap();
    }

    /// Keeps a picture of the page, and expects that nobody is kept from using it: no serious
    /// finding of axe-core, no need to scroll sideways, on a desk and on a phone.
    pub(crate) async fn inspect(&mut self, page: &str) {
        self.shots += 1;
        let (number, name) = (self.shots, self.name);
        let axe = axe().await;
        for width in WIDTHS {
            self.driver.set_window_rect(0, 0, width, 1000).await.unwrap();
            let file = screenshots().join(format!("{name}-{number:02}-{page}-{width}.png"));
            self.driver.screenshot(&file).await.unwrap();
            let overflow = "return document.documentElement.scrollWidth - window.innerWidth";
            let overflow = self.driver.execute(overflow, Vec::new()).await.unwrap();
            assert!(overflow.json().as_i64().unwrap() <= 0, "{page} scrolls sideways at {width}");
            self.driver.execute(axe, Vec::new()).await.unwrap();
            let run = "const done = arguments[arguments.length - 1];
                axe.run(document, { resultTypes: ['violations'] })
                  .then(it => done(it.violations), error => done([{ id: String(error) }]));";
            let found = self.driver.execute_async(run, Vec::new()).await.unwrap();
            let serious: Vec<String> =
                found.json().as_array().unwrap().iter().filter(|it| counts(it)).map(told).collect();
            assert!(serious.is_empty(), "{page} at {width}:\n{}", serious.join("\n"));
        }
        self.driver.set_window_rect(0, 0, WIDTHS[0], 1000).await.unwrap();
    }
}

impl Drop for Browser {
    /// A test that has failed does not ask its browser to leave, which would hold up the thread
    /// that the answer comes through: its process is killed.
    fn drop(&mut self) {
        self.driver.clone().leak().ok();
    }
}

fn capabilities(folder: &Path, scripts: bool) -> Capabilities {
    let mut capabilities = DesiredCapabilities::chrome();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    for argument in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-quic",
        "--lang=id",
        &profile,
    ] {
        capabilities.add_arg(argument).unwrap();
    }
    if !scripts {
        let prefs = json!({ "profile.managed_default_content_settings.javascript": 2 });
        capabilities.add_experimental_option("prefs", prefs).unwrap();
    }
    capabilities.into()
}

/// What keeps people out, rather than what could be nicer.
fn counts(finding: &Value) -> bool {
    !matches!(finding["impact"].as_str(), Some("minor" | "moderate"))
}

fn told(finding: &Value) -> String {
    let nodes: Vec<String> = finding["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|it| format!("{} {}", it["html"], it["failureSummary"]))
        .collect();
    format!("{}: {}\n  {}", finding["id"], finding["help"], nodes.join("\n  "))
}

/// The text of axe-core, fetched once into the target folder.
async fn axe() -> &'static str {
    static TEXT: OnceCell<String> = OnceCell::const_new();
    TEXT.get_or_init(async || {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe");
        let file = folder.join("node_modules/axe-core/axe.min.js");
        std::fs::create_dir_all(&folder).unwrap();
        // Tests that run side by side want it at the same time.
        let lock = std::fs::File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        if !file.exists() {
            // With our whole environment: it says how this machine reaches the outside.
            let fetch = tokio::process::Command::new("npm")
                .args(["install", "--ignore-scripts", "--no-save", "--no-audit", AXE, "--prefix"])
                .arg(&folder)
                .kill_on_drop(true)
                .output();
            let fetched = tokio::time::timeout(FETCHING, fetch).await.unwrap().unwrap();
            assert!(file.exists(), "npm: {}", String::from_utf8_lossy(&fetched.stderr));
        }
        std::fs::read_to_string(file).unwrap()
    })
    .await
}

/// Where pictures are kept: `screenshots` in the target folder.
fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
