//! Limits of the rules: risk tiers, episodes, growth and recurrence patterns.
//!
//! Values come from the protocol file, never from code: each is a clinical decision with a source or one that
//! needs local approval. Nothing here decides; the rules compare.

use serde::Deserialize;

use super::ProtocolProblem;

/// Limits of the risk tiers, section `[tiers]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierThresholds {
    /// A disease-free interval below this many calendar months is short.
    pub short_dfi_months: u32,
    /// A disease-free interval of at least this many calendar months is long (one condition of tier L).
    pub long_dfi_months: u32,
    /// A recurrence-free interval below this many calendar months is short.
    pub short_rfi_months: u32,
    /// A recurrence-free interval shorter than the one before counts below this many calendar months.
    pub falling_rfi_months: u32,
    /// This many metastases in the last episode are many.
    pub many_metastases: u32,
    /// From this metastasectomy on.
    pub many_episodes: u32,
    /// A suspected recurrence refuted less than this many calendar months ago still counts.
    pub refuted_months: u32,
    /// An observed nodule above this size counts, millimetres.
    pub observed_nodule_mm: f64,
    /// Months since clearance without event before tier L may be proposed.
    pub low_after_months: u32,
    /// Months since clearance without event before a step from H to S may be proposed.
    pub standard_after_months: u32,
    /// A person's decision for another tier counts for at most this many calendar months.
    pub override_longest_months: u32,
}

/// Limits of episodes, growth and the recurrence patterns, section `[patterns]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternThresholds {
    /// Which operations are one episode.
    pub episodes: EpisodeThresholds,
    /// When a nodule has grown.
    pub growth: GrowthThresholds,
    /// When a nodule is certainly new.
    pub new_nodules: NewNoduleThresholds,
    /// When two entries may be one nodule.
    pub matching: MatchingThresholds,
    /// When a lymph node counts.
    pub nodes: NodeThresholds,
    /// When systemic or local therapy has failed.
    pub therapy: TherapyThresholds,
    /// Same-lobe recurrence near an old margin.
    pub margin: MarginThresholds,
    /// Intervals between clearance and recurrence.
    pub intervals: IntervalThresholds,
    /// Numbers of metastases, lobes and operations.
    pub burden: BurdenThresholds,
    /// Follow-up of observed nodules.
    pub observed: ObservedThresholds,
    /// Lung reserve.
    pub reserve: ReserveThresholds,
}

/// Which operations are one episode, `[patterns.episodes]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EpisodeThresholds {
    /// Longest gap of a planned stage that raises no question, days.
    pub stage_days: i64,
    /// Longest gap for which an unplanned pair is proposed as stages, days.
    pub propose_days: i64,
    /// Longest gap of completion surgery, days.
    pub completion_days: i64,
    /// A gap below this is noted as shorter than usual, days.
    pub short_gap_days: i64,
    /// A planned stage not done this many days after its date is overdue.
    pub stage_overdue_days: i64,
    /// Scans up to this many days after the recurrence that only add nodules belong to it.
    pub same_recurrence_days: i64,
    /// Pathology outstanding longer than this opens a data task, days.
    pub pathology_days: i64,
    /// Treatment in other hospitals is asked about every so many calendar months.
    pub other_hospital_months: u32,
}

/// When a nodule has grown, `[patterns.growth]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthThresholds {
    /// Rise of the mean diameter, millimetres.
    pub diameter_mm: f64,
    /// Rise of the volume measured by one software, percent.
    pub volume_percent: f64,
    /// Thickest slice on which volumes are compared, millimetres.
    pub volume_slice_mm: f64,
    /// From this slice thickness on a diameter is of low confidence, millimetres.
    pub unreliable_slice_mm: f64,
    /// Up to this diameter a measurement is of low confidence, millimetres.
    pub unreliable_size_mm: f64,
    /// A doubling time below this is urgent, days.
    pub urgent_doubling_days: f64,
    /// Long axes whose crossing is urgent, millimetres.
    pub urgent_sizes_mm: Vec<f64>,
    /// Studies in a row without a nodule before it counts as resolved.
    pub resolved_studies: u32,
}

/// When a nodule is certainly new, `[patterns.new_nodules]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewNoduleThresholds {
    /// An earlier study with thicker slices does not show that it was not there, millimetres.
    pub slice_mm: f64,
    /// Below this size it may be what an operation or an infection left, millimetres.
    pub small_mm: f64,
    /// For less than this many calendar months after the operation or infection.
    pub after_event_months: u32,
}

/// When two entries may be one nodule, `[patterns.matching]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MatchingThresholds {
    /// Up to this distance after registration a match is proposed, millimetres.
    pub propose_mm: f64,
    /// Up to this distance a person is asked, millimetres; beyond it nothing is said.
    pub ask_mm: f64,
    /// With more nodules than this in a lobe a person reviews them as a group.
    pub group_nodules: u32,
    /// Growth that doubles the volume faster than this does not fit one nodule, days.
    pub fastest_doubling_days: f64,
}

/// When a lymph node counts, `[patterns.nodes]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeThresholds {
    /// Short axis from which a node counts as enlarged, millimetres.
    pub enlarged_mm: f64,
    /// Short axis from which a growing node counts, millimetres.
    pub watched_mm: f64,
}

/// When therapy has failed, `[patterns.therapy]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TherapyThresholds {
    /// An operation up to this many calendar months after systemic therapy counts as preceded by it.
    pub operation_within_months: u32,
    /// After local therapy growth is not judged for this many calendar months.
    pub local_quiet_months: u32,
    /// Studies in a row with progression before local therapy counts as failed.
    pub local_failure_studies: u32,
}

/// Recurrence near an old margin, `[patterns.margin]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MarginThresholds {
    /// Farthest distance to an old staple line or scar that counts as near, millimetres.
    pub near_mm: f64,
}

/// Intervals, `[patterns.intervals]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntervalThresholds {
    /// Recurrence below this many calendar months after clearance is very early.
    pub very_early_months: u32,
    /// Recurrence below this many calendar months after clearance is early.
    pub early_months: u32,
    /// An interval of at most this share of the one before is a fall, percent.
    pub falling_percent: u32,
    /// A falling last interval raises the tier below this many calendar months.
    pub falling_tier_months: u32,
    /// A change of side below this many calendar months goes to the board.
    pub early_switch_months: u32,
    /// From this many calendar months without a CT of all lobes on, when a recurrence came is not known.
    pub long_gap_months: u32,
}

/// Numbers, `[patterns.burden]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BurdenThresholds {
    /// Metastases more than in the episode before.
    pub rise: u32,
    /// Metastases whose first crossing counts.
    pub crossing: u32,
    /// Lobes that make a spread.
    pub spread_lobes: u32,
    /// Episodes to note.
    pub episodes_noted: u32,
    /// Episodes to bring to the board.
    pub episodes_flagged: u32,
    /// Occult malignant nodules that flag.
    pub occult_flagged: u32,
    /// Share of occult among malignant nodules that flags, percent.
    pub occult_percent: u32,
    /// A CT older than this before the operation is stale, days.
    pub stale_ct_days: i64,
    /// Share of benign among examined nodules above which the share is high, percent.
    pub benign_percent: u32,
    /// Fewest examined nodules for which a share is judged.
    pub benign_least: u32,
    /// Fewest examined nodules for which a percentage is shown.
    pub percentage_least: u32,
}

/// Follow-up of observed nodules, `[patterns.observed]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedThresholds {
    /// A nodule first seen less than this many calendar months ago is young.
    pub young_months: u32,
    /// Longest time since the last adequate CT for a young nodule, calendar months.
    pub young_gap_months: u32,
    /// The same for an older one.
    pub old_gap_months: u32,
    /// Above this size a missed follow-up is urgent, millimetres.
    pub urgent_mm: f64,
}

/// Lung reserve, `[patterns.reserve]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReserveThresholds {
    /// Anatomic segments removed, of 19.
    pub segments: u32,
    /// Operations on one side.
    pub operations_per_side: u32,
    /// Wedge or precision resections in one lobe.
    pub resections_per_lobe: u32,
    /// Predicted postoperative function below this is low, percent of predicted.
    pub predicted_percent: f64,
    /// Lung function older than this is out of date before an operation, calendar months.
    pub spirometry_months: u32,
}

impl TierThresholds {
    pub(super) fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        positive(problems, "tiers.observed_nodule_mm", self.observed_nodule_mm);
        at_least_one(problems, "tiers.many_metastases", self.many_metastases);
        at_least_one(problems, "tiers.many_episodes", self.many_episodes);
        not_above(
            problems,
            ("tiers.short_dfi_months", f64::from(self.short_dfi_months)),
            ("tiers.long_dfi_months", f64::from(self.long_dfi_months)),
        );
        not_above(
            problems,
            ("tiers.low_after_months", f64::from(self.low_after_months)),
            ("tiers.standard_after_months", f64::from(self.standard_after_months)),
        );
    }
}

impl PatternThresholds {
    pub(super) fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        let growth = &self.growth;
        for (key, value) in [
            ("patterns.growth.diameter_mm", growth.diameter_mm),
            ("patterns.growth.volume_percent", growth.volume_percent),
            ("patterns.growth.volume_slice_mm", growth.volume_slice_mm),
            ("patterns.growth.unreliable_slice_mm", growth.unreliable_slice_mm),
            ("patterns.growth.unreliable_size_mm", growth.unreliable_size_mm),
            ("patterns.growth.urgent_doubling_days", growth.urgent_doubling_days),
            ("patterns.new_nodules.slice_mm", self.new_nodules.slice_mm),
            ("patterns.new_nodules.small_mm", self.new_nodules.small_mm),
            ("patterns.matching.propose_mm", self.matching.propose_mm),
            ("patterns.matching.fastest_doubling_days", self.matching.fastest_doubling_days),
            ("patterns.nodes.enlarged_mm", self.nodes.enlarged_mm),
            ("patterns.nodes.watched_mm", self.nodes.watched_mm),
            ("patterns.margin.near_mm", self.margin.near_mm),
            ("patterns.observed.urgent_mm", self.observed.urgent_mm),
            ("patterns.reserve.predicted_percent", self.reserve.predicted_percent),
        ] {
            positive(problems, key, value);
        }
        for value in &growth.urgent_sizes_mm {
            positive(problems, "patterns.growth.urgent_sizes_mm", *value);
        }
        for (key, value) in [
            ("patterns.growth.resolved_studies", growth.resolved_studies),
            ("patterns.therapy.local_failure_studies", self.therapy.local_failure_studies),
            ("patterns.intervals.long_gap_months", self.intervals.long_gap_months),
            ("patterns.burden.rise", self.burden.rise),
            ("patterns.burden.crossing", self.burden.crossing),
            ("patterns.burden.spread_lobes", self.burden.spread_lobes),
            ("patterns.reserve.segments", self.reserve.segments),
        ] {
            at_least_one(problems, key, value);
        }
        self.episodes.check(problems);
        not_above(
            problems,
            ("patterns.matching.propose_mm", self.matching.propose_mm),
            ("patterns.matching.ask_mm", self.matching.ask_mm),
        );
        not_above(
            problems,
            ("patterns.nodes.watched_mm", self.nodes.watched_mm),
            ("patterns.nodes.enlarged_mm", self.nodes.enlarged_mm),
        );
        not_above(
            problems,
            ("patterns.intervals.very_early_months", f64::from(self.intervals.very_early_months)),
            ("patterns.intervals.early_months", f64::from(self.intervals.early_months)),
        );
    }
}

impl EpisodeThresholds {
    fn check(&self, problems: &mut Vec<ProtocolProblem>) {
        for (key, value) in [
            ("patterns.episodes.stage_days", self.stage_days),
            ("patterns.episodes.propose_days", self.propose_days),
            ("patterns.episodes.completion_days", self.completion_days),
            ("patterns.episodes.pathology_days", self.pathology_days),
        ] {
            if value <= 0 {
                problems.push(problem(key, format!("is {value}"), "give a number of days above 0"));
            }
        }
        if self.stage_overdue_days < 0 {
            let value = format!("is {}", self.stage_overdue_days);
            problems.push(problem("patterns.episodes.stage_overdue_days", value, "give 0 or more days"));
        }
    }
}

fn problem(key: &str, what: String, remedy: &str) -> ProtocolProblem {
    ProtocolProblem::new(key, what, remedy.to_owned())
}

fn positive(problems: &mut Vec<ProtocolProblem>, key: &str, value: f64) {
    if !(value.is_finite() && value > 0.0) {
        problems.push(problem(key, format!("is {value}"), "give a number above 0"));
    }
}

fn at_least_one(problems: &mut Vec<ProtocolProblem>, key: &str, value: u32) {
    if value == 0 {
        problems.push(problem(key, "is 0".to_owned(), "give 1 or more"));
    }
}

fn not_above(problems: &mut Vec<ProtocolProblem>, lower: (&str, f64), upper: (&str, f64)) {
    if lower.1 > upper.1 {
        problems.push(problem(lower.0, format!("is above `{}`", upper.0), "lower it"));
    }
}

#[cfg(test)]
mod tests {
    use crate::protocol::{Protocol, SHIPPED};

    #[test]
    fn an_unknown_limit_is_refused() {
        let problems = Protocol::parse(&SHIPPED.replace("near_mm", "neer_mm")).unwrap_err();
        assert!(problems.iter().any(|problem| problem.problem.contains("neer_mm")), "{problems:?}");
    }

    #[test]
    fn impossible_limits_are_named_with_a_remedy() {
        let broken = SHIPPED
            .replace("long_dfi_months = 36", "long_dfi_months = 6")
            .replace("diameter_mm = 2.0", "diameter_mm = nan")
            .replace("stage_days = 183", "stage_days = 0")
            .replace("resolved_studies = 2", "resolved_studies = 0");
        let problems = Protocol::parse(&broken).unwrap_err();
        let keys: Vec<_> = problems.iter().map(|problem| problem.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "tiers.short_dfi_months",
                "patterns.growth.diameter_mm",
                "patterns.growth.resolved_studies",
                "patterns.episodes.stage_days"
            ]
        );
    }
}
