//! The order of the programs in a round.

/// The positions of `programs` programs in `round`, by a Williams design.
///
/// The processor's caches hold what ran before, so a program that always follows a large one would start slower. With an
/// even number of programs, `programs` rounds in a row have each of them once right after every other; with an odd
/// number, twice as many rounds have it twice.
pub fn order(programs: usize, round: usize) -> Vec<usize> {
    let zigzag = (0..programs).map(|position| match position % 2 {
        0 => (programs - position / 2) % programs,
        _ => position / 2 + 1,
    });
    let (first, mirrored) = match programs % 2 {
        0 => (round, false),
        _ => (round / 2, round % 2 == 1),
    };
    let mut order: Vec<usize> = zigzag
        .map(|place| (place + first) % programs.max(1))
        .collect();
    if mirrored {
        order.reverse();
    }
    order
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::order;

    /// How often each program comes right after each other one.
    fn neighbours(programs: usize, rounds: usize) -> BTreeMap<(usize, usize), usize> {
        let mut counts = BTreeMap::new();
        for round in 0..rounds {
            for pair in order(programs, round).windows(2) {
                *counts.entry((pair[0], pair[1])).or_default() += 1;
            }
        }
        counts
    }

    #[test]
    fn every_program_runs_once_in_a_round() {
        for programs in 0..12 {
            for round in 0..30 {
                let mut sorted = order(programs, round);
                sorted.sort_unstable();
                assert_eq!(sorted, (0..programs).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn every_program_follows_every_other_one_equally_often() {
        for (programs, rounds, each) in [(6, 6, 1), (18, 18, 1), (5, 10, 2), (17, 34, 2)] {
            let counts = neighbours(programs, rounds);
            assert_eq!(counts.len(), programs * (programs - 1));
            assert!(counts.values().all(|count| *count == each), "{counts:?}");
        }
    }
}
