//! An MCP server with one tool, `getDogFacts`, which asks the [Dog API](https://dogapi.dog) for facts about dogs.

mod dog_api;
mod server;

pub use dog_api::{DogApi, DogApiError, DogApiSettings};
pub use server::server;
