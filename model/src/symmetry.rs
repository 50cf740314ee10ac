//! States that differ only in the numbers of workers, executions or leases are one state to the checker.
//!
//! So workers and executions may change their places from one step of a path to the next.

use crate::database::LeaseNo;
use crate::state::{EXECUTIONS, State, WORKERS, Worker, Zombie, number};

impl State {
    /// Visits every lease number of the execution, wherever it is kept.
    pub fn each_lease(&mut self, execution: usize, mut visit: impl FnMut(&mut LeaseNo)) {
        let row = &mut self.executions[execution];
        row.lease.iter_mut().for_each(|lease| visit(&mut lease.number));
        row.journal.iter_mut().for_each(&mut visit);
        for worker in &mut self.workers {
            worker.held[execution].iter_mut().for_each(|held| visit(&mut held.lease));
            if let Some(flight) = &mut worker.flight {
                flight.writes[execution].iter_mut().for_each(|write| visit(&mut write.lease));
            }
            match &mut worker.zombie {
                Some(Zombie::Commit(writes) | Zombie::Running(writes)) => {
                    writes[execution].iter_mut().for_each(|write| visit(&mut write.lease));
                }
                Some(Zombie::Heed { execution: of, lease }) if *of == execution => visit(lease),
                _ => {}
            }
        }
    }

    /// Gives the state the form that stands for all that are like it. `alike` executions may change places.
    pub(crate) fn normalize(&mut self, alike: bool) {
        self.renumber_leases();
        self.sort_workers();
        if alike && self.executions[0] >= self.executions[1] {
            let mut other = self.clone();
            other.swap_executions();
            other.sort_workers();
            if other < *self {
                *self = other;
            }
        }
    }

    /// Leases get the lowest numbers, in order.
    fn renumber_leases(&mut self) {
        for execution in 0..EXECUTIONS {
            let mut seen = 0_u64;
            self.each_lease(execution, |lease| seen |= 1 << (*lease).clamp(0, 63));
            self.each_lease(execution, |lease| {
                *lease = LeaseNo::from((seen & ((1 << (*lease).clamp(0, 63)) - 1)).count_ones()) + 1;
            });
        }
    }

    /// Workers in an order that does not depend on their numbers.
    fn sort_workers(&mut self) {
        let mut order: [(Worker, [bool; EXECUTIONS], usize); WORKERS] = std::array::from_fn(|worker| {
            (self.workers[worker], std::array::from_fn(|execution| self.holder(execution) == Some(worker)), worker)
        });
        order.sort_unstable();
        for execution in &mut self.executions {
            if let Some(lease) = &mut execution.lease {
                let place = order.iter().position(|(.., worker)| number(*worker) == lease.worker);
                lease.worker = place.map_or(lease.worker, number);
            }
        }
        self.workers = order.map(|(worker, ..)| worker);
    }

    fn swap_executions(&mut self) {
        self.executions.swap(0, 1);
        self.unsent.swap(0, 1);
        for worker in &mut self.workers {
            worker.held.swap(0, 1);
            worker.flight.iter_mut().for_each(|flight| flight.writes.swap(0, 1));
            match &mut worker.zombie {
                Some(Zombie::Commit(writes) | Zombie::Running(writes)) => writes.swap(0, 1),
                Some(Zombie::Heed { execution, .. }) => *execution = 1 - *execution,
                Some(Zombie::Claim | Zombie::Refused) | None => {}
            }
        }
    }
}
