//! Schedules, hooks, and what triggers have started.

use super::super::operation::{Operation, op};
use super::super::shapes::{
    Backfilled, Fired, HookSecret, Items, Listen, Schedule, ScheduleDetails, SchedulePreview, TriggerStart,
};
use crate::paging::Page;
use crate::routes::schedules::{change, preview};
use crate::routes::{forms, hooks, schedules, trigger_starts};

pub(super) fn all() -> Vec<Operation> {
    vec![
        op(schedules::list, "listSchedules", "Schedules, newest first")
            .query::<schedules::ListQuery>()
            .gives::<Page<Schedule>>(200)
            .refuses(&[404]),
        op(schedules::preview, "previewSchedule", "When a schedule would fire")
            .takes::<preview::Wish>()
            .gives::<SchedulePreview>(200),
        op(schedules::get, "getSchedule", "A schedule, when it fires, and what it has started")
            .gives::<ScheduleDetails>(200),
        op(schedules::pause, "pauseSchedule", "Have it fire no more").may_take::<change::Why>().gives::<Schedule>(200),
        op(schedules::resume, "resumeSchedule", "Have it fire from now on")
            .may_take::<change::Nothing>()
            .gives::<Schedule>(200),
        op(schedules::backfill, "backfillSchedule", "Start what it would have started in a time that is past")
            .takes::<change::Range>()
            .gives::<Backfilled>(202)
            .gives::<Backfilled>(200)
            .refuses(&[409]),
        op(schedules::fire, "fireSchedule", "Start it now").may_take::<change::Nothing>().gives::<Fired>(202),
        op(forms::list::list, "listForms", "Forms that answer, by their paths")
            .query::<forms::list::ListQuery>()
            .gives::<forms::list::Forms>(200),
        op(trigger_starts::list, "listTriggerStarts", "What triggers have started by themselves, newest first")
            .query::<trigger_starts::ListQuery>()
            .gives::<Items<TriggerStart>>(200),
        op(hooks::secret_list, "listHookSecrets", "Secrets that hooks verify with, newest first, without the secrets")
            .query::<hooks::secrets::ListQuery>()
            .gives::<Page<HookSecret>>(200),
        op(hooks::secret_add, "addHookSecret", "Add a secret; others of its name stay good for a while")
            .takes::<hooks::secrets::NewSecret>()
            .gives::<HookSecret>(201)
            .refuses(&[409]),
        op(hooks::secret_remove, "removeHookSecret", "Calls that are signed with it are refused").gives_nothing(204),
        op(hooks::listen_begin, "listenForCall", "Wait for a call at an address, which becomes a sample")
            .takes::<hooks::listen::Wish>()
            .gives::<Listen>(201)
            .refuses(&[429]),
        op(hooks::listen_show, "getListen", "What came").gives::<Listen>(200),
        op(hooks::listen_end, "endListen", "Wait no more").gives_nothing(204),
    ]
}
