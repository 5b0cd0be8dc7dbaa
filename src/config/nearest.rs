//! Which known key somebody probably meant. Pure.

/// The known key closest to `wanted`, if it is close enough to be a likely slip of the finger.
pub(super) fn nearest<'a>(wanted: &str, known: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let limit = (wanted.chars().count() / 3).max(2);
    known
        .map(|key| (distance(wanted, key), key.as_str()))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, key)| key)
}

/// The number of letters to insert, drop or replace to get from `from` to `to`.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, letter) in from.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for ((above_left, above), other) in row.iter().zip(row.iter().skip(1)).zip(&to) {
            let replaced = above_left + usize::from(letter != *other);
            left = replaced.min(above + 1).min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_distance_counts_single_letter_changes() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("same", "same"), 0);
    }

    #[test]
    fn a_slip_finds_its_key_and_nonsense_finds_none() {
        let known = ["database.url".to_owned(), "mail.smtp.host".to_owned()];
        assert_eq!(nearest("database.ulr", known.iter()), Some("database.url"));
        assert_eq!(nearest("mail.smtp.hots", known.iter()), Some("mail.smtp.host"));
        assert_eq!(nearest("weather.forecast", known.iter()), None);
    }
}
