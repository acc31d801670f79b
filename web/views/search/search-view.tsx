import { useDeferredValue } from 'react';
import type { ReactNode } from 'react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useSearchParams } from 'wouter';
import { api } from '../../api/calls.ts';
import { Ago, Empty, Failure } from '../../ui/ui.tsx';
import view from '../view.module.css';
import css from './search.module.css';

const AROUND = 140;

/** Looks for words in every message that the caller may see. */
export function SearchView(): ReactNode {
  const [search, setSearch] = useSearchParams();
  const words = search.get('q') ?? '';
  const asked = useDeferredValue(words.trim());
  const query = useQuery({
    queryKey: ['search', asked],
    queryFn: ({ signal }) => api.search(asked, signal),
    enabled: asked !== '',
    placeholderData: keepPreviousData,
  });
  const hits = asked === '' ? [] : (query.data?.messages ?? []);
  return (
    <div className={view.page}>
      <h1>Search</h1>
      <input
        type="search"
        aria-label="Words to look for"
        placeholder="Words in messages and answers"
        autoFocus
        maxLength={256}
        value={words}
        onChange={({ target }) => setSearch(target.value === '' ? {} : { q: target.value }, { replace: true })}
      />
      {query.error !== null && <Failure error={query.error} retry={() => void query.refetch()} />}
      {asked !== '' && query.isSuccess && hits.length === 0 && <Empty>No message has these words.</Empty>}
      <ul className={css.hits}>
        {hits.map((hit) => (
          <li key={hit.id}>
            <Link href={`/sessions/${encodeURIComponent(hit.session_id)}`} data-row>
              <span className={css.who}>{hit.direction === 'to_claude' ? 'You' : 'Claude'}</span>
              <span className={css.text}>{around(hit.content, asked)}</span>
              <span className={css.ago}>
                <Ago at={hit.timestamp} />
              </span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

/** The part of a text where the first of the words stands, with that word marked. */
function around(text: string, words: string): ReactNode {
  const first = words.toLowerCase().split(/\s+/)[0] ?? '';
  const at = text.toLowerCase().indexOf(first);
  if (at === -1 || first === '') return text.slice(0, 2 * AROUND);
  const from = Math.max(0, at - AROUND);
  return (
    <>
      {from > 0 && '… '}
      {text.slice(from, at)}
      <mark>{text.slice(at, at + first.length)}</mark>
      {text.slice(at + first.length, at + AROUND)}
    </>
  );
}
