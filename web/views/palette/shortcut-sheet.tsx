import { Fragment } from 'react';
import type { ReactNode } from 'react';
import { SHORTCUTS } from '../../shortcuts.ts';
import { Dialog } from '../../ui/ui.tsx';
import css from './palette.module.css';

/** Every key of the page. */
export function ShortcutSheet({ onClose }: { onClose: () => void }): ReactNode {
  return (
    <Dialog title="Keyboard shortcuts" onClose={onClose}>
      <dl className={css.keys}>
        {SHORTCUTS.map(([keys, what]) => (
          <Fragment key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  );
}
