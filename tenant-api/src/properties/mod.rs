//! Properties: the hotel's buildings, each with its own time zone and business day.
//!
//! Until there is a night audit, a business day ends at midnight there: a job closes it and opens
//! the next one ([`open_business_day`]), and whoever looks before that sees the local date already. The night audit will take both over, since it alone knows when a day's work is done.

mod routes;
mod store;

pub(crate) use routes::{
    __path_create_property, __path_list_properties, __path_show_property, check_code, check_name,
    code_taken, register,
};
pub(crate) use store::{Property, find, list, open_business_day, today, zone};
