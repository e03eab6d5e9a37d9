//! The product's queries for one reading request, so that the reference runs the very same.
//!
//! A test holds them against the product's source.

/// Session, permission, access and whether it is support's, in one row: `$1` the session, `$2` now,
/// `$3` the permission.
pub(super) const SESSION: &str = "SELECT s.user_id, \
       EXISTS (SELECT FROM user_roles r JOIN role_permissions p USING (role) \
               WHERE r.user_id = s.user_id AND p.permission = $3), \
       (SELECT access FROM tenant_identity), s.id, \
       EXISTS (SELECT FROM user_roles WHERE user_id = s.user_id AND role = 'support') \
     FROM sessions s JOIN users u ON u.id = s.user_id \
     WHERE s.id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.disabled_at IS NULL";

/// The property `$1`.
pub(super) const PROPERTY: &str = "SELECT p.id, p.code, p.name, p.time_zone, p.city, p.region, d.business_date \
     FROM properties p JOIN business_days d ON d.property_id = p.id AND d.state <> 'closed' \
     WHERE p.id = $1";

/// The permission that reading a property needs.
pub(super) const PERMISSION: &str = "property.read";

/// The product's connections per hotel and process.
pub(super) const PER_TENANT: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of the product.
    fn source(path: &str) -> String {
        std::fs::read_to_string(crate::state::workspace().unwrap().join(path)).unwrap()
    }

    /// Source as one line: string literals over several lines become what they mean.
    fn flat(text: &str) -> String {
        text.replace("\\\n", " ").split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The value of a string constant in `source`.
    fn constant<'a>(source: &'a str, name: &str) -> &'a str {
        let (_, after) = source.split_once(&format!("const {name}: &str = \"")).unwrap();
        after.split_once('"').unwrap().0
    }

    #[test]
    fn they_are_the_products_own() {
        let desk = flat(&source("tenant-api/src/desk/session.rs"));
        let session = desk.replace("{LIVE}", constant(&desk, "LIVE"));
        assert!(session.replace("{pointed_at}", "s.id = $1").contains(&flat(SESSION)));
        assert!(desk.contains("(\"s.id = $1\", &claims.sid)"));
        let store = flat(&source("tenant-api/src/properties/store.rs"));
        let property = store.replace("{COLUMNS}", constant(&store, "COLUMNS"));
        assert!(property.contains(&flat(PROPERTY)));
        let access = source("tenant-api/src/access/mod.rs");
        assert!(access.contains(&format!("PropertyRead = \"{PERMISSION}\"")));
        let pools = source("shared/tenancy/src/pools.rs");
        assert!(pools.contains(&format!("const PER_TENANT: usize = {PER_TENANT};")));
    }
}
