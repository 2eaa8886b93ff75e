//! Items under two keys, with a time of expiry, in a DynamoDB table or in memory.

mod dynamodb;
mod memory;

mod table;
mod version;

pub(crate) use dynamodb::DynamoDbTable;
pub(crate) use memory::MemoryTable;
pub(crate) use table::{Key, LARGEST, Table, TableError, When};
