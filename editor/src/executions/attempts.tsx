import { timelineOf } from '../api/calls'
import type { LogLine, Step, Stretch } from '../api/types'
import { useLoad } from '../app/load'
import { Fact, Facts } from '../ui/facts'
import { Failure } from '../ui/failure'
import { StatusChip } from '../ui/status'
import { clock, dateTime } from '../ui/time'
import { allLogs } from './all-logs'
import { nameOf, triesOf } from './segments'
import { keyOf } from './steps'
import { Took } from './took'

interface Props {
  executionId: string
  step: Step
  isOver: boolean
}

/** Each try of a step, and what it waited for: when, how it ended, who made it, why it failed, and what it wrote meanwhile. */
export function Attempts({ executionId, step, isOver }: Props) {
  const load = async () => {
    const [{ items }, lines] = await Promise.all([timelineOf(executionId, step.node_id), allLogs(executionId)])
    return { items, lines }
  }
  const every = isOver || step.settled_at !== null ? 0 : 2_000
  const loaded = useLoad(load, `attempts ${executionId} ${step.node_id} ${isOver} ${step.status}`, every)
  if (loaded.error) return <Failure error={loaded.error} onRetry={loaded.reload} />
  if (!loaded.value) return null
  const isOwn = (told: { node_id: string; scope: string }) => keyOf(told) === keyOf(step)
  const stretches = loaded.value.items.filter(isOwn)
  const lines = loaded.value.lines.filter(isOwn)
  if (stretches.length === 0) return <p className="faint">It was not tried.</p>
  return (
    <ol className="attempts" data-testid="attempts">
      {triesOf(stretches).map(({ stretch, queued }, at) => (
        <li key={at}>
          <One stretch={stretch} queued={queued} lines={lines.filter((line) => line.attempt === stretch.number)} />
        </li>
      ))}
    </ol>
  )
}

interface OneProps {
  stretch: Stretch
  queued: Stretch | null
  lines: readonly LogLine[]
}

function One({ stretch, queued, lines }: OneProps) {
  const { kind, number, status, from_at, to_at, error, worker } = stretch
  const isAhead = to_at === null && Date.parse(from_at) > Date.now()
  return (
    <>
      <h3>
        {kind === 'wait' ? 'Wait' : `Attempt ${number}`}{' '}
        {isAhead ? <span className="chip">next</span> : <StatusChip status={kind === 'queued' ? kind : status} />}
      </h3>
      {error && (
        <div className="failure">
          <strong>{error.class}</strong>
          <p>{error.reason}</p>
        </div>
      )}
      <Facts>
        <Fact name="Worker">{nameOf(worker)}</Fact>
        <Fact name="Queued">{queued && <Took from={queued.from_at} to={queued.to_at} />}</Fact>
        <Fact name={kind === 'attempt' && worker === null ? 'No earlier than' : 'From'}>
          <time dateTime={from_at}>{dateTime(from_at)}</time>
        </Fact>
        <Fact name="Until">{to_at && <time dateTime={to_at}>{dateTime(to_at)}</time>}</Fact>
        <Fact name="Took">{isAhead ? null : <Took from={from_at} to={to_at} />}</Fact>
      </Facts>
      {lines.length > 0 && (
        <ol className="log" aria-label={`Log of attempt ${number}`}>
          {lines.map((line) => (
            <li key={line.log_id} data-level={line.level}>
              <time dateTime={line.created_at}>{clock(line.created_at)}</time>
              <span>{line.level}</span>
              <pre>{line.message}</pre>
            </li>
          ))}
        </ol>
      )}
    </>
  )
}
