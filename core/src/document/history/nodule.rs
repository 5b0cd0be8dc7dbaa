//! Wire form of nodules, and of a count that may be "several".

use std::{borrow::Cow, num::NonZeroU32};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{
    document::{
        field::{Field, Must},
        path::{Path, Problems},
        slot::{Slot, wire},
        value::Lingula,
    },
    domain::{
        dates::PartialDate,
        lung::{Lobe, NodulePlace, Place, Segment},
        nodule::{Nodule, NoduleClosure, NoduleCount, NoduleLink},
        text::{NoduleId, Text},
        vocabulary::{LinkDecision, NoduleOrigin, SubLocation},
    },
};

wire! {
    /// A nodule or a counted group under its lobe.
    NoduleEntry ("NoduleEntry") {
        /// Permanent identity within the patient.
        id: Must<NoduleId>,
        /// Lobe; the side only (`right_nos`, `left_nos`); or `nos` where not even the side is reported.
        lobe: Must<Place>,
        /// Segment.
        segment: Option<Field<Segment>>,
        /// The second lobe of a fissural nodule.
        fissural_with: Option<Field<Lobe>>,
        /// The lingula of the left upper lobe.
        sub: Option<Field<Lingula>>,
        /// How many nodules the entry stands for: absent is one, null is several.
        count: CountSlot,
        /// How it came to be known.
        origin: Option<Field<NoduleOrigin>>,
        /// Where in the lobe it lies.
        sub_location: Option<Field<SubLocation>>,
        /// A remark.
        comment: Option<Field<Text>>,
        /// The decision of a person that the nodule is settled; it needs all three keys.
        closed: Option<NoduleClosureEntry>,
    }
}

wire! {
    /// A person's decision that a nodule is settled.
    NoduleClosureEntry ("NoduleClosureEntry") for NoduleClosure {
        /// Day of the decision.
        on: Option<Field<PartialDate>>,
        /// Who decided.
        by: Option<Field<Text>>,
        /// Why.
        reason: Option<Field<Text>>,
    }
}

wire! {
    /// A person's decision on whether two entries are one nodule. Without a name it counts for nothing.
    NoduleLinkEntry ("NoduleLinkEntry") for NoduleLink {
        /// Id of the nodule in question.
        nodule: Must<NoduleId>,
        /// Id of the nodule it is held to be, or not to be.
        same_as: Must<NoduleId>,
        /// The decision.
        decision: Must<LinkDecision>,
        /// Day of the decision; of two on the same nodules the later one counts.
        on: Option<Field<PartialDate>>,
        /// Who decided.
        by: Option<Field<Text>>,
        /// Why.
        reason: Option<Field<Text>>,
    }
}

impl Slot for NoduleEntry {
    type Domain = Nodule;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Nodule> {
        let id = self.id.read(at.key("id"), problems);
        let lobe = self.lobe.read(at.key("lobe"), problems);
        let segment = self.segment.read(at.key("segment"), problems)?;
        let fissural_with = self.fissural_with.read(at.key("fissural_with"), problems)?;
        let lingula = self.sub.read(at.key("sub"), problems)?.is_some();
        let count = self.count.read(at.key("count"), problems);
        let origin = self.origin.read(at.key("origin"), problems)?;
        let sub_location = self.sub_location.read(at.key("sub_location"), problems)?;
        let comment = self.comment.read(at.key("comment"), problems)?;
        let closed = self.closed.read(at.key("closed"), problems)?;
        let place = NodulePlace::new(lobe?, segment, fissural_with, lingula)
            .map_err(|error| problems.report(at.key("lobe"), error.to_string()))
            .ok();
        Some(Nodule { id: id?, place: place?, count: count?, origin, sub_location, comment, closed })
    }

    fn write(nodule: &Nodule) -> Self {
        let place = nodule.place;
        Self {
            id: Slot::write(&nodule.id),
            lobe: Slot::write(&place.place()),
            segment: Slot::write(&place.segment()),
            fissural_with: Slot::write(&place.fissural_with()),
            sub: place.lingula().then_some(Field::new(Lingula)),
            count: Slot::write(&nodule.count),
            origin: Slot::write(&nodule.origin),
            sub_location: Slot::write(&nodule.sub_location),
            comment: Slot::write(&nodule.comment),
            closed: Slot::write(&nodule.closed),
        }
    }
}

/// A count of which absence and null mean different things.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum CountSlot {
    /// The key is absent: one.
    #[default]
    Absent,
    /// The key is null: several, number not reported.
    Several,
    /// The key holds a number.
    Number(Field<NonZeroU32>),
}

impl Slot for CountSlot {
    type Domain = NoduleCount;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<NoduleCount> {
        match self {
            Self::Absent => Some(NoduleCount::ONE),
            Self::Several => Some(NoduleCount::Several),
            Self::Number(number) => number.read(at, problems).map(NoduleCount::Exactly),
        }
    }

    fn write(count: &NoduleCount) -> Self {
        match *count {
            NoduleCount::Several => Self::Several,
            NoduleCount::ONE => Self::Absent,
            NoduleCount::Exactly(number) => Self::Number(Field::new(number)),
        }
    }

    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }
}

impl Serialize for CountSlot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Number(number) => number.serialize(serializer),
            Self::Absent | Self::Several => serializer.serialize_none(),
        }
    }
}

impl<'de> Deserialize<'de> for CountSlot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = Option::<Field<NonZeroU32>>::deserialize(deserializer)?;
        Ok(number.map_or(Self::Several, Self::Number))
    }
}

impl JsonSchema for CountSlot {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<Field<NonZeroU32>>::json_schema(generator)
    }
}
