//! A history as separate facts: one fragment of the document each, in canonical JSON, with its stable key.
//!
//! [`super::assemble`] puts facts together again; which fact replaces which is decided by [`super::compare`].

use chrono::NaiveDate;
use serde::Serialize;

use super::{field::List, history::HistoryDocument, write::text_of};
use crate::domain::{
    dates::PartialDate,
    history::History,
    lung::{Place, Side},
    vocabulary::Vocabulary,
};

/// What a fact is about. The codes are stored: none is ever renamed or reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FactKind {
    /// Where the history was taken from.
    Source,
    /// The patient.
    Patient,
    /// What identifies the person.
    Identity,
    /// General condition and lung function.
    Fitness,
    /// The primary tumour.
    Primary,
    /// A further primary tumour.
    OtherPrimary,
    /// First diagnosis of lung metastases.
    LungMetastases,
    /// A nodule or group.
    Nodule,
    /// A decision on whether two entries are one nodule.
    NoduleLink,
    /// An imaging study with its findings.
    Imaging,
    /// An operation with its resections and complications.
    Operation,
    /// A systemic therapy.
    SystemicTherapy,
    /// A local therapy.
    LocalTherapy,
    /// Disease inside the thorax, outside the lung.
    ThoracicEvent,
    /// Disease outside the thorax.
    ExtrathoracicEvent,
    /// A tumour-board decision.
    BoardDecision,
    /// A person's decision for another tier than the computed one.
    TierOverride,
    /// What somebody recorded about a planned scan or decision.
    SlotAction,
    /// Course and end of follow-up.
    FollowUp,
}

impl FactKind {
    /// Every kind in the order of the document.
    pub const ALL: [Self; 19] = [
        Self::Source,
        Self::Patient,
        Self::Identity,
        Self::Fitness,
        Self::Primary,
        Self::OtherPrimary,
        Self::LungMetastases,
        Self::Nodule,
        Self::NoduleLink,
        Self::Imaging,
        Self::Operation,
        Self::SystemicTherapy,
        Self::LocalTherapy,
        Self::ThoracicEvent,
        Self::ExtrathoracicEvent,
        Self::BoardDecision,
        Self::TierOverride,
        Self::SlotAction,
        Self::FollowUp,
    ];

    /// The stored code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Patient => "patient",
            Self::Identity => "identity",
            Self::Fitness => "fitness",
            Self::Primary => "primary",
            Self::OtherPrimary => "other_primary",
            Self::LungMetastases => "lung_metastases",
            Self::Nodule => "nodule",
            Self::NoduleLink => "nodule_link",
            Self::Imaging => "imaging",
            Self::Operation => "operation",
            Self::SystemicTherapy => "systemic_therapy",
            Self::LocalTherapy => "local_therapy",
            Self::ThoracicEvent => "thoracic_event",
            Self::ExtrathoracicEvent => "extrathoracic_event",
            Self::BoardDecision => "board_decision",
            Self::TierOverride => "tier_override",
            Self::SlotAction => "slot_action",
            Self::FollowUp => "follow_up",
        }
    }

    /// The kind of a stored code; `None` for any other text.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// Whether facts of this kind have no id of their own and are numbered from 1.
    #[must_use]
    pub const fn is_numbered(self) -> bool {
        matches!(
            self,
            Self::NoduleLink
                | Self::ThoracicEvent
                | Self::ExtrathoracicEvent
                | Self::BoardDecision
                | Self::TierOverride
                | Self::SlotAction
        )
    }
}

/// One fact of a history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentFact {
    /// What it is about.
    pub kind: FactKind,
    /// Its id; the kind's code for what exists once; a number from 1 for lists without ids.
    pub key: String,
    /// Place in its list, from 0. Only the order of an export depends on it.
    pub position: i32,
    /// Where it lies, for nodules. An index for queries; reading back looks only at `content`.
    pub lobe: Option<Place>,
    /// `right`, `left`, `bilateral` or `unknown`, for nodules and operations. An index for queries.
    pub side: Option<&'static str>,
    /// The first day its main date can be; `None` where open or not reported. An index for queries.
    pub earliest_on: Option<NaiveDate>,
    /// The last day its main date can be; `None` where open or not reported. An index for queries.
    pub latest_on: Option<NaiveDate>,
    /// The fragment of the document as compact canonical JSON.
    pub content: String,
}

/// Splits a history into its facts, in the order of the document.
#[must_use]
pub fn split(history: &History) -> Vec<DocumentFact> {
    let document = HistoryDocument::of(history);
    let mut facts = Facts(Vec::new());
    facts.single(FactKind::Source, document.source.as_ref(), None);
    facts.single(FactKind::Patient, document.patient.as_ref(), None);
    facts.single(FactKind::Identity, document.identity.as_ref(), None);
    facts.single(FactKind::Fitness, document.fitness.as_ref(), None);
    let primary = history.primary.as_ref().and_then(|primary| primary.treated_on.or(primary.diagnosed_on));
    facts.single(FactKind::Primary, document.primary.as_ref(), primary);
    facts.list(
        FactKind::OtherPrimary,
        &history.other_primaries,
        &document.other_primaries,
        |primary, fact| {
            if let Some(id) = &primary.id {
                fact.key = id.to_string();
            }
            primary.treated_on.or(primary.diagnosed_on)
        },
    );
    let first = history.lung_metastases.as_ref().and_then(|first| first.diagnosed_on);
    facts.single(FactKind::LungMetastases, document.lung_metastases.as_ref(), first);
    facts.list(FactKind::Nodule, &history.nodules, &document.nodules, |nodule, fact| {
        fact.key = nodule.id.to_string();
        fact.lobe = Some(nodule.place.place());
        fact.side = nodule.place.place().side().map(Side::word);
        None
    });
    facts.list(FactKind::NoduleLink, &history.nodule_links, &document.nodule_links, |link, _| link.on);
    facts.list(FactKind::Imaging, &history.imaging, &document.imaging, |study, fact| {
        fact.key = study.id.to_string();
        study.on
    });
    facts.list(FactKind::Operation, &history.operations, &document.operations, |operation, fact| {
        fact.key = operation.id.to_string();
        fact.side = operation.side.map(Vocabulary::code);
        operation.on
    });
    facts.list(
        FactKind::SystemicTherapy,
        &history.systemic_therapies,
        &document.systemic_therapies,
        |therapy, fact| {
            fact.key = therapy.id.to_string();
            therapy.started_on
        },
    );
    facts.list(
        FactKind::LocalTherapy,
        &history.local_therapies,
        &document.local_therapies,
        |therapy, fact| {
            fact.key = therapy.id.to_string();
            therapy.started_on
        },
    );
    facts.list(FactKind::ThoracicEvent, &history.thoracic_events, &document.thoracic_events, |event, _| {
        event.on
    });
    facts.list(
        FactKind::ExtrathoracicEvent,
        &history.extrathoracic_events,
        &document.extrathoracic_events,
        |event, _| event.on,
    );
    facts.list(
        FactKind::BoardDecision,
        &history.board_decisions,
        &document.board_decisions,
        |decision, _| decision.on,
    );
    facts.list(FactKind::TierOverride, &history.tier_overrides, &document.tier_overrides, |decision, _| {
        decision.on
    });
    facts.list(FactKind::SlotAction, &history.slot_actions, &document.slot_actions, |action, _| action.on);
    let contact = history.follow_up.as_ref().and_then(|follow_up| follow_up.last_contact_on);
    facts.single(FactKind::FollowUp, document.follow_up.as_ref(), contact);
    facts.0
}

struct Facts(Vec<DocumentFact>);

impl Facts {
    fn single<E: Serialize>(&mut self, kind: FactKind, entry: Option<&E>, on: Option<PartialDate>) {
        if let Some(entry) = entry {
            let mut fact = blank(kind, kind.code().to_owned(), 0, text_of(entry, false));
            fact.date(on);
            self.0.push(fact);
        }
    }

    /// One fact per entry; `describe` fills in what is not in common and names the main date.
    fn list<D, E: Serialize>(
        &mut self,
        kind: FactKind,
        domain: &[D],
        entries: &List<E>,
        describe: impl Fn(&D, &mut DocumentFact) -> Option<PartialDate>,
    ) {
        for (position, (value, entry)) in domain.iter().zip(&entries.0).enumerate() {
            let place = i32::try_from(position).unwrap_or(i32::MAX);
            let mut fact = blank(kind, (position + 1).to_string(), place, text_of(entry, false));
            let on = describe(value, &mut fact);
            fact.date(on);
            self.0.push(fact);
        }
    }
}

const fn blank(kind: FactKind, key: String, position: i32, content: String) -> DocumentFact {
    DocumentFact { kind, key, position, lobe: None, side: None, earliest_on: None, latest_on: None, content }
}

impl DocumentFact {
    fn date(&mut self, on: Option<PartialDate>) {
        self.earliest_on = on.and_then(PartialDate::earliest);
        self.latest_on = on.and_then(PartialDate::latest);
    }
}
