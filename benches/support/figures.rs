//! Repeated measurements and how they are shown: median with range, never a single best run.

use std::fmt;

/// One thing measured several times.
#[derive(Debug, Clone)]
pub struct Series {
    pub name: &'static str,
    pub unit: &'static str,
    pub values: Vec<f64>,
}

impl Series {
    pub fn new(name: &'static str, unit: &'static str) -> Self {
        Self { name, unit, values: Vec::new() }
    }

    pub fn push(&mut self, value: f64) {
        self.values.push(value);
    }

    /// The middle value; the mean of both middle ones for an even number. `NaN` where nothing was measured.
    pub fn median(&self) -> f64 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
            (Some(below), Some(above)) if sorted.len().is_multiple_of(2) => f64::midpoint(*below, *above),
            (_, Some(value)) => *value,
            _ => f64::NAN,
        }
    }

    fn least(&self) -> f64 {
        self.values.iter().copied().fold(f64::NAN, f64::min)
    }

    fn most(&self) -> f64 {
        self.values.iter().copied().fold(f64::NAN, f64::max)
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = if self.median().abs() < 100.0 { 2 } else { 0 };
        write!(
            f,
            "| {} | {:.digits$} | {:.digits$} | {:.digits$} | {} | {} |",
            self.name,
            self.median(),
            self.least(),
            self.most(),
            self.unit,
            self.values.len()
        )
    }
}

/// All series of a run, as a Markdown table.
#[derive(Debug, Clone, Default)]
pub struct Table(pub Vec<Series>);

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| what | median | least | most | unit | runs |")?;
        writeln!(f, "|---|---|---|---|---|---|")?;
        self.0
            .iter()
            .filter(|series| !series.values.is_empty())
            .try_for_each(|series| writeln!(f, "{series}"))
    }
}
