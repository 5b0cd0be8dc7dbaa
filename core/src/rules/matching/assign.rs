//! One to one: every entry is proposed for at most one other, and the proposals together fit best.

use std::collections::BTreeMap;

use super::{MatchProposal, Row};

/// The best choice so far for one set of known nodules in use: its score, and what each newcomer got.
type Choice = (u32, Vec<Option<usize>>);

/// Chooses, of all ways to pair every newcomer with at most one known nodule, the one with the highest sum of
/// scores; of equal ones the first in the order of the record. The caller keeps the rows few.
pub(super) fn one_to_one(rows: Vec<Row>) -> Vec<MatchProposal> {
    let mut best: BTreeMap<Vec<usize>, Choice> = BTreeMap::from([(Vec::new(), (0, Vec::new()))]);
    for (_, fits) in &rows {
        let mut next: BTreeMap<Vec<usize>, Choice> = BTreeMap::new();
        for (used, (score, chosen)) in best {
            let mut offer = |known: Option<usize>, points: u32| {
                let mut used = used.clone();
                used.extend(known);
                used.sort_unstable();
                let mut chosen = chosen.clone();
                chosen.push(known);
                let total = score + points;
                let slot = next.entry(used).or_insert_with(|| (total, chosen.clone()));
                if total > slot.0 {
                    *slot = (total, chosen);
                }
            };
            for (known, proposal) in fits {
                if !used.contains(known) {
                    offer(Some(*known), proposal.fit.score + 1);
                }
            }
            offer(None, 0);
        }
        best = next;
    }
    // The first of equal sums: `max_by_key` would take the last.
    let chosen = best.into_values().rev().max_by_key(|(score, _)| *score).map(|(_, chosen)| chosen);
    let pairs = rows.into_iter().zip(chosen.unwrap_or_default());
    pairs.filter_map(|((_, mut fits), known)| fits.remove(&known?)).collect()
}
