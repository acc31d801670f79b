/** Where a difference was found. */
export type MirrorPart = 'session' | 'message' | 'event' | 'ledger' | 'journal' | 'search';

/** Something that the mirror says otherwise than Temporal and the gateway's journal. */
export interface MirrorDifference {
  session_id: string | null;
  part: MirrorPart;
  /** The message or event it is about. */
  id: string | null;
  text: string;
}

export interface MirrorProgress {
  type: 'progress';
  done: number;
  total: number;
}

/** What a check tells while it goes on; `checked` is the last. */
export type CheckStep =
  | MirrorProgress
  | ({ type: 'difference' } & MirrorDifference)
  | { type: 'checked'; sessions: number; differences: number };

/** What a rebuild tells while it goes on; `rebuilt` is the last. */
export type RebuildStep =
  | MirrorProgress
  /** The rows were left as they are, because what they could be made of is gone. */
  | { type: 'kept'; session_id: string; text: string }
  | { type: 'failed'; session_id: string; text: string }
  | { type: 'rebuilt'; sessions: number; kept: number; failed: number };
