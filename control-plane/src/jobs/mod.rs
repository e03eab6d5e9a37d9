//! Jobs of hotels, as the vendor sees and steers them.
//!
//! The rows stand in each hotel's own database, which only its own programs touch: what is said of
//! one hotel is asked of its replicas there and then ([`hotel`]). Where in the fleet to look is told by
//! heaps: what each hotel's workers last counted of its dead, held and failing jobs.

pub(crate) mod heap_routes;
pub(crate) mod hotel;
pub(crate) mod hotel_routes;
pub(crate) mod model;
pub(crate) mod report_routes;
pub(crate) mod retry_routes;
mod store;

pub(crate) use self::hotel::Hotels;
