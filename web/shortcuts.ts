import { useEffect } from 'react';
import { useLocation } from 'wouter';

/** Every key of the page, as the sheet lists them. */
export const SHORTCUTS = [
  ['Ctrl K', 'Open the command palette'],
  ['g s', 'Sessions'],
  ['g i', 'Inbox'],
  ['g c', 'Costs'],
  ['n', 'New session'],
  ['/', 'Search'],
  ['j  k', 'Next and previous row'],
  ['Enter', 'Open the row, or send'],
  ['Shift Enter', 'New line in a message'],
  ['Esc Esc', 'Stop the running turn'],
  ['?', 'This sheet'],
] as const;

const GOES: Readonly<Record<string, string>> = { s: '/', i: '/inbox', c: '/costs', h: '/system', e: '/settings' };

/** Listens for the keys that work everywhere. A field that is typed in keeps its keys. */
export function useShortcuts(open: (what: 'palette' | 'shortcuts') => void): void {
  const [, navigate] = useLocation();
  useEffect(() => {
    let pressedG = 0;
    const onKey = (event: KeyboardEvent): void => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault();
        open('palette');
        return;
      }
      const target = event.target as HTMLElement;
      const typing = target.matches('input, textarea, select, [contenteditable]');
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null)
        return;
      const goes = event.timeStamp - pressedG < 1000 ? GOES[event.key] : undefined;
      pressedG = event.key === 'g' ? event.timeStamp : 0;
      if (goes !== undefined) navigate(goes);
      else if (event.key === 'n') navigate('/new');
      else if (event.key === '/') navigate('/search');
      else if (event.key === '?') open('shortcuts');
      else if (event.key === 'j' || event.key === 'k') moveRow(event.key === 'j' ? 1 : -1);
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [navigate, open]);
}

/** Moves the focus among the rows of the list that is shown. */
function moveRow(by: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.findIndex((row) => row === document.activeElement);
  const next = rows[at === -1 ? (by > 0 ? 0 : rows.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: 'nearest' });
}
