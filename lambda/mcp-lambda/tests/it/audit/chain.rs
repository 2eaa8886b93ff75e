//! Checks the chains of an audit trail without the code that reads them elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use ring::digest::{SHA256, digest};
use serde_json::Value;

/// The records of all chains, each once. Fails if one is missing, altered or different from another of its position.
pub(crate) fn assert_whole(lines: &[String], chains: usize) -> Vec<Value> {
    let different: BTreeSet<&String> = lines.iter().collect();
    let mut by_chain: BTreeMap<String, BTreeMap<u64, (Value, String)>> = BTreeMap::new();
    for line in different {
        let record: Value = serde_json::from_str(line).unwrap();
        // The digest is the last member of the line, and of everything before it.
        let (content, _) = line.rsplit_once(",\"digest\":").unwrap();
        let digest = digest(&SHA256, format!("{content}}}").as_bytes());
        let digest: String = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(record["digest"], digest.as_str());
        let chain = record["chain"].as_str().unwrap().to_owned();
        let sequence = record["sequence"].as_u64().unwrap();
        let earlier = by_chain
            .entry(chain)
            .or_default()
            .insert(sequence, (record, digest));
        assert!(earlier.is_none(), "two records at one position");
    }
    assert_eq!(by_chain.len(), chains);
    let mut records = Vec::new();
    for chain in by_chain.into_values() {
        let mut previous = "0".repeat(64);
        for (expected, (sequence, (record, digest))) in (1..).zip(chain) {
            assert_eq!(sequence, expected, "no record is missing");
            assert_eq!(record["previous"], previous.as_str());
            previous = digest;
            records.push(record);
        }
    }
    records
}
