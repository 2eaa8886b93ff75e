//! Finds what a wrong id or name was meant to be.

/// How alike two strings have to be, from 0 to 1.
const ALIKE: f64 = 0.7;

/// At most three of `known` (id and name) that are like `wanted`, the most alike first.
#[must_use]
pub(crate) fn near<'a>(
    wanted: &str,
    known: impl Iterator<Item = (&'a str, &'a str)>,
) -> Vec<(&'a str, &'a str)> {
    let wanted = wanted.to_lowercase();
    let alike = |text: &str| strsim::normalized_damerau_levenshtein(&wanted, text);
    let mut scored: Vec<_> = known
        .map(|(id, name)| {
            let lower = name.to_lowercase();
            let contained =
                wanted.len() > 2 && (lower.contains(&wanted) || wanted.contains(&lower));
            let score = if contained {
                1.0
            } else {
                alike(&id.to_lowercase()).max(alike(&lower))
            };
            (score, id, name)
        })
        .filter(|(score, ..)| *score >= ALIKE)
        .collect();
    scored.sort_by(|(one, one_id, _), (other, other_id, _)| {
        other.total_cmp(one).then_with(|| one_id.cmp(other_id))
    });
    scored
        .into_iter()
        .take(3)
        .map(|(_, id, name)| (id, name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let known = [
            ("p001", "Smartphone X"),
            ("p002", "Headphones"),
            ("p011", "Wireless Mouse"),
        ];
        let ids = |wanted: &str| -> Vec<&str> {
            near(wanted, known.iter().copied())
                .iter()
                .map(|(id, _)| *id)
                .collect()
        };
        assert_eq!(ids("headphone"), ["p002"]);
        assert_eq!(ids("Hedphones"), ["p002"]);
        assert_eq!(ids("mouse"), ["p011"]);
        assert_eq!(ids("P0001"), ["p001"]);
        assert_eq!(ids("submarine"), Vec::<&str>::new());
    }
}
