//! People on a hotel's pages, with browsers that run no scripts.

use platform_tests::client::{self, Answer};

pub(crate) use platform_tests::client::hidden;

use crate::house::{PASSWORD, TestHotel};

/// Somebody on a hotel's pages.
pub(crate) struct PageVisitor(client::PageVisitor);

impl PageVisitor {
    /// Somebody who has not logged in.
    pub(crate) fn stranger(it: &TestHotel) -> Self {
        Self(client::PageVisitor::stranger(it.site()))
    }

    /// The owner, logged in on the page.
    pub(crate) async fn owner(it: &TestHotel) -> Self {
        Self::person(it, &it.email).await
    }

    /// Somebody with the owner's password, logged in on the page.
    pub(crate) async fn person(it: &TestHotel, email: &str) -> Self {
        let visitor = client::PageVisitor::log_in(it.site(), "/login", email, PASSWORD).await;
        Self(visitor.unwrap())
    }

    /// The same browser on another hotel's host, with its cookie brought along.
    pub(crate) fn moved_to(&self, other: &TestHotel) -> Self {
        Self(self.0.moved_to(other.site()))
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str) -> Answer {
        self.0.open(path).await.unwrap()
    }

    /// Sends a form, as a page of the same origin does.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.0.send(path, fields).await.unwrap()
    }

    /// Sends a form from a page of this kind of site.
    pub(crate) async fn send_from(
        &self,
        site: &str,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        self.0.send_from(site, path, fields).await.unwrap()
    }
}
