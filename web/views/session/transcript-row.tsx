import { memo, useState } from 'react';
import type { ReactNode } from 'react';
import type { Row } from '../../live/transcript.ts';
import { Markdown } from '../../text/markdown.tsx';
import { Icon } from '../../ui/icon.tsx';
import { formatClock, formatDuration } from '../../ui/format.ts';
import { Copy, Money, Simulated } from '../../ui/ui.tsx';
import css from './row.module.css';

type Of<K extends Row['kind']> = Extract<Row, { kind: K }>;

/** One row of the transcript. */
export const TranscriptRow = memo(function TranscriptRow({ row }: { row: Row }): ReactNode {
  switch (row.kind) {
    case 'prompt':
      return <Prompt row={row} />;
    case 'answer':
      return (
        <div className={css.answer} data-kind="answer" aria-busy={row.live}>
          <Markdown text={row.text} open={row.live} />
        </div>
      );
    case 'tool':
      return <Tool row={row} />;
    case 'permission':
      return (
        <div className={css.line} data-kind="permission">
          <span className={row.decision === 'denied' ? css.bad : css.good}>{row.decision}</span>
          <b>{row.tool}</b>
          <code className={css.object}>{row.summary}</code>
        </div>
      );
    case 'notice':
      return (
        <div className={css.notice} data-level={row.level} data-kind="notice">
          {row.text}
        </div>
      );
    case 'status':
      return (
        <div className={css.rule} data-kind="status">
          <span className={row.isError ? css.bad : undefined}>{row.text}</span>
          <time dateTime={row.at}>{formatClock(row.at)}</time>
        </div>
      );
    case 'result':
      return <Result row={row} />;
  }
});

const PROMPT_WORDS = {
  queued: 'waits',
  sent: '',
  done: '',
  failed: 'failed',
  unknown: 'outcome unknown',
  waiting: 'waits for you',
  cancelled: 'cancelled',
} as const;

function Prompt({ row }: { row: Of<'prompt'> }): ReactNode {
  const word = PROMPT_WORDS[row.status] ?? row.status;
  return (
    <article className={css.prompt} data-kind="prompt" data-status={row.status} aria-label="Message to Claude Code">
      <div className={css.text}>{row.text}</div>
      <div className={css.promptMeta}>
        {word !== '' && <span data-word={row.status}>{word}</span>}
        <time dateTime={row.at}>{formatClock(row.at)}</time>
      </div>
    </article>
  );
}

/** One line: what, on what, how long; it opens in place. What failed is open. */
function Tool({ row }: { row: Of<'tool'> }): ReactNode {
  const [open, setOpen] = useState<boolean | null>(null);
  const isOpen = open ?? row.isError;
  const ms = row.endedAt === null ? null : Date.parse(row.endedAt) - Date.parse(row.at);
  const state = row.endedAt === null ? 'running' : row.isError ? 'failed' : 'done';
  const more = row.result !== null && row.result !== '' && row.result !== row.summary;
  return (
    <div className={css.tool} data-kind="tool" data-state={state}>
      <button type="button" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)} className={css.toolLine}>
        <span className={css.chevron} data-open={isOpen ? '' : undefined}>
          <Icon name="chevron" size={12} />
        </span>
        <b>{row.tool}</b>
        <code className={css.object}>{row.summary}</code>
        <span className={css.toolEnd}>
          {state === 'running' ? 'running' : state === 'failed' ? 'failed' : ms === null ? '' : formatDuration(ms)}
        </span>
      </button>
      {isOpen && (
        <div className={css.toolBody}>
          {row.summary !== '' && <Output text={row.summary} label="Copy the command" />}
          {more && <Output text={row.result ?? ''} label="Copy the output" />}
          {row.summary === '' && !more && <p className={css.none}>Nothing more was reported.</p>}
        </div>
      )}
    </div>
  );
}

const FIRST_LINES = 400;

function Output({ text, label }: { text: string; label: string }): ReactNode {
  const [all, setAll] = useState(false);
  const lines = text.split('\n');
  const shown = all || lines.length <= FIRST_LINES ? text : lines.slice(0, FIRST_LINES).join('\n');
  return (
    <div className={css.output}>
      <pre tabIndex={0} role="region" aria-label="Output">
        {shown}
      </pre>
      <span className={css.outputCopy}>
        <Copy text={text} label={label} />
      </span>
      {shown !== text && (
        <button type="button" className={css.showAll} onClick={() => setAll(true)}>
          Show all {lines.length} lines
        </button>
      )}
    </div>
  );
}

function Result({ row }: { row: Of<'result'> }): ReactNode {
  const ms = row.startedAt === null ? null : Date.parse(row.at) - Date.parse(row.startedAt);
  return (
    <footer className={css.result} data-kind="result" data-outcome={row.outcome}>
      {row.outcome !== 'done' && (
        <p className={css.problem} role="note">
          <b>{row.outcome === 'failed' ? 'Failed' : 'Outcome unknown'}</b> {row.error ?? ''}
          {row.outcome === 'unknown' && <span> What was done stays done; send it again if you want it twice.</span>}
        </p>
      )}
      <span className={css.meta}>
        <Money usd={row.costUsd} simulated={row.simulated} />
        {ms !== null && <span>{formatDuration(ms)}</span>}
        {row.simulated && <Simulated />}
        <time dateTime={row.at}>{formatClock(row.at)}</time>
      </span>
    </footer>
  );
}
