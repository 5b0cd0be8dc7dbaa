//! Everything the tier, the patterns and the consistency checks read: facts and what was derived from them.

use crate::{
    domain::{
        dates::{DayRange, PartialDate},
        follow_up::FollowUp,
        text::NoduleId,
        truth::Truth,
        vocabulary::ExtrathoracicKind,
    },
    protocol::thresholds::{PatternThresholds, TierThresholds},
};

use super::{
    anchor::Anchors,
    dfi::Dfi,
    episode::{Episode, RecurrenceState, RecurrentNodule},
    evidence::Evidence,
    facts::{Facts, before, last_of, on_or_before},
    nodule_state::NoduleStatus,
    pathology::PathologyClass,
};

/// One patient on one day, with what was derived so far.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a, 'h> {
    /// The facts.
    pub facts: &'a Facts<'h>,
    /// Every nodule.
    pub nodules: &'a [NoduleStatus],
    /// The anchor dates.
    pub anchors: &'a Anchors,
    /// The disease-free interval.
    pub dfi: &'a Dfi,
    /// The episodes.
    pub episodes: &'a [Episode],
    /// Limits of the tiers.
    pub tiers: &'a TierThresholds,
    /// Limits of the patterns.
    pub limits: &'a PatternThresholds,
}

impl<'a> Case<'a, '_> {
    /// The last episode.
    #[must_use]
    pub const fn last_episode(&self) -> Option<&'a Episode> {
        self.episodes.last()
    }

    /// A statement about the last episode; unknown where it is not certain which one that is and they differ.
    #[must_use]
    pub fn of_last(&self, statement: impl Fn(&Episode) -> Truth) -> Truth {
        let starts = self.episodes.iter().map(|episode| episode.started_on.and_then(PartialDate::earliest));
        let latest_start = starts.max().flatten();
        let may_be_last = |episode: &&Episode| {
            let until = episode.treated_until.and_then(PartialDate::latest);
            until.zip(latest_start).is_none_or(|(until, start)| until >= start)
        };
        let mut answers = self.episodes.iter().filter(may_be_last).map(statement);
        let first = answers.next().unwrap_or(Truth::False);
        answers.fold(first, |one, other| if one == other { one } else { Truth::Unknown })
    }

    /// A statement that hangs on the order of the episodes; unknown where that is not certain.
    #[must_use]
    pub fn in_order(&self, statement: Truth) -> Truth {
        let certain = self.episodes.windows(2).all(|pair| match pair {
            [one, other] => on_or_before(one.treated_until, other.started_on).is_true(),
            _ => true,
        });
        if certain { statement } else { Truth::Unknown }
    }

    /// How many of the episodes are local therapy only, in words that follow their number. They count as episodes of a
    /// curative plan (clinical reference 1.5), but a sentence that counts them says what they are.
    pub(super) fn local_only(&self) -> String {
        match self.episodes.iter().filter(|episode| episode.operations.is_empty()).count() {
            0 => String::new(),
            number => format!(" (of these by local therapy only: {number})"),
        }
    }

    /// Nodules that are there and untreated.
    pub fn active(&self) -> impl Iterator<Item = &'a NoduleStatus> {
        self.nodules.iter().filter(|nodule| nodule.is_active())
    }

    /// Episodes after which something on record is or may be a recurrence, in order.
    pub fn relapsed(&self) -> impl DoubleEndedIterator<Item = &'a Episode> {
        self.episodes.iter().filter(|episode| episode.recurrence.on_record().may_be_true())
    }

    /// Of these, episodes that have a recurrence-free interval: one that was never cleared has none.
    pub fn intervals(&self) -> impl DoubleEndedIterator<Item = &'a Episode> {
        self.relapsed().filter(|episode| episode.cleared.may_be_true())
    }

    /// Every nodule of every recurrence, with the episode it came after.
    pub fn recurrent_nodules(&self) -> impl Iterator<Item = (&'a Episode, &'a RecurrentNodule)> {
        self.relapsed().flat_map(|episode| episode.recurrence.nodules.iter().map(move |one| (episode, one)))
    }

    /// What shows a recurrent nodule: itself, or the operations that took it out where nobody recorded it before.
    pub fn shown_by(
        &self,
        episode: &Episode,
        one: &RecurrentNodule,
    ) -> impl Iterator<Item = Evidence> + use<'a> {
        let next = || usize::try_from(episode.number).ok().and_then(|next| self.episodes.get(next));
        let operated = if one.nodule.is_none() { next().map(Episode::evidence) } else { None };
        let nodule = one.nodule.clone().map(Evidence::Nodule);
        nodule.into_iter().chain(operated.unwrap_or_default())
    }

    /// The days between which a recurrence began unseen, where nobody looked for long: from the last CT on which all
    /// lobes were clear, without one from clearance, to the first study that shows it.
    #[must_use]
    pub fn unwatched(&self, episode: &Episode) -> Option<(PartialDate, PartialDate)> {
        let on = episode.recurrence.on?;
        let looked = episode.recurrence.last_clear_on.or(episode.cleared_on)?;
        let soon = looked.lt_months(on, self.limits.intervals.long_gap_months);
        (!soon.is_true()).then_some((looked, on))
    }

    /// The recurrence-free interval after an episode in days; with both bounds where nobody looked for long.
    #[must_use]
    pub fn interval(&self, episode: &Episode) -> Option<DayRange> {
        let interval = episode.recurrence.interval?;
        if self.unwatched(episode).is_none() {
            return Some(interval);
        }
        let clear = episode.cleared_on.zip(episode.recurrence.last_clear_on);
        let min = clear.map_or(Some(0), |(cleared, clear)| cleared.days_until(clear).min);
        Some(DayRange { min, max: interval.max })
    }

    /// Whether the recurrence after an episode came less than `months` calendar months after clearance.
    /// Where clearance or the recurrence is not certain, a short interval is not certain either.
    #[must_use]
    pub fn relapse_within(&self, episode: &Episode, months: u32) -> Truth {
        let dates = episode.cleared_on.zip(episode.recurrence.on);
        let short = dates.map_or(Truth::Unknown, |(cleared, on)| cleared.lt_months(on, months));
        Truth::all([short, episode.cleared, episode.recurrence.on_record()])
    }

    /// Whether the last episode was certainly cleared at least `months` calendar months ago, with a later look at
    /// all lobes and no event, in the lung or elsewhere.
    #[must_use]
    pub fn event_free(&self, months: u32) -> bool {
        self.last_episode().is_some_and(|episode| {
            let long =
                episode.cleared_on.map_or(Truth::Unknown, |on| !on.lt_months(self.facts.today(), months));
            let lung_free = match episode.recurrence.state {
                RecurrenceState::None => true,
                // A refuted suspicion is no event once it no longer raises the tier.
                RecurrenceState::Refuted => {
                    let recent = self
                        .refuted_on(episode)
                        .map(|on| on.lt_months(self.facts.today(), self.tiers.refuted_months));
                    episode.recurrence.last_clear_on.is_some() && recent == Some(Truth::False)
                }
                _ => false,
            };
            episode.cleared.is_true() && long.is_true() && lung_free && !self.elsewhere_since(episode)
        })
    }

    /// Whether disease outside the lung may have come after an episode was cleared.
    fn elsewhere_since(&self, episode: &Episode) -> bool {
        let chest = self.facts.parts.thoracic_events.iter().filter(|event| event.confirmed != Some(false));
        let days = chest.map(|event| event.on).chain(self.extrathoracic().map(|event| event.on));
        days.into_iter().any(|on| before(episode.cleared_on, on).may_be_true())
    }

    /// The last day on which something suspected after an episode proved to be no metastasis.
    #[must_use]
    pub fn refuted_on(&self, episode: &Episode) -> Option<PartialDate> {
        let nodules = episode.recurrence.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Nodule(id) => self.facts.nodule(id),
            _ => None,
        });
        let mut days = nodules.map(|known| {
            let removed = known.removals(&self.facts.operations).last();
            let operation =
                removed.and_then(|(at, _)| self.facts.operations.get(at)).map(|operation| operation.on);
            operation.unwrap_or_else(|| known.sightings.last().and_then(|(study, _)| study.on))
        });
        let first = days.next()?;
        days.fold(first, last_of)
    }

    /// Nodules that may have been a recurrence after an episode, and of which pathology cannot say what they were.
    #[must_use]
    pub fn undecided(&self, episode: &Episode) -> Vec<Evidence> {
        let open = |id: &NoduleId| {
            self.nodules.iter().any(|one| one.nodule == *id && one.result == PathologyClass::Indeterminate)
        };
        let evidence = episode.recurrence.evidence.iter();
        evidence.filter(|one| matches!(one, Evidence::Nodule(id) if open(id))).cloned().collect()
    }

    /// Whether the patient is on record as dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.facts.parts.follow_up.as_ref().is_some_and(FollowUp::is_dead)
    }

    /// Disease outside the chest, recurrences at the primary site included.
    pub fn extrathoracic(&self) -> impl Iterator<Item = Extrathoracic> + '_ {
        let parts = self.facts.parts;
        let events = parts.extrathoracic_events.iter().map(|event| {
            let is_local = event.kind == Some(ExtrathoracicKind::LocalPrimary);
            ("extrathoracic_events", event.on, event.resected, is_local)
        });
        let primaries = self.facts.origin.possible(parts).into_iter();
        let local = primaries
            .flat_map(|primary| &primary.local_recurrences)
            .map(|local| ("primary.local_recurrences", local.on, local.resected, true));
        events.chain(local).map(|(part, on, resected, is_local)| Extrathoracic {
            is_local,
            after: before(self.anchors.metastases_on, on),
            on,
            resected,
            evidence: Evidence::Dated(part, on),
        })
    }
}

/// Whether the answer of a part is one that the answer of the whole rests on.
pub(super) const fn rests_on(whole: Truth, part: Truth) -> bool {
    match whole {
        Truth::True => part.is_true(),
        Truth::Unknown => part.may_be_true(),
        Truth::False => true,
    }
}

/// Disease outside the chest.
#[derive(Debug, Clone, PartialEq)]
pub struct Extrathoracic {
    /// Whether it is a recurrence at the site of a primary.
    pub is_local: bool,
    /// Whether it came after the diagnosis of lung metastases.
    pub after: Truth,
    /// Day.
    pub on: Option<PartialDate>,
    /// Whether it was resected.
    pub resected: Option<bool>,
    /// The fact.
    pub evidence: Evidence,
}
