import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { useVirtualizer } from '@tanstack/react-virtual';
import type { Loaded } from '../../live/event-store.ts';
import { firstSeq } from '../../live/transcript.ts';
import type { Row } from '../../live/transcript.ts';
import { usePage } from '../../page-context.ts';
import { Icon } from '../../ui/icon.tsx';
import { Button, Empty, Skeleton } from '../../ui/ui.tsx';
import { TranscriptRow } from './transcript-row.tsx';
import css from './session.module.css';

const NEAR_PX = 600;
/** So near the end the reader is at the end. */
const AT_END_PX = 60;

/**
 * The transcript. It opens at its end and stays there while text comes, unless the reader has scrolled up; then nothing moves
 * what is read. Older pages are read when the reader comes near the first row.
 */
export function TranscriptList({ loaded, rows, busy }: { loaded: Loaded; rows: Row[]; busy: boolean }): ReactNode {
  const { store } = usePage();
  const { sessionId } = loaded.transcript;
  const scroller = useRef<HTMLDivElement>(null);
  const [atEnd, setAtEnd] = useState(true);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimate(rows[index]),
    getItemKey: (index) => rows[index]?.key ?? index,
    overscan: 6,
    anchorTo: 'end',
    followOnAppend: true,
    scrollEndThreshold: AT_END_PX,
    paddingStart: 16,
    paddingEnd: 16,
  });

  // The first rows are shown from their end.
  const opened = useRef(false);
  useLayoutEffect(() => {
    if (opened.current || rows.length === 0) return;
    opened.current = true;
    const wanted = Number(new URLSearchParams(location.search).get('event') ?? NaN);
    const index = rows.findIndex(({ seq }) => seq >= wanted);
    if (index === -1) virtual.scrollToEnd();
    else virtual.scrollToIndex(index, { align: 'start' });
  }, [rows, virtual]);

  const first = firstSeq(loaded.transcript);
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const look = (): void => {
      setAtEnd(element.scrollHeight - element.scrollTop - element.clientHeight < AT_END_PX);
      if (element.scrollTop < NEAR_PX && first > 1 && opened.current) void store.loadOlder(sessionId);
    };
    look();
    element.addEventListener('scroll', look, { passive: true });
    return () => element.removeEventListener('scroll', look);
  }, [store, sessionId, first, rows.length]);

  if (loaded.state === 'ready' && rows.length === 0) {
    return (
      <div className={css.scroller}>
        <Empty>Nothing was said yet. Write the first message below.</Empty>
      </div>
    );
  }
  if (loaded.state === 'loading') {
    return (
      <div className={css.scroller}>
        <div className={css.measure}>
          <Skeleton lines={10} />
        </div>
      </div>
    );
  }
  return (
    <div className={css.stage}>
      <div className={css.scroller} ref={scroller} role="log" aria-label="Transcript" aria-live="off" tabIndex={0}>
        <div style={{ height: virtual.getTotalSize(), position: 'relative' }}>
          {virtual.getVirtualItems().map(({ key, index, start }) => {
            const row = rows[index];
            return (
              row !== undefined && (
                <div
                  key={key}
                  ref={virtual.measureElement}
                  data-index={index}
                  className={css.place}
                  style={{ transform: `translateY(${start}px)` }}
                >
                  <TranscriptRow row={row} />
                </div>
              )
            );
          })}
        </div>
      </div>
      {!atEnd && (
        <div className={css.toEnd}>
          <Button onClick={() => virtual.scrollToEnd()}>
            <Icon name="down" /> {busy ? 'Follow' : 'To the end'}
          </Button>
        </div>
      )}
      <Announcement rows={rows} />
    </div>
  );
}

/** One announcement for each finished turn, for those who hear the page. */
function Announcement({ rows }: { rows: Row[] }): ReactNode {
  const last = rows.findLast((row) => row.kind === 'result');
  const [first] = useState(last?.key);
  if (last === undefined || last.key === first) return <div role="status" className="visually-hidden" />;
  return (
    <div role="status" className="visually-hidden">
      The turn is {last.outcome}
    </div>
  );
}

function estimate(row: Row | undefined): number {
  if (row === undefined) return 40;
  if (row.kind === 'answer') return 40 + Math.ceil(row.text.length / 76) * 20;
  if (row.kind === 'prompt') return 60 + Math.ceil(row.text.length / 76) * 20;
  return 32;
}
