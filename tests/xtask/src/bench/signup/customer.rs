//! One customer's way from the form to their hotel, through the public interfaces only.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use platform_tests::{
    client::{Answer, ControlPlane, Signup, SignupStatus, Site},
    platform::Platform,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

/// Far more than any signup should take.
const DEADLINE: Duration = Duration::from_secs(60);
/// Between two tries at a hotel that is said to be ready and not found yet.
const RETRY_PAUSE: Duration = Duration::from_millis(1);

/// What one signup took, in milliseconds.
pub(super) struct Journey {
    /// From the form to the first authenticated answer.
    pub(super) total: f64,
    form: f64,
    making: f64,
    login: f64,
    answer: f64,
    /// The provisioner's steps, as the status told them.
    pub(super) steps: Vec<(String, f64)>,
    /// Answers 404 and 503 of the hotel's host.
    pub(super) retries: u32,
    /// The owner's.
    pub(super) password: String,
}

/// A part of a journey by name, and its milliseconds.
type Part = (&'static str, fn(&Journey) -> f64);

impl Journey {
    /// The parts of the total, in order.
    pub(super) const PARTS: [Part; 4] = [
        ("the form is taken", |it| it.form),
        ("the hotel is made", |it| it.making),
        ("login", |it| it.login),
        ("first answer", |it| it.answer),
    ];
}

/// Somebody who signs hotels up. Connections stay open, as a browser's do.
pub(super) struct Customer {
    control: ControlPlane,
    hotels: Site,
}

impl Customer {
    /// A customer of this platform.
    pub(super) fn of(platform: &Platform) -> Result<Self> {
        let port = platform.setup().tenant_ports.first().copied().context("no hotel is served")?;
        Ok(Self { control: platform.control()?, hotels: Site::new(port, "localhost")? })
    }

    /// Signs up, waits, logs in, and asks who they are.
    pub(super) async fn sign_up(&self, slug: &str, pause: Duration) -> Result<Journey> {
        let signup = Signup::of(slug);
        let mut retries = 0;
        let start = Instant::now();
        let taken = self.control.sign_up(&signup).await?;
        let form = Instant::now();
        self.wait(&taken.tenant_id, pause).await.context(taken.slug)?;
        let ready = Instant::now();
        let hotel = self.hotels.on_host(&taken.host);
        let login = json!({ "email": signup.owner_email, "password": signup.password });
        let login = async || hotel.post("/api/v1/auth/login", &login).await;
        let login = patiently(&mut retries, login).await?.data()?;
        let logged_in = Instant::now();
        let token = login.get("access_token").and_then(Value::as_str);
        let hotel = hotel.with_token(token.context("the login's answer has no access_token")?);
        patiently(&mut retries, async || hotel.get("/api/v1/me").await).await?.data()?;
        let end = Instant::now();

        // The last step makes the hotel ready and is noted as done only then.
        let status = self.control.signup_status(&taken.tenant_id).await?;
        let ms = |from: Instant, to: Instant| to.duration_since(from).as_secs_f64() * 1000.0;
        Ok(Journey {
            total: ms(start, end),
            form: ms(start, form),
            making: ms(form, ready),
            login: ms(ready, logged_in),
            answer: ms(logged_in, end),
            steps: times_of_steps(&status),
            retries,
            password: signup.password,
        })
    }

    /// Looks at the status until the hotel is ready.
    async fn wait(&self, tenant_id: &str, pause: Duration) -> Result<()> {
        let end = Instant::now() + DEADLINE;
        loop {
            let status = self.control.signup_status(tenant_id).await?;
            match status.state.as_str() {
                "ready" => return Ok(()),
                "failed" => bail!("making the hotel failed: {:?}", status.steps),
                state if Instant::now() > end => bail!("still `{state}`: {:?}", status.steps),
                _ => sleep(pause).await,
            }
        }
    }
}

fn times_of_steps(status: &SignupStatus) -> Vec<(String, f64)> {
    let time = |ms: u64| Duration::from_millis(ms).as_secs_f64() * 1000.0;
    status.steps.iter().filter_map(|it| Some((it.name.clone(), time(it.ms?)))).collect()
}

/// Asks again for as long as the hotel's host is not known or not open yet.
async fn patiently(retries: &mut u32, ask: impl AsyncFn() -> Result<Answer>) -> Result<Answer> {
    let end = Instant::now() + DEADLINE;
    loop {
        let answer = ask().await?;
        if !matches!(answer.status.as_u16(), 404 | 503) || Instant::now() > end {
            return answer.expect_status(200);
        }
        *retries += 1;
        sleep(RETRY_PAUSE).await;
    }
}
