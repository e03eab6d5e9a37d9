//! Logging in and out, and who one is.

mod routes;
mod store;

pub(crate) use routes::{
    __path_log_in, __path_log_out, __path_refresh, __path_show_me, begin_session, check_password,
    register,
};
pub(crate) use store::forget_ended_sessions;
