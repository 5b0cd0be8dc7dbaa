//! Limits of the rules: risk tiers, episodes, growth and recurrence patterns.
//!
//! Values come from the protocol file, never from code: each is a clinical decision with a source or one that
//! needs local approval. Nothing here decides; the rules compare.

use serde::Deserialize;

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
}

/// Limits of episodes, growth and the recurrence patterns, section `[patterns]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatternThresholds {
    /// Which operations are one episode.
    pub episodes: EpisodeThresholds,
    /// When a nodule has grown.
    pub growth: GrowthThresholds,
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
    /// What is wrong with the values, each with its remedy; empty when they can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        positive(&mut problems, "tiers.observed_nodule_mm", self.observed_nodule_mm);
        at_least_one(&mut problems, "tiers.many_metastases", self.many_metastases);
        at_least_one(&mut problems, "tiers.many_episodes", self.many_episodes);
        if self.long_dfi_months < self.short_dfi_months {
            problems.push(
                "`tiers.long_dfi_months` is below `tiers.short_dfi_months`; a long interval cannot be shorter \
                 than a short one"
                    .to_owned(),
            );
        }
        if self.standard_after_months < self.low_after_months {
            problems
                .push("`tiers.standard_after_months` is below `tiers.low_after_months`; raise it".to_owned());
        }
        problems
    }
}

impl PatternThresholds {
    /// What is wrong with the values, each with its remedy; empty when they can be used.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let growth = &self.growth;
        for (key, value) in [
            ("growth.diameter_mm", growth.diameter_mm),
            ("growth.volume_percent", growth.volume_percent),
            ("growth.volume_slice_mm", growth.volume_slice_mm),
            ("growth.unreliable_slice_mm", growth.unreliable_slice_mm),
            ("growth.unreliable_size_mm", growth.unreliable_size_mm),
            ("growth.urgent_doubling_days", growth.urgent_doubling_days),
            ("nodes.enlarged_mm", self.nodes.enlarged_mm),
            ("nodes.watched_mm", self.nodes.watched_mm),
            ("margin.near_mm", self.margin.near_mm),
            ("observed.urgent_mm", self.observed.urgent_mm),
            ("reserve.predicted_percent", self.reserve.predicted_percent),
        ] {
            positive(&mut problems, &format!("patterns.{key}"), value);
        }
        for (key, value) in [
            ("growth.resolved_studies", growth.resolved_studies),
            ("therapy.local_failure_studies", self.therapy.local_failure_studies),
            ("burden.rise", self.burden.rise),
            ("burden.crossing", self.burden.crossing),
            ("burden.spread_lobes", self.burden.spread_lobes),
        ] {
            at_least_one(&mut problems, &format!("patterns.{key}"), value);
        }
        let episodes = &self.episodes;
        for (key, value) in [
            ("stage_days", episodes.stage_days),
            ("propose_days", episodes.propose_days),
            ("completion_days", episodes.completion_days),
            ("pathology_days", episodes.pathology_days),
        ] {
            if value <= 0 {
                problems.push(format!("`patterns.episodes.{key}` is {value}; give a number of days above 0"));
            }
        }
        if self.nodes.watched_mm > self.nodes.enlarged_mm {
            problems.push(
                "`patterns.nodes.watched_mm` is above `patterns.nodes.enlarged_mm`; lower it".to_owned(),
            );
        }
        if self.intervals.very_early_months > self.intervals.early_months {
            problems
                .push("`patterns.intervals.very_early_months` is above `early_months`; lower it".to_owned());
        }
        problems
    }
}

fn positive(problems: &mut Vec<String>, key: &str, value: f64) {
    if !(value.is_finite() && value > 0.0) {
        problems.push(format!("`{key}` is {value}; give a number above 0"));
    }
}

fn at_least_one(problems: &mut Vec<String>, key: &str, value: u32) {
    if value == 0 {
        problems.push(format!("`{key}` is 0; give 1 or more"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Part {
        tiers: TierThresholds,
        patterns: PatternThresholds,
    }

    const PART: &str = include_str!("../../config/protocols/thresholds.part.toml");

    #[test]
    fn the_shipped_limits_can_be_used() {
        let part: Part = toml::from_str(PART).unwrap();
        assert_eq!(part.tiers.problems(), Vec::<String>::new());
        assert_eq!(part.patterns.problems(), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_key_is_refused() {
        let error = toml::from_str::<Part>(&PART.replace("near_mm", "neer_mm")).err().unwrap().to_string();
        assert!(error.contains("neer_mm"), "{error}");
    }

    #[test]
    fn impossible_limits_are_named_with_a_remedy() {
        let mut part: Part = toml::from_str(PART).unwrap();
        part.tiers.long_dfi_months = 6;
        part.patterns.growth.diameter_mm = f64::NAN;
        part.patterns.episodes.stage_days = 0;
        assert_eq!(part.tiers.problems().len(), 1);
        assert_eq!(part.patterns.problems().len(), 2);
    }
}
