import { useEffect, useRef, useState } from 'react';
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { ApiError } from '../api/http.ts';
import { useNow } from '../hooks.ts';
import { exactMoney, formatAgo, formatClock, formatMoney } from './format.ts';
import { Icon } from './icon.tsx';
import { STATE_WORDS } from './session-state.ts';
import type { StateName } from './session-state.ts';
import css from './ui.module.css';

type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: 'primary' | 'danger' | 'quiet'; icon?: boolean };

/** A button in one of its looks; `icon`: square, its label is for those who hear it. */
export function Button({ look, icon, className, ...rest }: ButtonProps): ReactNode {
  return (
    <button type="button" className={classes(css.button, look && css[look], icon && css.icon, className)} {...rest} />
  );
}

/** Joins class names. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

const GLYPHS: Readonly<Record<StateName, ReactNode>> = {
  waiting: <path d="M5 0 10 5 5 10 0 5z" />,
  paused: <path d="M1.5 1h2.5v8H1.5zM6 1h2.5v8H6z" />,
  running: <path d="M1.5 0.5 9 5 1.5 9.5z" />,
  ready: <circle cx="5" cy="5" r="4" />,
  idle: <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  connecting: (
    <circle cx="5" cy="5" r="3.25" fill="none" stroke="currentColor" strokeWidth="1.5" strokeDasharray="2.5 2" />
  ),
  ended: <rect x="1" y="4.25" width="8" height="1.5" />,
  failed: <path d="M1.2 0 5 3.8 8.8 0 10 1.2 6.2 5 10 8.8 8.8 10 5 6.2 1.2 10 0 8.8 3.8 5 0 1.2z" />,
};

/** The state of a session: a shape, a word, a colour. */
export function State({ name, short = false }: { name: StateName; short?: boolean }): ReactNode {
  return (
    <span className={classes(css.state, css[name])}>
      <svg width="10" height="10" viewBox="0 0 10 10" fill="currentColor" aria-hidden="true">
        {GLYPHS[name]}
      </svg>
      <span className={short ? 'visually-hidden' : undefined}>{STATE_WORDS[name]}</span>
    </span>
  );
}

/** Dollars; exact as a tooltip. */
export function Money({ usd, simulated = false }: { usd: number | null; simulated?: boolean }): ReactNode {
  return (
    <span className={css.money} title={`${exactMoney(usd)}${simulated ? ', simulated' : ''}`}>
      {formatMoney(usd)}
    </span>
  );
}

/** Says that no money was spent in truth. */
export function Simulated(): ReactNode {
  return (
    <span className={css.simulated} title="The simulator answers: nothing was spent">
      simulated
    </span>
  );
}

/** How long ago something was. */
export function Ago({ at }: { at: string }): ReactNode {
  const now = useNow(15_000);
  return (
    <time dateTime={at} title={new Date(at).toLocaleString()}>
      {formatAgo(at, now)}
    </time>
  );
}

/** What went wrong, since when, what to do. */
export function Failure({ error, retry, since }: { error: Error; retry?: () => void; since?: number }): ReactNode {
  const known = error instanceof ApiError ? error : null;
  return (
    <div className={classes(css.box, css.failure)} role="alert">
      <strong>{error.message}</strong>
      {since !== undefined && since > 0 && <span>What you see is from {formatClock(since)}.</span>}
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
      {known !== null && (
        <small>
          {known.code}
          {known.requestId !== null && ` · request ${known.requestId}`}
        </small>
      )}
    </div>
  );
}

/** What to do where there is nothing: one sentence, and a command to copy. */
export function Empty({ children, command }: { children: ReactNode; command?: string }): ReactNode {
  return (
    <div className={classes(css.box, css.empty)}>
      <p>{children}</p>
      {command !== undefined && <Command text={command} />}
    </div>
  );
}

/** A command with a button that copies it. */
export function Command({ text }: { text: string }): ReactNode {
  return (
    <div className={css.command}>
      <code>{text}</code>
      <Copy text={text} />
    </div>
  );
}

/** Copies a text. */
export function Copy({ text, label = 'Copy' }: { text: string; label?: string }): ReactNode {
  const [done, setDone] = useState(false);
  useEffect(() => {
    if (!done) return undefined;
    const timer = setTimeout(() => setDone(false), 1500);
    return () => clearTimeout(timer);
  }, [done]);
  return (
    <Button
      look="quiet"
      icon
      title={done ? 'Copied' : label}
      aria-label={done ? 'Copied' : label}
      onClick={() =>
        void navigator.clipboard?.writeText(text).then(
          () => setDone(true),
          () => undefined,
        )
      }
    >
      <Icon name={done ? 'check' : 'copy'} />
    </Button>
  );
}

/** Lines that stand where something will be; they appear after 200 ms. */
export function Skeleton({ lines, height = 14 }: { lines: number; height?: number }): ReactNode {
  return (
    <div aria-hidden="true">
      {Array.from({ length: lines }, (_, index) => (
        <div key={index} style={{ height: 36, display: 'grid', alignItems: 'center' }}>
          <div className={css.skeleton} style={{ height, width: `${88 - ((index * 17) % 40)}%` }} />
        </div>
      ))}
    </div>
  );
}

/** A dialog over the page; on a phone it can be a sheet at its lower edge. Esc and a click beside it close it. */
export function Dialog(props: { title: string; onClose: () => void; sheet?: boolean; children: ReactNode }): ReactNode {
  const { title, onClose, sheet = false, children } = props;
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    ref.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={ref}
      className={classes(css.dialog, sheet && css.sheet)}
      aria-label={title}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === ref.current) ref.current?.close();
      }}
    >
      <div className={css.dialogHead}>
        <h2>{title}</h2>
        <Button look="quiet" icon aria-label="Close" onClick={() => ref.current?.close()}>
          <Icon name="close" />
        </Button>
      </div>
      <div className={css.dialogBody}>{children}</div>
    </dialog>
  );
}

/** A labelled field. */
export function Field({ label, hint, children }: { label: string; hint?: ReactNode; children: ReactNode }): ReactNode {
  return (
    <label className={css.field}>
      <span>{label}</span>
      {children}
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}
