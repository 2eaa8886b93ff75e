//! Compares the records of an audit trail with their digests, their order and the heads of an earlier run.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use mcp_lambda_contract::AuditRecord;
use ring::digest::{SHA256, digest};

use super::checkpoint::{Checkpoint, Head};
use super::finding::Finding;

/// Takes the lines of an audit trail one after the other.
#[derive(Debug, Default)]
pub struct Verifier {
    /// Whether the order of the lines is that in which they were written.
    is_ordered: bool,
    chains: BTreeMap<String, Chain>,
    lines: usize,
    repeated: usize,
    findings: Vec<Finding>,
}

/// What a run has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Records, each once.
    pub records: usize,
    /// Chains.
    pub chains: usize,
    /// Lines that repeat a record, which a server writes when a response of CloudWatch Logs is lost.
    pub repeated: usize,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// The heads of the chains.
    pub checkpoint: Checkpoint,
}

#[derive(Debug, Default)]
struct Chain {
    records: BTreeMap<u64, Link>,
    /// The highest position so far.
    highest: u64,
}

/// What is compared of a record.
#[derive(Debug)]
struct Link {
    previous: String,
    digest: String,
    time: String,
}

impl Verifier {
    /// Takes lines in the order in which they were written; a swapped one is found.
    #[must_use]
    pub fn of_file() -> Self {
        Self {
            is_ordered: true,
            ..Self::default()
        }
    }

    /// Takes events in any order: CloudWatch Logs orders events of one millisecond as it likes, and no caller can swap them.
    #[must_use]
    pub fn of_log_group() -> Self {
        Self::default()
    }

    /// Takes the next line. An empty one is none.
    pub fn add(&mut self, line: &str) {
        self.lines += 1;
        let line = line.trim();
        if line.is_empty() {
            return;
        }
        let Ok(record) = serde_json::from_str::<AuditRecord>(line) else {
            self.findings.push(Finding::Unreadable { line: self.lines });
            return;
        };
        let (chain, sequence) = (record.chain.clone(), record.sequence);
        let is_genuine = record.digest == hexadecimal(&record.canonical());
        let of_chain = self.chains.entry(chain.clone()).or_default();
        match of_chain.records.entry(sequence) {
            Entry::Occupied(held) if is_genuine && held.get().digest == record.digest => {
                self.repeated += 1;
                return;
            }
            Entry::Occupied(_) => {
                self.findings.push(Finding::Inserted {
                    chain: chain.clone(),
                    sequence,
                });
            }
            Entry::Vacant(free) => {
                free.insert(Link {
                    previous: record.previous,
                    digest: record.digest,
                    time: record.time,
                });
                if self.is_ordered && sequence < of_chain.highest {
                    self.findings.push(Finding::OutOfOrder {
                        chain: chain.clone(),
                        sequence,
                    });
                }
                of_chain.highest = of_chain.highest.max(sequence);
            }
        }
        if !is_genuine {
            self.findings.push(Finding::Altered { chain, sequence });
        }
    }

    /// The result. `seen` has the heads of an earlier run; a chain whose head is older than `expired`, a time in UTC as in
    /// records, may be gone.
    #[must_use]
    pub fn finish(self, seen: &Checkpoint, expired: Option<&str>) -> Report {
        let Self {
            chains,
            repeated,
            mut findings,
            ..
        } = self;
        let mut checkpoint = Checkpoint::default();
        for (name, head) in &seen.chains {
            if chains.contains_key(name) {
                continue;
            }
            if expired.is_some_and(|expired| head.time.as_str() < expired) {
                continue;
            }
            checkpoint.chains.insert(name.clone(), head.clone());
            findings.push(Finding::Truncated {
                chain: name.clone(),
                last: 0,
                seen: head.sequence,
            });
        }
        for (name, chain) in &chains {
            chain.verify(name, seen.chains.get(name), &mut findings);
            if let Some((sequence, link)) = chain.records.last_key_value() {
                let head = Head {
                    sequence: *sequence,
                    digest: link.digest.clone(),
                    time: link.time.clone(),
                };
                checkpoint.chains.insert(name.clone(), head);
            }
        }
        Report {
            records: chains.values().map(|chain| chain.records.len()).sum(),
            chains: chains.len(),
            repeated,
            findings,
            checkpoint,
        }
    }
}

impl Chain {
    fn verify(&self, name: &str, seen: Option<&Head>, findings: &mut Vec<Finding>) {
        let chain = || name.to_owned();
        let first = self
            .records
            .first_key_value()
            .map_or(1, |(first, _)| *first);
        // What an earlier run has seen may have expired since.
        let begin = seen.map_or(1, |head| first.clamp(1, head.sequence.saturating_add(1)));
        let mut next = begin;
        let mut previous = match seen {
            Some(head) if begin == head.sequence.saturating_add(1) => Some(head.digest.as_str()),
            _ if begin == 1 => Some(AuditRecord::FIRST),
            _ => None,
        };
        for (sequence, link) in &self.records {
            let sequence = *sequence;
            if sequence > next {
                findings.push(Finding::Missing {
                    chain: chain(),
                    from: next,
                    to: sequence - 1,
                });
                previous = None;
            }
            if previous.is_some_and(|previous| link.previous != previous) {
                findings.push(Finding::Unlinked {
                    chain: chain(),
                    sequence,
                });
            }
            if let Some(head) = seen
                && head.sequence == sequence
                && head.digest != link.digest
            {
                findings.push(Finding::Replaced {
                    chain: chain(),
                    sequence,
                });
            }
            previous = Some(&link.digest);
            next = sequence.saturating_add(1);
        }
        if let Some(head) = seen
            && head.sequence >= next
        {
            findings.push(Finding::Truncated {
                chain: chain(),
                last: next - 1,
                seen: head.sequence,
            });
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digest = digest(&SHA256, bytes);
    let digits = digest.as_ref().iter();
    digits.map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use mcp_lambda_contract::{AuditApi, AuditCallerKind, AuditOutcome};

    use super::*;

    /// The records of a chain, as a server writes them.
    fn chain(name: &str, length: u64) -> Vec<AuditRecord> {
        let mut previous = AuditRecord::FIRST.to_owned();
        let record = |sequence: u64| {
            let mut record = AuditRecord {
                chain: name.to_owned(),
                sequence,
                previous: previous.clone(),
                time: format!("2026-12-01T18:00:{sequence:02}.000Z"),
                server: "kennel".to_owned(),
                request_id: format!("{name}-{sequence}"),
                api: AuditApi::Mcp,
                subject: "anna".to_owned(),
                client: "client".to_owned(),
                kind: AuditCallerKind::Person,
                scopes: vec!["walk".to_owned()],
                tool: Some("walk".to_owned()),
                outcome: AuditOutcome::Ok,
                reason: None,
                digest: String::new(),
            };
            record.digest = hexadecimal(&record.canonical());
            previous.clone_from(&record.digest);
            record
        };
        (1..=length).map(record).collect()
    }

    fn lines(records: &[AuditRecord]) -> Vec<String> {
        records.iter().map(AuditRecord::line).collect()
    }

    fn verify(lines: &[String], seen: &Checkpoint) -> Report {
        let mut verifier = Verifier::of_file();
        for line in lines {
            verifier.add(line);
        }
        verifier.finish(seen, None)
    }

    fn findings(lines: &[String]) -> Vec<Finding> {
        verify(lines, &Checkpoint::default()).findings
    }

    fn at(sequence: u64) -> (String, u64) {
        ("a".to_owned(), sequence)
    }

    #[test]
    fn whole_chains_have_no_finding_also_with_repeated_records() {
        let mut all = lines(&chain("a", 9));
        all.extend(lines(&chain("b", 4)));
        // A response of PutLogEvents was lost, and the last two were sent again.
        all.extend_from_within(7..9);
        let report = verify(&all, &Checkpoint::default());
        assert_eq!(report.findings, []);
        assert_eq!((report.records, report.chains, report.repeated), (13, 2, 2));
        assert_eq!(report.checkpoint.chains["a"].sequence, 9);
    }

    #[test]
    fn an_altered_record_is_found_whether_or_not_its_digest_is_made_again() {
        let whole = chain("a", 5);
        for position in 0..5 {
            let mut altered = whole.clone();
            altered[position].tool = Some("bark".to_owned());
            let (chain, sequence) = at(position as u64 + 1);
            let expected = Finding::Altered { chain, sequence };
            assert_eq!(findings(&lines(&altered)), [expected]);

            let digest = hexadecimal(&altered[position].canonical());
            altered[position].digest = digest;
            let (chain, sequence) = at(position as u64 + 2);
            let expected = Finding::Unlinked { chain, sequence };
            // Nothing follows the last one: the checkpoint finds it.
            let expected = if position < 4 {
                vec![expected]
            } else {
                Vec::new()
            };
            assert_eq!(findings(&lines(&altered)), expected);
            let seen = verify(&lines(&whole), &Checkpoint::default()).checkpoint;
            assert_ne!(verify(&lines(&altered), &seen).findings, []);
        }
    }

    #[test]
    fn a_missing_record_is_found_wherever_it_was() {
        let whole = lines(&chain("a", 5));
        let seen = verify(&whole, &Checkpoint::default()).checkpoint;
        for position in 0..5 {
            let mut missing = whole.clone();
            missing.remove(position);
            let (chain, from) = at(position as u64 + 1);
            let expected = Finding::Missing {
                chain,
                from,
                to: from,
            };
            if position < 4 {
                assert_eq!(findings(&missing), [expected]);
            } else {
                assert_eq!(findings(&missing), [], "without a checkpoint");
                let (chain, seen_last) = at(5);
                let expected = Finding::Truncated {
                    chain,
                    last: 4,
                    seen: seen_last,
                };
                assert_eq!(verify(&missing, &seen).findings, [expected]);
            }
        }
        let gone = verify(&[], &seen).findings;
        assert_eq!(gone.len(), 1, "a whole chain: {gone:?}");
    }

    #[test]
    fn swapped_and_inserted_records_are_found() {
        let whole = lines(&chain("a", 6));
        let mut swapped = whole.clone();
        swapped.swap(2, 3);
        let (chain_name, sequence) = at(3);
        let expected = Finding::OutOfOrder {
            chain: chain_name,
            sequence,
        };
        assert_eq!(findings(&swapped), [expected]);

        let mut contents = chain("a", 6);
        let (left, right) = contents.split_at_mut(3);
        std::mem::swap(&mut left[2].tool, &mut right[0].tool);
        std::mem::swap(&mut left[2].request_id, &mut right[0].request_id);
        assert_eq!(findings(&lines(&contents)).len(), 2, "both are altered");

        let mut forged = chain("a", 6)[3].clone();
        forged.subject = "eve".to_owned();
        forged.digest = hexadecimal(&forged.canonical());
        let mut inserted = whole;
        inserted.insert(4, forged.line());
        let (chain, sequence) = at(4);
        assert_eq!(findings(&inserted), [Finding::Inserted { chain, sequence }]);
        inserted[4] = "no record".to_owned();
        assert_eq!(findings(&inserted), [Finding::Unreadable { line: 5 }]);
    }

    #[test]
    fn the_beginning_of_a_chain_may_expire_after_it_was_seen() {
        let whole = lines(&chain("a", 6));
        let seen = verify(&whole[..4], &Checkpoint::default()).checkpoint;
        for gone in 0..=4 {
            assert_eq!(
                verify(&whole[gone..], &seen).findings,
                [],
                "{gone} are gone"
            );
        }
        let (chain, sequence) = at(5);
        let expected = Finding::Missing {
            chain,
            from: sequence,
            to: sequence,
        };
        assert_eq!(verify(&whole[5..], &seen).findings, [expected]);
        let verifier = Verifier::of_file();
        assert_eq!(
            verifier
                .finish(&seen, Some("2027-01-01T00:00:00.000Z"))
                .findings,
            []
        );
    }

    #[test]
    fn events_of_a_log_group_come_in_any_order() {
        let mut verifier = Verifier::of_log_group();
        for line in lines(&chain("a", 6)).iter().rev() {
            verifier.add(line);
        }
        assert_eq!(verifier.finish(&Checkpoint::default(), None).findings, []);
    }
}
