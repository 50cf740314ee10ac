import { useState } from 'react'

import { executions } from '../../api/calls'
import { useNames } from '../../app/names'
import { usePaged } from '../../app/paged'
import { setQuery, useQuery } from '../../app/router'
import { useCan } from '../../app/who'
import { Failure } from '../../ui/failure'
import { ListingPage } from '../../ui/listing'
import { FailureGroup } from './failure-group'
import { chosenOf, groupsOf } from './groups'
import { JobDialog } from './job-dialog'
import { OrderBar } from './order-bar'
import { PastJobs } from './past-jobs'

const EVERY_MS = 10_000

/** What failed and what waits for a person, to be worked off together. */
export default function FailuresPage() {
  const [workflow, job] = [useQuery('workflow'), useQuery('job')]
  const { nameOf, choices } = useNames()
  const failed = usePaged(
    (cursor) => executions(workflow || null, cursor, '', 'failed'),
    `failed ${workflow}`,
    EVERY_MS,
    ['execution'],
  )
  const open = usePaged(
    (cursor) => executions(workflow || null, cursor, '', 'incident'),
    `open ${workflow}`,
    EVERY_MS,
    ['execution'],
  )
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const mayOrder = useCan('executions.operate')
  const items = failed.items && open.items && [...failed.items, ...open.items]
  const error = failed.error ?? open.error
  const reload = () => (failed.reload(), open.reload())
  const hasMore = failed.more !== null || open.more !== null
  return (
    <ListingPage
      title="Failures"
      about="Executions that failed, and incidents, which wait for a person: by workflow and kind of error, the newest first."
      actions={
        <select aria-label="Workflow" value={workflow} onChange={(event) => setQuery('workflow', event.target.value)}>
          <option value="">All workflows</option>
          {choices.map(([id, name]) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      }
    >
      {error && <Failure error={error} onRetry={reload} />}
      {mayOrder && items && items.length > 0 && (
        <OrderBar
          items={items}
          chosen={chosenOf(items, chosen)}
          onChoose={setChosen}
          onOrdered={() => (setChosen(new Set()), reload())}
        />
      )}
      {items?.length === 0 && (
        <p className="empty">{hasMore ? 'None of the newest executions failed.' : 'Nothing has failed.'}</p>
      )}
      {items &&
        groupsOf(items).map((group) => (
          <FailureGroup
            key={group.key}
            group={group}
            name={nameOf(group.workflow_id)}
            chosen={mayOrder ? chosen : null}
            onChoose={setChosen}
          />
        ))}
      {hasMore && (
        <button type="button" className="more" onClick={() => (failed.more?.(), open.more?.())}>
          Load older ones
        </button>
      )}
      <PastJobs />
      {job !== '' && <JobDialog key={job} id={job} onEnded={reload} onClose={() => setQuery('job', '')} />}
    </ListingPage>
  )
}
