//! Many hotels on one platform, whose jobs are put in and counted past all programs.

mod hotel;
mod jobs;

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use url::Url;

pub use self::{hotel::FleetHotel, jobs::NewJobs};
use crate::{
    client::{ControlPlane, SignedUp, Signup},
    platform::{HOTEL_DEADLINE, Platform},
    secrets,
    waiting::eventually,
};

/// Signups under way at a time. The provisioner makes two hotels at a time, the warm pool hands over
/// as many as it has.
const AT_ONCE: usize = 4;
/// More faults than this say the same again.
const SHOWN: usize = 20;

/// How many jobs are in each state.
pub type Counts = BTreeMap<String, i64>;

/// Hotels that are ready to work.
#[derive(Debug)]
pub struct Fleet {
    hotels: Vec<FleetHotel>,
}

impl Fleet {
    /// Signs so many hotels up, several at once, and waits until they are ready. Each has a table
    /// `job_effects` for the jobs of the kind `test_insert`.
    ///
    /// # Errors
    /// Fails if a signup is refused, or a hotel is not ready in time.
    pub async fn open(platform: &Platform, count: usize) -> Result<Self> {
        let control = platform.control()?;
        let superuser = &platform.setup().postgres.superuser;
        let (mut under_way, mut hotels) = (VecDeque::new(), Vec::with_capacity(count));
        for number in 0..count {
            let signup = Signup::of(&format!("fleet-{number}-{}", secrets::tag()));
            under_way.push_back(control.sign_up(&signup).await?);
            if under_way.len() == AT_ONCE
                && let Some(oldest) = under_way.pop_front()
            {
                hotels.push(receive(&control, superuser, &oldest).await?);
            }
        }
        for signup in under_way {
            hotels.push(receive(&control, superuser, &signup).await?);
        }
        Ok(Self { hotels })
    }

    /// The hotels.
    #[must_use]
    pub fn hotels(&self) -> &[FleetHotel] {
        &self.hotels
    }

    /// Puts so many jobs into each hotel.
    ///
    /// # Errors
    /// Fails if a database does.
    pub async fn insert_jobs(&self, jobs: &NewJobs, count: usize) -> Result<()> {
        for hotel in &self.hotels {
            hotel.insert_jobs(jobs, count).await?;
        }
        Ok(())
    }

    /// How many jobs are in each state, in all hotels together.
    ///
    /// # Errors
    /// Fails if a database does.
    pub async fn counts(&self) -> Result<Counts> {
        let mut sum = Counts::new();
        for hotel in &self.hotels {
            for (state, count) in hotel.counts().await? {
                *sum.entry(state).or_default() += count;
            }
        }
        Ok(sum)
    }

    /// Waits until every job of every hotel is `done`, `dead` or `cancelled`.
    ///
    /// # Errors
    /// Fails if one is not at the deadline; the message counts the states.
    pub async fn wait_until_ended(&self, deadline: Duration) -> Result<()> {
        let mut left: Vec<&FleetHotel> = self.hotels.iter().collect();
        let ended = eventually(deadline, "every job to end", async || {
            while let Some(hotel) = left.last() {
                // A database that is away is asked again: it may be what the test is about.
                let Ok(true) = hotel.has_ended().await else { return None };
                left.pop();
            }
            Some(())
        });
        if let Err(late) = ended.await {
            let counts = self.counts().await;
            return Err(late.context(format!("the jobs are {counts:?}")));
        }
        Ok(())
    }

    /// Checks that no job was lost, none is open, none was tried too often, and that each job of the
    /// kind `test_insert` has had its effect once if it is done, and never otherwise.
    ///
    /// # Errors
    /// Lists what is wrong.
    pub async fn check(&self) -> Result<()> {
        let mut faults = Vec::new();
        for hotel in &self.hotels {
            let found = hotel.faults().await.with_context(|| format!("check {}", hotel.host()))?;
            faults.extend(found.into_iter().map(|it| format!("{}: {it}", hotel.host())));
        }
        if !faults.is_empty() {
            let shown: Vec<_> = faults.iter().take(SHOWN).map(String::as_str).collect();
            bail!("{} faults, among them:\n{}", faults.len(), shown.join("\n"));
        }
        Ok(())
    }
}

/// Waits for the hotel of this signup.
async fn receive(control: &ControlPlane, superuser: &Url, it: &SignedUp) -> Result<FleetHotel> {
    control.wait_ready(&it.tenant_id, HOTEL_DEADLINE).await?;
    FleetHotel::open(superuser, &it.tenant_id, &it.host).await
}
