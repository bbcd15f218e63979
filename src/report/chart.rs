//! Load over time in a fixed number of columns: what a line of blocks or a drawing can show.

use crate::model::Timestamp;
use crate::model::time::SECOND;
use crate::snapshot::{Load, Sample};

/// Load binned into columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// Mean bits per second of each column; `None` where there were no packets.
    pub values: Vec<Option<f64>>,
    /// Start of the first column.
    pub from: Timestamp,
    /// End of the last column.
    pub to: Timestamp,
    /// Top of the scale, a round number.
    pub top: f64,
    /// Seconds one column stands for.
    pub step: f64,
}

impl Chart {
    /// Bins `load` into at most `columns` columns; `None` when there is nothing to draw.
    ///
    /// A column is a whole number of bins wide, so that equal load gives equal columns.
    pub fn new(load: &Load, columns: usize) -> Option<Self> {
        let (samples, interval): (Vec<&Sample>, i64) = match load.finest(None) {
            Some(fine) => (fine.samples.iter().collect(), fine.width.max(1)),
            None => (load.samples.iter().chain(load.open.as_ref()).filter(|s| s.length > 0).collect(), load.interval.max(1)),
        };
        let from = samples.first()?.start;
        let end = samples.iter().map(|s| s.start.plus(s.length)).max()?;
        let columns = columns.max(1) as i64;
        let span = end.since(from).max(1);
        let intervals = span / interval + i64::from(span % interval != 0);
        let step = interval.saturating_mul(intervals / columns + i64::from(intervals % columns != 0)).max(1);
        let count = (span / step + i64::from(span % step != 0)).clamp(1, columns) as usize;
        let mut bytes = vec![0.0f64; count];
        for sample in samples {
            spread(&mut bytes, from, step, sample);
        }
        let seconds = |at: usize| (span - step.saturating_mul(at as i64)).clamp(1, step) as f64 / SECOND as f64;
        let values: Vec<Option<f64>> = bytes.iter().enumerate().map(|(at, &b)| (b > 0.0).then(|| b * 8.0 / seconds(at))).collect();
        let top = round_up(values.iter().flatten().fold(0.0, |x: f64, &y| x.max(y)));
        Some(Self { values, from, to: end, top, step: step as f64 / SECOND as f64 })
    }
}

/// Divides a sample's bytes among the columns it covers.
fn spread(bytes: &mut [f64], from: Timestamp, step: i64, sample: &Sample) {
    let last = bytes.len().saturating_sub(1);
    let start = sample.start.since(from).max(0);
    let end = start.saturating_add(sample.length);
    let column = |at: i64| usize::try_from(at / step).unwrap_or(0).min(last);
    let (begin, finish) = (column(start), column(end - 1));
    for (at, total) in bytes.iter_mut().enumerate().take(finish + 1).skip(begin) {
        let left = start.max(step.saturating_mul(at as i64));
        let right = if at == finish { end } else { end.min(step.saturating_mul(at as i64 + 1)) };
        *total += sample.traffic.wire_bytes as f64 * (right - left).max(0) as f64 / sample.length as f64;
    }
}

/// The next number of the form 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 || !value.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&m| m >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Traffic;

    fn sample(second: i64, length: i64, wire_bytes: u64) -> Sample {
        Sample {
            start: Timestamp::new(second, 0),
            length: length * SECOND,
            traffic: Traffic { packets: 1, wire_bytes },
            ..Sample::default()
        }
    }

    fn load(samples: Vec<Sample>) -> Load {
        Load { interval: SECOND, samples, ..Load::default() }
    }

    #[test]
    fn gaps_stay_gaps() {
        let chart = Chart::new(&load(vec![sample(10, 1, 100), sample(13, 1, 50)]), 80).unwrap();
        assert_eq!(chart.values, [Some(800.0), None, None, Some(400.0)]);
        assert_eq!((chart.from, chart.to), (Timestamp::new(10, 0), Timestamp::new(14, 0)));
        assert_eq!(chart.top, 1000.0);
    }

    #[test]
    fn even_load_is_even_and_no_byte_is_lost() {
        let chart = Chart::new(&load((0..1000).map(|s| sample(s, 1, 125)).collect()), 76).unwrap();
        assert!(chart.values.len() <= 76);
        assert!(chart.values.iter().all(|v| (v.unwrap() - 1000.0).abs() < 1e-6), "{:?}", chart.values);
    }

    #[test]
    fn a_merged_sample_is_spread() {
        let chart = Chart::new(&load(vec![sample(0, 60, 60 * 125), sample(60, 1, 125)]), 100).unwrap();
        assert_eq!(chart.values.len(), 61);
        assert!(chart.values.iter().all(|v| (v.unwrap() - 1000.0).abs() < 1e-6));
    }

    #[test]
    fn nothing_is_nothing_and_extremes_are_bounded() {
        assert_eq!(Chart::new(&load(Vec::new()), 80), None);
        let ends = vec![Sample { start: Timestamp(i64::MIN), ..sample(0, 1, 1) }, Sample { start: Timestamp(i64::MAX), ..sample(0, 1, 1) }];
        assert!(Chart::new(&load(ends), 80).unwrap().values.len() <= 80);
    }
}
