//! Rooms.

mod routes;
mod store;

pub(crate) use routes::{__path_create_room, __path_list_rooms, CreateRoomBody, add, register};
