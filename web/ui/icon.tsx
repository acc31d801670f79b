import type { ReactNode } from 'react';

const PATHS = {
  sessions: 'M2.5 4h11M2.5 8h11M2.5 12h7',
  inbox: 'M2.5 9.5 4 3.5h8l1.5 6v3h-11zM2.5 9.5H6l.8 1.5h2.4l.8-1.5h3.5',
  costs: 'M3 13V8M8 13V3M13 13v-3',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.5 10.5 14 14',
  system: 'M1.5 8h3l2-4.5 3 9 2-4.5h3',
  settings: 'M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6M10 2.5v4M6 9.5v4',
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  copy: 'M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3',
  check: 'M3 8.5 6.5 12 13 4.5',
  back: 'M10 3 5 8l5 5',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  stop: 'M4 4h8v8H4z',
  chevron: 'M6 4l4 4-4 4',
  down: 'M8 3v10M4 9l4 4 4-4',
  info: 'M8 14A6 6 0 1 0 8 2a6 6 0 0 0 0 12zM8 7.5V11M8 5h.01',
  link: 'M9.5 3H13v3.5M13 3 7.5 8.5M11.5 9v4h-8.5V4.5h4',
} as const;

export type IconName = keyof typeof PATHS;

/** A small line drawing; it says nothing to those who hear the page. */
export function Icon({ name, size = 16 }: { name: IconName; size?: number }): ReactNode {
  return (
    <svg
      width={size}
      height={size}
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      strokeWidth={name === 'more' ? 2.2 : 1.5}
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
