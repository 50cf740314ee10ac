/**
 * Holds the hand-written shapes, which are checks at run time, too, against the types that are generated from the API's
 * document: what the API answers has to be what the editor reads. Where they differ, this file does not compile. Executions are
 * left out: the document also has those that are pending, which the editor shows nowhere.
 */

import type { Alert, AlertRule } from './alerts'
import type { Approval } from './approvals'
import type { components } from './generated'
import type { Upkeep } from './platform'
import type { DeletedRecord, RecordEntry, RecordItem, RecordType, RecordTypeSummary, RecordWay } from './records'
import type { DailyStats } from './stats'
import type * as hand from './types'

type Told = components['schemas']

/** Fails to compile unless `A` is readable as `B`. */
type Reads<A extends B, B> = A

export type Agreed = [
  Reads<Told['NodeType'], hand.NodeType>,
  Reads<Told['WorkflowSummary'], hand.WorkflowSummary>,
  Reads<Told['Workflow'], hand.Workflow>,
  Reads<Told['SavedDraft'], hand.Saved>,
  Reads<Told['Verdict'], hand.Verdict>,
  Reads<Told['VersionSummary'], hand.VersionSummary>,
  Reads<Told['Version'], hand.Version>,
  Reads<Told['Published'], hand.Published>,
  Reads<Told['Logs'], hand.Logs>,
  Reads<Told['FoundLog'], hand.FoundLog>,
  Reads<Told['Timeline'], hand.Timeline>,
  Reads<Told['Alert'], Alert>,
  Reads<Told['AlertRule'], AlertRule>,
  Reads<Told['DailyStatsList'], DailyStats>,
  Reads<Told['Upkeep'], Upkeep>,
  Reads<Told['Approval'], Approval>,
  Reads<Told['Record'], RecordItem>,
  Reads<Told['RecordType'], RecordType>,
  Reads<Told['RecordTypeSummary'], RecordTypeSummary>,
  Reads<Told['RecordWay'], RecordWay>,
  Reads<Told['RecordEntry'], RecordEntry>,
  Reads<Told['DeletedRecord'], DeletedRecord>,
]
