import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ROUTING_KEYWORDS, routingKeyword } from '../../domain/routing.ts';

const HITS: Record<string, string> = {
  'run the tests': 'run',
  'Tests, please': 'test',
  'running tests': 'run',
  'Fixed?': 'fix',
  GIT: 'git',
  'it was deployed': 'deploy',
  'still debugging': 'debug',
  builds: 'build',
  'who is committing': 'commit',
  'who built it': 'build',
  'new branches': 'branch',
  'the compiler': 'compile',
  compiling: 'compile',
  'coded it': 'code',
  'three bugs': 'bug',
  'developers!': 'develop',
  test_login: 'test',
  'what’s the project’s name': 'project',
  'line one\nstatus': 'status',
};
const MISSES = [
  'contest',
  'latest',
  'statusbar',
  'encode',
  'digit',
  'prefix',
  'brunch',
  'terror',
  'projection',
  'github',
  '',
  '   ',
  '😀',
];

for (const [message, keyword] of Object.entries(HITS)) {
  test(`routingKeyword() finds "${keyword}" in "${message}"`, () => assert.equal(routingKeyword(message), keyword));
}

for (const message of MISSES) {
  test(`routingKeyword() finds nothing in "${message}"`, () => assert.equal(routingKeyword(message), null));
}

test('docs/routing.md names each keyword', () => {
  const doc = readFileSync(new URL('../../docs/routing.md', import.meta.url), 'utf8');
  for (const keyword of ROUTING_KEYWORDS) assert.ok(doc.includes(`\`${keyword}\``), keyword);
});
