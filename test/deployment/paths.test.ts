import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DOCUMENTS = ['README.md', 'CONTRIBUTING.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)];
const FOLDERS = readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() && !/^(\..*|dist|node_modules)$/.test(entry.name) ? [entry.name] : [],
);

/** The paths that a document names: links, and code that begins with a folder of the root. */
function pathsIn(document: string): string[] {
  const text = readFileSync(join(root, document), 'utf8');
  const links = [...text.matchAll(/\]\((?!https?:|mailto:|#)([^)#\s]+)/g)].map((match) =>
    join(dirname(document), match[1] ?? ''),
  );
  const code = [...text.matchAll(/`([\w.-]+\/[\w./-]*)`/g)].map((match) => match[1] ?? '');
  return [...links, ...code.filter((path) => FOLDERS.includes(path.split('/')[0] ?? ''))];
}

test('every path that README, CONTRIBUTING and the documents name exists', () => {
  const missing = DOCUMENTS.flatMap((document) =>
    pathsIn(document)
      .filter((path) => !existsSync(join(root, path)))
      .map((path) => `${document} names ${path}`),
  );
  assert.deepEqual(missing, []);
});

test('the map of README names every folder of the root', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  assert.deepEqual(
    FOLDERS.filter((folder) => !readme.includes(`\`${folder}/\``)),
    [],
  );
});
