import { useEffect, useRef, useState } from 'react';
import type { KeyboardEvent, ReactNode } from 'react';
import { useLocation } from 'wouter';
import { useOpenSessions } from '../../hooks.ts';
import { nameOf, stateOf, STATE_WORDS } from '../../ui/session-state.ts';
import css from './palette.module.css';

interface Command {
  id: string;
  word: string;
  hint: string;
  run: () => void;
}

/** Finds a place or an open session by typing. */
export function Palette({ onClose, onShortcuts }: { onClose: () => void; onShortcuts: () => void }): ReactNode {
  const [, navigate] = useLocation();
  const { sessions } = useOpenSessions();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => ref.current?.showModal(), []);

  const go = (path: string) => (): void => navigate(path);
  const commands: Command[] = [
    { id: 'sessions', word: 'Sessions', hint: 'g s', run: go('/') },
    { id: 'new', word: 'New session', hint: 'n', run: go('/new') },
    { id: 'inbox', word: 'Inbox', hint: 'g i', run: go('/inbox') },
    { id: 'costs', word: 'Costs', hint: 'g c', run: go('/costs') },
    { id: 'search', word: 'Search', hint: '/', run: go('/search') },
    { id: 'system', word: 'System', hint: '', run: go('/system') },
    { id: 'settings', word: 'Settings', hint: '', run: go('/settings') },
    { id: 'shortcuts', word: 'Keyboard shortcuts', hint: '?', run: onShortcuts },
    ...sessions.map((session) => ({
      id: session.id,
      word: nameOf(session),
      hint: STATE_WORDS[stateOf(session)],
      run: go(`/sessions/${encodeURIComponent(session.id)}`),
    })),
  ];
  const words = text.toLowerCase().split(/\s+/);
  const found = commands.filter(({ word }) => words.every((part) => word.toLowerCase().includes(part)));
  const chosen = found[Math.min(at, found.length - 1)];

  const run = (command: Command | undefined): void => {
    if (command === undefined) return;
    onClose();
    command.run();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else if (event.key === 'Enter') run(chosen);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={ref}
      className={css.palette}
      aria-label="Commands"
      onClose={onClose}
      onClick={({ target }) => target === ref.current && ref.current?.close()}
    >
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={chosen === undefined ? undefined : `palette-${chosen.id}`}
        aria-label="Command or session"
        placeholder="Command or session"
        value={text}
        onChange={({ target }) => {
          setText(target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="palette-list" role="listbox" aria-label="Commands">
        {found.map((command) => (
          <li
            key={command.id}
            id={`palette-${command.id}`}
            role="option"
            aria-selected={command === chosen}
            onClick={() => run(command)}
          >
            <span>{command.word}</span>
            <small>{command.hint}</small>
          </li>
        ))}
      </ul>
    </dialog>
  );
}
