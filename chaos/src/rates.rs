//! How often faults of each kind come.

use anyhow::Context;

/// Faults per minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// `kill -9` of a worker.
    pub kills: f64,
    /// SIGSTOP until the worker was given up, then SIGCONT.
    pub freezes: f64,
    /// A worker cut off from the network until it was given up.
    pub partitions: f64,
    /// A worker replaced by one whose wall clock is an hour off.
    pub clocks: f64,
    /// The disk of the database full for a while.
    pub full_disks: f64,
    /// All connections of the database taken for a while.
    pub exhausted_pools: f64,
    /// The effect server does not answer for a while.
    pub hangs: f64,
    /// Executions that end each worker which runs them.
    pub poison: f64,
    /// The schema of the next release: once, in the middle of the run, if this is above zero.
    pub expansions: f64,
    /// SIGSTOP until a slow peer is about to give the worker up, then SIGCONT.
    pub half_reaped: f64,
    /// PostgreSQL stopped without writing, and started again.
    pub crashes: f64,
    /// All connections of a worker cut.
    pub cuts: f64,
    /// All connections of a worker slow for a while.
    pub delays: f64,
    /// A commit whose reply is lost.
    pub lost_replies: f64,
    /// No notification arrives anywhere for a while.
    pub lost_notifications: f64,
    /// A worker is told to end, and another one takes its place: the fleet is restarted in turn.
    pub drains: f64,
    /// Deaths at each of the named points.
    pub of_each_point: f64,
}

impl Rates {
    /// No faults at all.
    pub(crate) const NONE: Self = Self {
        kills: 0.0,
        freezes: 0.0,
        partitions: 0.0,
        clocks: 0.0,
        full_disks: 0.0,
        exhausted_pools: 0.0,
        hangs: 0.0,
        poison: 0.0,
        expansions: 0.0,
        half_reaped: 0.0,
        crashes: 0.0,
        cuts: 0.0,
        delays: 0.0,
        lost_replies: 0.0,
        lost_notifications: 0.0,
        drains: 0.0,
        of_each_point: 0.0,
    };

    /// Those of a list such as `kills=12,cuts=3`, and no others.
    ///
    /// # Errors
    /// If it names what does not exist, or something is no number.
    pub fn of_list(list: &str) -> anyhow::Result<Self> {
        let mut rates = Self::NONE;
        for pair in list.split(',') {
            let (name, rate) = pair.split_once('=').with_context(|| format!("{pair} is not like kills=12"))?;
            *rates.named(name).with_context(|| format!("there are no faults {name}"))? = rate.parse()?;
        }
        Ok(rates)
    }

    fn named(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "kills" => &mut self.kills,
            "freezes" => &mut self.freezes,
            "partitions" => &mut self.partitions,
            "clocks" => &mut self.clocks,
            "full_disks" => &mut self.full_disks,
            "exhausted_pools" => &mut self.exhausted_pools,
            "hangs" => &mut self.hangs,
            "poison" => &mut self.poison,
            "expansions" => &mut self.expansions,
            "half_reaped" => &mut self.half_reaped,
            "crashes" => &mut self.crashes,
            "cuts" => &mut self.cuts,
            "delays" => &mut self.delays,
            "lost_replies" => &mut self.lost_replies,
            "lost_notifications" => &mut self.lost_notifications,
            "drains" => &mut self.drains,
            "of_each_point" => &mut self.of_each_point,
            _ => return None,
        })
    }
}

/// What half an hour needs for 800 kills, 60 freezes, 50 database crashes and 20 deaths at each point, with some to
/// spare.
pub(crate) const RATES: Rates = Rates {
    kills: 29.0,
    freezes: 2.3,
    partitions: 1.0,
    clocks: 1.0,
    full_disks: 0.4,
    exhausted_pools: 0.5,
    hangs: 1.0,
    poison: 0.5,
    expansions: 1.0,
    half_reaped: 0.0,
    crashes: 1.9,
    cuts: 3.0,
    delays: 2.0,
    lost_replies: 4.0,
    lost_notifications: 1.0,
    drains: 2.0,
    of_each_point: 0.8,
};

/// A few of everything within a quarter of a minute.
pub(crate) const SHORT_RATES: Rates = Rates {
    kills: 16.0,
    freezes: 4.0,
    partitions: 0.0,
    clocks: 0.0,
    full_disks: 0.0,
    exhausted_pools: 4.0,
    hangs: 4.0,
    poison: 0.0,
    expansions: 1.0,
    half_reaped: 0.0,
    crashes: 4.0,
    cuts: 4.0,
    delays: 4.0,
    lost_replies: 8.0,
    lost_notifications: 4.0,
    drains: 4.0,
    of_each_point: 4.0,
};

#[cfg(test)]
mod tests {
    use super::Rates;

    #[test]
    fn a_list_names_what_is_wanted() {
        let rates = Rates::of_list("kills=12,cuts=0.5").unwrap();
        assert_eq!((rates.kills, rates.cuts, rates.freezes), (12.0, 0.5, 0.0));
        assert!(Rates::of_list("earthquakes=1").is_err() && Rates::of_list("kills").is_err());
    }
}
