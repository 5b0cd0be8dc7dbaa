//! The risk tier: every trigger with its reason, and proposals to step down that only a person can accept.

use std::borrow::Cow;

use chrono::NaiveDate;

use crate::domain::{
    tier::{Tier, TierOverride},
    truth::Truth,
};

use super::{case::Case, dfi::DfiClass, evidence::Evidence, patterns::PatternResult, tier_active, tier_high};

/// The tier and what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct TierAssessment {
    /// The tier in force: the computed one, or another that a person chose.
    pub tier: Tier,
    /// What the rules compute: A, H or S. L is reached only when a person accepts the proposal.
    pub computed: Tier,
    /// The person's decision that counts on the day. It may not hold against what came later.
    pub decision: Option<TierOverride>,
    /// Where that decision asks for less than computed: since when one did without a gap, at the latest.
    pub lowered_on: Option<NaiveDate>,
    /// Whether nothing is missing and enough months without event have passed for tier L.
    pub low_reachable: bool,
    /// All triggers in the order of the clinical reference.
    pub triggers: Vec<Trigger>,
    /// A step down that a clinician may accept; nothing changes until then.
    pub proposal: Option<TierProposal>,
}

/// One question of the tier.
#[derive(Debug, Clone, PartialEq)]
pub struct Trigger {
    /// Stable kebab-case id.
    pub id: &'static str,
    /// The tier it leads to.
    pub tier: Tier,
    /// The answer; unknown counts as unfavourable.
    pub state: Truth,
    /// Why, in one sentence.
    pub reason: Cow<'static, str>,
    /// What it rests on.
    pub evidence: Vec<Evidence>,
    /// Where the rule comes from.
    pub source: &'static str,
}

impl TierAssessment {
    /// Puts another tier than the computed one into force. What was proposed for the computed one is moot then.
    pub(super) fn put(&mut self, tier: Tier) {
        if tier != self.computed {
            self.proposal = None;
        }
        self.tier = tier;
    }
}

impl Trigger {
    /// The tier it leads to on the day. What is not known counts as unfavourable: it does not prove activity, but it
    /// keeps the patient in H.
    pub(super) const fn reached(&self) -> Option<Tier> {
        match self.state {
            Truth::True => Some(self.tier),
            Truth::Unknown => Some(Tier::High),
            Truth::False => None,
        }
    }
}

/// A proposed step down.
#[derive(Debug, Clone, PartialEq)]
pub struct TierProposal {
    /// From this tier.
    pub from: Tier,
    /// To this one.
    pub to: Tier,
    /// Why it may be proposed.
    pub reason: String,
}

/// All triggers of one reading, in the order of the clinical reference.
pub(super) fn triggers(case: &Case<'_, '_>, patterns: &[PatternResult]) -> Vec<Trigger> {
    let mut triggers = tier_active::triggers(case);
    triggers.extend(tier_high::triggers(case));
    triggers.extend(tier_high::of_patterns(case, patterns));
    triggers
}

/// Computes the tier. A step down is never taken here, only proposed, and only where every reading of the record allows
/// it.
pub(super) fn assess(cases: &[Case<'_, '_>], triggers: Vec<Trigger>) -> TierAssessment {
    // The highest matching tier wins.
    let computed = triggers.iter().filter_map(Trigger::reached).min().unwrap_or(Tier::Standard);
    let may_be_active = triggers.iter().any(|one| one.tier == Tier::Active && one.state.is_unknown());
    let low_reachable = cases.iter().all(|case| case.event_free(case.tiers.low_after_months))
        && !triggers.iter().any(|trigger| trigger.state.is_unknown());
    let may_be_lowered = !may_be_active && !cases.iter().any(Case::is_dead);
    let mut proposals = cases.iter().map(|case| proposal(case, computed));
    let first = proposals.next().flatten();
    TierAssessment {
        tier: computed,
        computed,
        decision: None,
        lowered_on: None,
        low_reachable,
        triggers,
        proposal: first.filter(|_| may_be_lowered && proposals.all(|other| other.is_some())),
    }
}

fn proposal(case: &Case<'_, '_>, tier: Tier) -> Option<TierProposal> {
    let limits = case.tiers;
    match tier {
        Tier::High if case.event_free(limits.standard_after_months) => Some(TierProposal {
            from: Tier::High,
            to: Tier::Standard,
            reason: format!(
                "{} months since clearance without an event on record; a clinician may accept it at a visit",
                limits.standard_after_months
            ),
        }),
        Tier::Standard if is_low(case) => Some(TierProposal {
            from: Tier::Standard,
            to: Tier::Low,
            reason: format!(
                "all conditions of tier L hold as recorded, {} months since clearance without an event on record; a \
                 clinician may accept it at a visit",
                limits.low_after_months
            ),
        }),
        _ => None,
    }
}

/// The conditions of tier L that do not follow from tier S. That one leaves no trigger true or open: margins are R0, no
/// node is enlarged, every result is there.
fn is_low(case: &Case<'_, '_>) -> bool {
    let [episode] = case.episodes else { return false };
    case.dfi.class == DfiClass::Metachronous
        && case.dfi.at_least_36_months.is_true()
        && episode.counts.metastases.min == 1
        && episode.with_observed.is_false()
        && case.active().next().is_none()
        && case.event_free(case.tiers.low_after_months)
}
