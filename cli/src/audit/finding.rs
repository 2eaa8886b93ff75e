//! Lists what can be wrong with an audit trail.

use std::fmt;

/// One thing that is wrong, with its chain and its position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A line is no record.
    Unreadable {
        /// Number of the line, from 1.
        line: usize,
    },
    /// The digest of a record is not that of its content.
    Altered {
        /// Its chain.
        chain: String,
        /// Its position.
        sequence: u64,
    },
    /// A record does not have the digest of the one before it.
    Unlinked {
        /// Its chain.
        chain: String,
        /// Its position.
        sequence: u64,
    },
    /// Records are missing.
    Missing {
        /// Their chain.
        chain: String,
        /// The first of them.
        from: u64,
        /// The last of them.
        to: u64,
    },
    /// A record is after a later one of its chain.
    OutOfOrder {
        /// Its chain.
        chain: String,
        /// Its position.
        sequence: u64,
    },
    /// Two different records have one position.
    Inserted {
        /// Their chain.
        chain: String,
        /// Their position.
        sequence: u64,
    },
    /// The end of a chain, which an earlier run has seen, is missing.
    Truncated {
        /// The chain.
        chain: String,
        /// The last record that is there; 0 if there is none.
        last: u64,
        /// The last record that the earlier run has seen.
        seen: u64,
    },
    /// A record is another one than an earlier run has seen.
    Replaced {
        /// Its chain.
        chain: String,
        /// Its position.
        sequence: u64,
    },
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { line } => {
                write!(formatter, "line {line}: not a record of an audit trail")
            }
            Self::Altered { chain, sequence } => write!(
                formatter,
                "chain {chain}, record {sequence}: altered: its digest is not that of its content"
            ),
            Self::Unlinked { chain, sequence } => write!(
                formatter,
                "chain {chain}, record {sequence}: does not follow the record before it: one of the two was altered or replaced"
            ),
            Self::Missing { chain, from, to } if from == to => {
                write!(formatter, "chain {chain}, record {from}: missing")?;
                retention(formatter, *from)
            }
            Self::Missing { chain, from, to } => {
                write!(formatter, "chain {chain}, records {from} to {to}: missing")?;
                retention(formatter, *from)
            }
            Self::OutOfOrder { chain, sequence } => write!(
                formatter,
                "chain {chain}, record {sequence}: swapped: it is after a later record"
            ),
            Self::Inserted { chain, sequence } => write!(
                formatter,
                "chain {chain}, record {sequence}: two different records have this position: one was inserted"
            ),
            Self::Truncated {
                chain,
                last: 0,
                seen,
            } => write!(
                formatter,
                "chain {chain}: missing: an earlier run has seen {seen} records of it; if the log group's retention has removed them, give --retention-days"
            ),
            Self::Truncated { chain, last, seen } => write!(
                formatter,
                "chain {chain}, records {} to {seen}: missing: an earlier run has seen them",
                last + 1
            ),
            Self::Replaced { chain, sequence } => write!(
                formatter,
                "chain {chain}, record {sequence}: replaced: an earlier run has seen another one"
            ),
        }
    }
}

/// The beginning of a chain may have expired.
fn retention(formatter: &mut fmt::Formatter<'_>, from: u64) -> fmt::Result {
    if from == 1 {
        formatter.write_str(
            "; if the log group's retention has removed the beginning, verify with the --checkpoint of an earlier run",
        )?;
    }
    Ok(())
}
