//! The wire structs of `lobewatch.assessment/1`: keys in the order of the contract. They only carry an
//! assessment; nothing here computes one. Keys whose value does not exist are written as null, never left out.

use std::{borrow::Cow, fmt};

use chrono::NaiveDate;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, MapAccess, Visitor},
};

pub use super::timeline::{
    AnchorsEntry, DfiVariantEntry, DiseaseFreeInterval, EpisodeEntry, OperationResultEntry, RecurrenceEntry,
    UntilNextEntry,
};
use super::{
    field::{Field, WireValue as _},
    nodule_status::{MatchProposalEntry, NoduleStatusEntry},
};
use crate::domain::{
    dates::{DayRange, PartialDate},
    lung::Place,
    nodule::Tally,
    truth::Truth,
};

/// The value of `format`.
pub const ASSESSMENT_FORMAT: &str = "lobewatch.assessment/1";

/// What the program says about one patient on one day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssessmentDocument<'a> {
    /// Always `lobewatch.assessment/1`.
    pub format: Cow<'a, str>,
    /// The patient.
    pub study_id: Cow<'a, str>,
    /// Only facts dated on or before this day count.
    #[schemars(with = "String", extend("format" = "date"))]
    #[serde(serialize_with = "write_day")]
    pub as_of: NaiveDate,
    /// The protocol that was applied.
    pub protocol: ProtocolReference<'a>,
    /// Version of the rules that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rules_version: Option<Cow<'a, str>>,
    /// Dates from which intervals count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub anchors: Option<AnchorsEntry<'a>>,
    /// Disease-free interval.
    pub dfi: DiseaseFreeInterval<'a>,
    /// Group of the International Registry of Lung Metastases, `I` to `IV`, for comparison only; null where it is
    /// not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub irlm_group: Option<Cow<'a, str>>,
    /// Episodes of lung metastases, in order.
    pub episodes: Vec<EpisodeEntry<'a>>,
    /// All five lobes, and the escapes where used.
    pub lobes: PlaceMap<LobeCounts>,
    /// Every nodule or counted group, in the order of the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodules: Vec<NoduleStatusEntry<'a>>,
    /// Entries that may be one nodule, for a person to decide.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub match_proposals: Vec<MatchProposalEntry<'a>>,
    /// All patterns of the catalogue, in its order.
    pub patterns: Vec<PatternEntry<'a>>,
    /// Surveillance tier.
    pub tier: TierEntry<'a>,
    /// Surveillance plan.
    pub plan: PlanEntry<'a>,
    /// What people have to complete or correct.
    pub data_tasks: Vec<DataTask<'a>>,
}

/// Which protocol was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProtocolReference<'a> {
    /// Name.
    pub id: Cow<'a, str>,
    /// Version.
    pub version: Cow<'a, str>,
}

/// A number of days within bounds; a null bound is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Days {
    /// The smallest value the facts allow.
    pub min: Option<i64>,
    /// The largest value the facts allow.
    pub max: Option<i64>,
}

impl From<DayRange> for Days {
    fn from(range: DayRange) -> Self {
        Self { min: range.min, max: range.max }
    }
}

/// Numbers of nodules of one lobe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LobeCounts {
    /// All that are on record.
    pub nodules: Count,
    /// Still there.
    pub active: Count,
    /// Resected.
    pub resected: Count,
    /// Metastases by pathology.
    pub metastases: Count,
    /// Benign by pathology.
    pub benign: Count,
    /// Of the active ones, those that are watched: not called a metastasis, not growing, in no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Count>,
    /// Of the metastases, viable.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viable: Option<Count>,
    /// Of the resected ones, those that no imaging before the operation showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occult: Option<Count>,
}

/// The answer of one pattern of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PatternEntry<'a> {
    /// Stable id, such as `P01`.
    pub id: Cow<'a, str>,
    /// Stable name.
    pub name: Cow<'a, str>,
    /// The answer.
    pub state: PatternState,
    /// What it does to the tier.
    pub effect: Cow<'a, str>,
    /// Why, in one sentence.
    pub reason: Cow<'a, str>,
    /// Ids of the facts it rests on.
    pub evidence: Vec<Cow<'a, str>>,
    /// What would decide it.
    pub missing: Vec<Cow<'a, str>>,
    /// Finer shades, such as `very-early`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Cow<'a, str>>,
    /// Ids of the published figures that say why a raised flag matters; for orientation, never a prediction. Absent
    /// where the pattern is not true, or has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub figures: Vec<Cow<'a, str>>,
}

/// The surveillance tier and what led to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierEntry<'a> {
    /// The tier in force.
    pub tier: Cow<'a, str>,
    /// What the rules compute; another than `tier` where a person decided so.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub computed: Cow<'a, str>,
    /// The person's decision that counts on the day; null where there is none.
    #[serde(rename = "override", default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<TierDecisionEntry<'a>>,
    /// What was asked.
    pub triggers: Vec<TriggerEntry<'a>>,
    /// A step down that a clinician may accept; null where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalEntry<'a>>,
}

/// A person's decision for another tier than the computed one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierDecisionEntry<'a> {
    /// The tier that was chosen.
    pub tier: Cow<'a, str>,
    /// Who decided.
    pub by: Option<Cow<'a, str>>,
    /// Day of the decision.
    pub on: Option<Field<PartialDate>>,
    /// Last day on which it counts.
    pub until: Option<Field<PartialDate>>,
    /// Why.
    pub reason: Option<Cow<'a, str>>,
}

/// A proposed step down. Nothing changes until a clinician accepts it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalEntry<'a> {
    /// To this tier.
    pub to: Cow<'a, str>,
    /// Why it may be proposed.
    pub reason: Cow<'a, str>,
}

/// One input of the tier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerEntry<'a> {
    /// Stable id.
    pub id: Cow<'a, str>,
    /// The tier it leads to.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub tier: Cow<'a, str>,
    /// The answer.
    pub state: PatternState,
    /// Why, in one sentence.
    pub reason: Cow<'a, str>,
    /// Ids of the facts it rests on.
    pub evidence: Vec<Cow<'a, str>>,
    /// Where the rule comes from.
    pub source: Cow<'a, str>,
}

/// The surveillance plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanEntry<'a> {
    /// Day from which it is counted.
    pub anchor_on: Option<Field<PartialDate>>,
    /// Whether it runs.
    pub state: PlanState,
    /// The next scan.
    pub next: Option<SlotEntry<'a>>,
    /// All slots.
    pub slots: Vec<SlotEntry<'a>>,
    /// Why there is no next slot, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
}

/// One planned scan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SlotEntry<'a> {
    /// Stable within the patient: how records about the slot name it.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub key: Cow<'a, str>,
    /// What it asks for: `baseline`, `series`, `observed-nodule`, `repeat`, `guard`, `local-recurrence`, `decision` or
    /// `review`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub kind: Cow<'a, str>,
    /// What it is in words, such as `month 12`.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub label: Cow<'a, str>,
    /// Day it is due.
    #[schemars(with = "String", extend("format" = "date"))]
    #[serde(serialize_with = "write_day")]
    pub due_on: NaiveDate,
    /// Days on which it counts as done in time.
    pub window: WindowEntry,
    /// Where it stands.
    pub state: SlotState,
    /// The appointment, where one is recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booked_for: Option<Field<PartialDate>>,
    /// The three clocks: day of the scan, of its report, and of what the clinic did about it, as far as on record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub performed_on: Option<Field<PartialDate>>,
    /// Day of the report of that scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reported_on: Option<Field<PartialDate>>,
    /// Day on which the clinic acted on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acted_on: Option<Field<PartialDate>>,
    /// Why it is planned.
    pub why: Cow<'a, str>,
}

/// First and last day of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WindowEntry {
    /// First day.
    #[schemars(with = "String", extend("format" = "date"))]
    #[serde(serialize_with = "write_day")]
    pub from: NaiveDate,
    /// Last day.
    #[schemars(with = "String", extend("format" = "date"))]
    #[serde(serialize_with = "write_day")]
    pub to: NaiveDate,
}

/// Something people have to complete or correct.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataTask<'a> {
    /// Stable id.
    pub id: Cow<'a, str>,
    /// What is missing and what for.
    pub reason: Cow<'a, str>,
}

/// A day in one piece; see [`PartialDate`] for why that matters.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn write_day<S: Serializer>(day: &NaiveDate, serializer: S) -> Result<S::Ok, S::Error> {
    PartialDate::Day(*day).write(serializer)
}

macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident { $($value:ident = $code:literal,)+ })+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum $name {
            $(#[doc = concat!("`", $code, "`")] #[serde(rename = $code)] $value,)+
        }

        impl $name {
            /// The code of the contract.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$value => $code,)+ }
            }
        }
    )+};
}

codes! {
    /// A truth value.
    TruthCode { True = "true", False = "false", Unknown = "unknown", }
    /// The answer of a pattern.
    PatternState { True = "true", False = "false", Unknown = "unknown", NotApplicable = "not_applicable", }
    /// How the lung metastases came to be, in time.
    DfiClass {
        Synchronous = "synchronous", DuringPrimaryTreatment = "during_primary_treatment",
        Metachronous = "metachronous", Unknown = "unknown",
    }
    /// How sure a recurrence is.
    RecurrenceState {
        None = "none", Suspected = "suspected", Confirmed = "confirmed", Refuted = "refuted", Unknown = "unknown",
    }
    /// Side of a recurrence relative to the operated one.
    RecurrenceSide {
        Ipsilateral = "ipsilateral", Contralateral = "contralateral", Bilateral = "bilateral",
        NotApplicable = "not_applicable", Unknown = "unknown",
    }
    /// Whether a plan runs.
    PlanState {
        Active = "active", PausedByDecision = "paused_by_decision", Refused = "refused",
        Transferring = "transferring", Transferred = "transferred", Ended = "ended", Uncontactable = "uncontactable",
    }
    /// Where a planned scan stands; from `done` on only among all slots of a plan.
    SlotState {
        Planned = "planned", Due = "due", Overdue = "overdue", SeverelyOverdue = "severely_overdue",
        Done = "done", Missed = "missed", DoneElsewhere = "done_elsewhere", NotNeeded = "not_needed",
        Reviewed = "reviewed",
    }
}

impl From<Truth> for TruthCode {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Unknown => Self::Unknown,
        }
    }
}

impl From<Truth> for PatternState {
    fn from(truth: Truth) -> Self {
        match truth {
            Truth::True => Self::True,
            Truth::False => Self::False,
            Truth::Unknown => Self::Unknown,
        }
    }
}

/// A number of nodules: exact, or `{"min": 3}` where it is only a lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Count {
    /// Exactly this many.
    Exactly(u32),
    /// At least this many.
    AtLeast(LowerBound),
}

/// A lower bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LowerBound {
    /// The least it can be.
    pub min: u32,
}

impl Default for Count {
    fn default() -> Self {
        Self::Exactly(0)
    }
}

impl From<Tally> for Count {
    fn from(tally: Tally) -> Self {
        if tally.exact { Self::Exactly(tally.min) } else { Self::AtLeast(LowerBound { min: tally.min }) }
    }
}

/// In words: `3`, `at least 3`, or `not known` for a lower bound of nothing.
impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(count) => write!(f, "{count}"),
            Self::AtLeast(LowerBound { min: 0 }) => f.write_str("not known"),
            Self::AtLeast(bound) => write!(f, "at least {}", bound.min),
        }
    }
}

/// A map by place, written in the order it was filled in: that of [`Place::ALL`] for a contract document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlaceMap<T>(pub Vec<(Place, T)>);

impl<T> PlaceMap<T> {
    /// The value of a place.
    pub fn get(&self, place: Place) -> Option<&T> {
        self.0.iter().find(|(own, _)| *own == place).map(|(_, value)| value)
    }
}

impl<T> Default for PlaceMap<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> FromIterator<(Place, T)> for PlaceMap<T> {
    fn from_iter<I: IntoIterator<Item = (Place, T)>>(entries: I) -> Self {
        Self(entries.into_iter().collect())
    }
}

impl<T: Serialize> Serialize for PlaceMap<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(place, value)| (place.code(), value)))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for PlaceMap<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ByPlace<T>(std::marker::PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ByPlace<T> {
            type Value = PlaceMap<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with lobes as keys")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<PlaceMap<T>, A::Error> {
                let mut entries = Vec::new();
                while let Some(code) = object.next_key::<String>()? {
                    let place = Place::parse(&code)
                        .ok_or_else(|| de::Error::custom(format!("`{code}` is not a lobe")))?;
                    entries.push((place, object.next_value()?));
                }
                Ok(PlaceMap(entries))
            }
        }

        deserializer.deserialize_map(ByPlace(std::marker::PhantomData))
    }
}

impl<T: JsonSchema> JsonSchema for PlaceMap<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("PlaceMap_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        let properties: serde_json::Map<_, _> =
            Place::ALL.into_iter().map(|place| (place.code().to_owned(), value.clone().to_value())).collect();
        json_schema!({ "type": "object", "properties": properties, "additionalProperties": false })
    }
}
