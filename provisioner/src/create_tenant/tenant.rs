//! What the saga reads of the tenant that it makes.

use hotelhub_core::ids::TenantId;
use tokio_postgres::{Error, Row};

/// Finds the tenant by its id.
pub(super) const SELECT: &str = "SELECT id, slug, company_name, owner_name, owner_email,
       owner_phone, owner_password_hash, language, region, access
     FROM tenants WHERE id = $1";

/// A tenant as it was signed up.
pub(super) struct Tenant {
    pub(super) id: TenantId,
    pub(super) slug: String,
    pub(super) company_name: String,
    pub(super) owner_name: String,
    pub(super) owner_email: String,
    pub(super) owner_phone: String,
    /// Gone once the tenant is ready.
    pub(super) owner_password_hash: Option<String>,
    pub(super) language: String,
    pub(super) region: String,
    pub(super) access: String,
}

impl Tenant {
    pub(super) fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.try_get("id")?,
            slug: row.try_get("slug")?,
            company_name: row.try_get("company_name")?,
            owner_name: row.try_get("owner_name")?,
            owner_email: row.try_get("owner_email")?,
            owner_phone: row.try_get("owner_phone")?,
            owner_password_hash: row.try_get("owner_password_hash")?,
            language: row.try_get("language")?,
            region: row.try_get("region")?,
            access: row.try_get("access")?,
        })
    }

    /// The code of the first property, from the slug: capitals and digits, ten at most.
    ///
    /// A slug has at least three characters and never two dashes in a row, so at least two are
    /// left.
    pub(super) fn property_code(&self) -> String {
        let letters = self.slug.chars().filter(char::is_ascii_alphanumeric);
        letters.take(10).map(|it| it.to_ascii_uppercase()).collect()
    }
}
