//! Properties: the hotel's buildings, each with its own time zone and business day.

mod routes;
mod store;

pub(crate) use routes::{
    __path_create_property, __path_list_properties, __path_show_property, check_code, check_name,
    code_taken, register,
};
pub(crate) use store::{Property, find, list, open_business_date};
