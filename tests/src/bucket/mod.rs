//! An object storage that speaks as much of S3 as our client needs, and can be told to be full, slow
//! or silent. What was written into it outlives the programs that wrote it.

mod answer;
mod shelf;

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::Mutex,
    time::Duration,
};

use actix_web::{
    App, HttpServer,
    dev::ServerHandle,
    http::KeepAlive,
    web::{Data, PayloadConfig, to},
};
use anyhow::{Context as _, Result};
use hotelhub_core::tasks::Tasks;

use self::shelf::Shelf;

const LARGEST: usize = 64 * 1024 * 1024;
const NAME: &str = "hotels";

/// How the storage answers, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BucketFault {
    /// As it should.
    #[default]
    None,
    /// Whatever is written is refused with 507.
    Full,
    /// An upload in parts is put together after this time.
    SlowCompletion(Duration),
    /// An object that is read comes in so many pieces, with this pause before each.
    Trickle(u32, Duration),
    /// The first half of an object that is read comes, and then nothing.
    Stall,
    /// Parts of an upload are not answered until the fault is another.
    HoldParts,
}

/// A running storage. Stops when it is dropped.
#[derive(Debug)]
pub struct FakeBucket {
    address: SocketAddr,
    shelf: Data<Mutex<Shelf>>,
    server: ServerHandle,
    tasks: Tasks,
}

impl FakeBucket {
    /// Starts an empty one on a free port.
    ///
    /// # Errors
    /// Fails if it cannot listen.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("open a bucket")?;
        let address = listener.local_addr().context("open a bucket")?;
        let (shelf, tasks) = (Data::new(Mutex::new(Shelf::default())), Tasks::default());
        let data = shelf.clone();
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(PayloadConfig::new(LARGEST))
                .default_service(to(answer::answer))
        })
        .workers(2)
        // Were we held up, a call on a connection that is closed just then would be lost, and one on a
        // new one be refused.
        .keep_alive(KeepAlive::Disabled)
        .client_request_timeout(Duration::ZERO)
        .disable_signals()
        .shutdown_timeout(1)
        .listen(listener)
        .context("open a bucket")?
        .run();
        let handle = server.handle();
        tasks.spawn("bucket", async move { drop(server.await) });
        Ok(Self { address, shelf, server: handle, tasks })
    }

    /// The settings of a program that keeps its objects here.
    #[must_use]
    pub fn settings(&self) -> [(&'static str, String); 4] {
        [
            ("STORAGE_URL", format!("s3://{NAME}/platform")),
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    /// Answers in this way from now on.
    pub fn fail(&self, fault: BucketFault) {
        shelf::open(&self.shelf).fault = fault;
    }

    /// The names of all objects, in order.
    #[must_use]
    pub fn objects(&self) -> Vec<String> {
        shelf::open(&self.shelf).objects.keys().cloned().collect()
    }

    /// How many objects were given by half, see [`BucketFault::Stall`].
    #[must_use]
    pub fn stalled(&self) -> u64 {
        shelf::open(&self.shelf).stalled
    }

    /// How many uploads in parts were begun and neither put together nor given up.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        shelf::open(&self.shelf).uploads.len()
    }
}

impl Drop for FakeBucket {
    fn drop(&mut self) {
        self.tasks.stop();
        // Who it is sent to is gone if this fails; nobody waits for the answer.
        drop(self.server.stop(false));
    }
}
