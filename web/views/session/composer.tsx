import { useRef } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useMedia, useStored } from '../../hooks.ts';
import type { Row } from '../../live/transcript.ts';
import { Button } from '../../ui/ui.tsx';
import { useOutbox } from './outbox.ts';
import css from './session.module.css';

/** Where a message is written. Enter sends with a pointer and is a new line on touch; the draft survives everything. */
export function Composer({ sessionId, rows }: { sessionId: string; rows: Row[] }): ReactNode {
  const [draft, setDraft] = useStored(`xswarm.draft.${sessionId}`);
  const { items, outbox, send } = useOutbox(sessionId);
  const touch = useMedia('(pointer: coarse)');
  const field = useRef<HTMLTextAreaElement>(null);
  const waiting = rows.filter((row) => row.kind === 'prompt' && row.status === 'queued').length;
  const running = rows.some((row) => row.kind === 'prompt' && row.status === 'sent');

  const submit = (): void => {
    if (draft.trim() === '' || outbox === null) return;
    send(draft);
    setDraft('');
    field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    if (touch && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    submit();
  };

  return (
    <div className={css.composer}>
      {items.length > 0 && (
        <ul className={css.outbox} aria-label="Not confirmed yet">
          {items.map(({ key, text, state, problem }) => (
            <li key={key} data-state={state}>
              <span className={css.outboxText}>{text}</span>
              {state === 'sending' && <span>Sending…</span>}
              {state === 'failed' && (
                <span>
                  <Button onClick={() => outbox?.retry(key)}>Try again</Button>{' '}
                  <Button
                    look="quiet"
                    onClick={() => {
                      outbox?.drop(key);
                      setDraft(draft === '' ? text : `${text}\n${draft}`);
                    }}
                  >
                    Edit
                  </Button>
                </span>
              )}
              {problem !== null && <small>{problem}</small>}
            </li>
          ))}
        </ul>
      )}
      <div className={css.field}>
        <textarea
          ref={field}
          rows={1}
          aria-label="Message"
          placeholder={running ? 'Add to the queue' : 'Message to Claude Code'}
          enterKeyHint={touch ? 'enter' : 'send'}
          value={draft}
          onChange={({ target }) => setDraft(target.value)}
          onKeyDown={onKeyDown}
        />
        <Button look="primary" disabled={draft.trim() === ''} onClick={submit}>
          {running || waiting > 0 ? 'Queue' : 'Send'}
        </Button>
      </div>
    </div>
  );
}
