//! Gives each record its position in the chain of this process and the digest of the record before it.

use mcp_lambda_contract::AuditRecord;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};

/// The end of the chain so far.
pub(super) struct Chain {
    id: String,
    sequence: u64,
    previous: String,
}

impl Chain {
    pub(super) fn new(id: String) -> Self {
        Self {
            id,
            sequence: 0,
            previous: AuditRecord::FIRST.to_owned(),
        }
    }

    /// Sets the members that make the record the next one of the chain.
    pub(super) fn append(&mut self, record: &mut AuditRecord) {
        self.sequence += 1;
        record.chain.clone_from(&self.id);
        record.sequence = self.sequence;
        record.previous = std::mem::take(&mut self.previous);
        record.digest = hexadecimal(digest(&SHA256, &record.canonical()).as_ref());
        self.previous.clone_from(&record.digest);
    }
}

/// 128 random bits, which no other process has.
pub(super) fn random_id() -> Result<String, String> {
    let mut bytes = [0; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| "the operating system gives no random bytes".to_owned())?;
    Ok(hexadecimal(&bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
