//! The demo hotel: signed up, furnished and booked through the public interfaces only.

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, Result, bail};
use platform_tests::{
    client::{ControlPlane, Hotel, Signup, SignupStatus, stay},
    platform::Platform,
    secrets,
    waiting::eventually,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{say, servers::Mail, state::State};

const SLUG: &str = "mandala";
const GUEST: &str = "budi.santoso@example.com";
const READY_DEADLINE: Duration = Duration::from_secs(120);
/// The worker's own retry after a lost ticket comes within half a minute.
const MAIL_DEADLINE: Duration = Duration::from_secs(60);

/// What is kept of the demo hotel between runs.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Demo {
    pub(crate) host: String,
    pub(crate) owner_email: String,
    pub(crate) owner_password: String,
    tenant_id: String,
    /// The number of the confirmation mail, once it arrived.
    pub(crate) mail: Option<u32>,
}

/// Signs the hotel up unless an earlier run did, makes a reservation and waits for its mail
/// unless an earlier run did; logs in in any case.
pub(crate) async fn open(state: &State, platform: &Platform, mail: &Mail) -> Result<Demo> {
    let file = state.path("demo.json");
    let control = platform.control()?;
    let mut demo = secrets::load_or_create(&file, Demo::default)?;
    if demo.tenant_id.is_empty() {
        demo = sign_up(&control).await.context("sign up the demo hotel")?;
        keep(state, &demo)?;
    }
    if demo.mail.is_none() {
        say::during("making the hotel", show_progress(&control, &demo.tenant_id)).await?;
    }
    let hotel = control.hotel(&demo.host)?;
    let hotel = say::during("logging in as the owner", log_in(&hotel, &demo)).await?;
    if demo.mail.is_none() {
        let code = book(&hotel).await.context("make a reservation")?;
        let arrival = mail.wait_for(GUEST, &code, MAIL_DEADLINE);
        let caught = say::during("waiting for the confirmation mail", arrival).await?;
        say::line(format_args!("  “{}” arrived for {GUEST}", caught.subject));
        demo.mail = Some(caught.number);
        keep(state, &demo)?;
    }
    Ok(demo)
}

fn keep(state: &State, demo: &Demo) -> Result<()> {
    secrets::write_private(&state.path("demo.json"), &serde_json::to_string_pretty(demo)?)
}

async fn sign_up(control: &ControlPlane) -> Result<Demo> {
    let mut signup = Signup::of(SLUG);
    signup.company_name = "Hotel Mandala Ubud".to_owned();
    signup.password = secrets::password();
    let taken = control.sign_up(&signup).await?;
    say::line(format_args!("  signed up {} as {}", signup.company_name, taken.host));
    Ok(Demo {
        host: taken.host,
        owner_email: signup.owner_email,
        owner_password: signup.password,
        tenant_id: taken.tenant_id,
        mail: None,
    })
}

/// Says each step once it is done.
async fn show_progress(control: &ControlPlane, tenant_id: &str) -> Result<()> {
    let mut said = BTreeSet::new();
    let ready = eventually(READY_DEADLINE, "the demo hotel to be ready", async || {
        let status = control.signup_status(tenant_id).await.ok()?;
        say_new_steps(&status, &mut said);
        (status.state == "ready" || status.state == "failed").then_some(status)
    });
    let status = ready.await?;
    if status.state != "ready" {
        bail!("making the demo hotel failed: see provisioner.log; steps: {:?}", status.steps);
    }
    let time = status.ready_in_ms.unwrap_or_default();
    say::line(format_args!("  the hotel was ready {time} ms after it signed up"));
    Ok(())
}

fn say_new_steps(status: &SignupStatus, said: &mut BTreeSet<String>) {
    for step in &status.steps {
        if let Some(ms) = step.ms
            && said.insert(step.name.clone())
        {
            say::line(format_args!("    {:<28} {ms:>6} ms  {}", step.name, step.state));
        }
    }
}

/// A new hotel's route reaches the replicas within a second; until then it is unknown.
async fn log_in(hotel: &Hotel, demo: &Demo) -> Result<Hotel> {
    let mut last = None;
    let logged_in = eventually(Duration::from_secs(30), "the owner's login", async || {
        let attempt = hotel.log_in(&demo.owner_email, &demo.owner_password).await;
        attempt.map_err(|refused| last = Some(refused)).ok()
    });
    let outcome = logged_in.await;
    match (outcome, last) {
        (Err(late), Some(refused)) => Err(refused.context(late)),
        (outcome, _) => outcome,
    }
}

/// Furnishes the hotel as far as it is not, makes a reservation and gives its code.
async fn book(hotel: &Hotel) -> Result<String> {
    const ROOM_TYPE: &str = "DLX";
    let property = hotel.first_property().await?;
    let room_type = match hotel.find_room_type(&property, ROOM_TYPE).await? {
        Some(room_type) => room_type,
        None => hotel.add_room_type(&property, ROOM_TYPE).await?,
    };
    let rooms = hotel.room_numbers(&property).await?;
    for number in ["101", "102", "103"].into_iter().filter(|it| !rooms.iter().any(|a| a == it)) {
        hotel.add_room(&property, &room_type, number).await?;
    }
    let (first, last) = stay(0, 60);
    hotel.set_rate(&property, &room_type, (&first, &last), 1_250_000).await?;
    let (arrival, departure) = stay(7, 2);
    let nights = (arrival.as_str(), departure.as_str());
    let reservation = hotel.reserve(&property, &room_type, nights, GUEST).await?;
    let text = |name| reservation.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let total = reservation.get("total_idr").and_then(Value::as_i64).unwrap_or_default();
    say::line(format_args!(
        "  reservation {} ({}), {arrival} to {departure}, Rp {total}",
        text("code"),
        text("state"),
    ));
    Ok(text("code"))
}
