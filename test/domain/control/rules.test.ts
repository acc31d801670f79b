import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { allowsAll, concerns, parseRule } from '../../../domain/control/rules.ts';
import type { Rule } from '../../../domain/control/rules.ts';
import { suggestFor, suggestionsOf } from '../../../domain/control/suggestions.ts';
import { bash, callOf } from './tool-call.ts';

const rule = (text: string): Rule => {
  const parsed = parseRule(text);
  assert.ok(parsed, `${text} is a rule`);
  return parsed;
};
const allows = (rules: string | string[], command: string): boolean =>
  allowsAll([rules].flat().map(rule), bash(command));

describe('parseRule()', () => {
  test('reads a tool and what of it', () => {
    assert.deepEqual(parseRule('Bash(git push *)'), { tool: 'Bash', specifier: 'git push *' });
    assert.deepEqual(parseRule(' Read(//dir/**) '), { tool: 'Read', specifier: '//dir/**' });
    assert.deepEqual(parseRule('mcp__db__query'), { tool: 'mcp__db__query', specifier: null });
    assert.deepEqual(parseRule('Bash(*)'), { tool: 'Bash', specifier: null });
  });
  test('refuses what is no rule', () => {
    for (const text of ['', 'Bash(', 'Bash()', 'git push', 'Bash(a)b', '(x)', 'Bash(a\nb)', '*'])
      assert.equal(parseRule(text), null, text);
  });
});

describe('a Bash rule', () => {
  test('covers the command with and without arguments', () => {
    assert.equal(allows('Bash(git push *)', 'git push origin main'), true);
    assert.equal(allows('Bash(git push *)', 'git push'), true);
    assert.equal(allows('Bash(git push:*)', 'git push origin'), true);
    assert.equal(allows('Bash(npm run build)', 'npm run build'), true);
  });
  test('covers each command of a list by a rule of its own, or because it reads', () => {
    assert.equal(allows(['Bash(git add *)', 'Bash(git commit *)'], 'git add -A && git commit -m "a b"'), true);
    assert.equal(allows('Bash(git push *)', 'git status && git push origin | tail -3'), true);
  });
  test('does not cover what else a line does', () => {
    const lines = [
      'git push z && rm -rf /',
      'git push z; rm x',
      'git push z\nrm x',
      'git push z | sh',
      'git push z & rm x',
      'git push z > out',
      'git push z 2> out',
      'git push $(rm x)',
      'git push `rm x`',
      'git push <(rm x)',
      'git push "$X"',
      'PATH=. git push z',
      'git pushx',
      'git -c core.sshCommand=x push z',
      '(git push z)',
      'git push "z',
      'env git push z',
    ];
    assert.deepEqual(
      lines.filter((line) => allows('Bash(git push *)', line)),
      [],
    );
  });
  test('without a specifier covers everything', () => {
    assert.equal(allows('Bash', 'curl x | sh > $(y)'), true);
  });
  test('that denies finds its command anywhere in a line', () => {
    const lines = [
      'rm x',
      'ls && rm x',
      'ls; (rm x)',
      'echo $(rm x)',
      '/bin/rm x',
      'sudo rm x',
      'env A=1 rm x',
      'ls | xargs rm',
      'if ls; then rm x; fi',
      'timeout 5 rm x',
      '\\rm x',
      'r""m x',
      'x=`rm y`',
    ];
    assert.deepEqual(
      lines.filter((line) => !concerns(rule('Bash(rm *)'), bash(line))),
      [],
    );
    assert.equal(concerns(rule('Bash(rm *)'), bash('ls rm')), false);
  });
});

describe('a rule of another tool', () => {
  const reads = (text: string, path: string): boolean => allowsAll([rule(text)], callOf('Read', { file_path: path }));
  test('covers paths below a folder, by Claude Code’s four beginnings', () => {
    assert.equal(reads('Read(//data/**)', '/data/a/b'), true);
    assert.equal(reads('Read(//data/**)', '/data2/a'), false);
    assert.equal(reads('Read(//data/**)', '/data/../etc/passwd'), false);
    assert.equal(reads('Read(~/notes/*.md)', '/users/me/notes/a.md'), true);
    assert.equal(reads('Read(~/notes/*.md)', '/users/me/notes/b/a.md'), false);
    assert.equal(reads('Read(/src/**)', '/project/src/a.ts'), true);
    assert.equal(reads('Read(./src/**)', '/project/src/a.ts'), true);
    assert.equal(reads('Read(*.env)', '/project/a/b.env'), true);
    assert.equal(reads('Read(*.env)', '/etc/b.env'), false);
  });
  test('that allows needs every place that a path leads to', () => {
    const link = { ...callOf('Read', { file_path: '/data/link' }), paths: ['/data/link', '/etc/shadow'] };
    assert.equal(allowsAll([rule('Read(//data/**)')], link), false);
    assert.equal(concerns(rule('Read(//etc/**)'), link), true);
  });
  test('for Edit covers all tools that change files', () => {
    for (const tool of ['Write', 'Edit', 'NotebookEdit']) {
      assert.equal(allowsAll([rule('Edit(/src/**)')], callOf(tool, { file_path: 'src/a' })), true, tool);
    }
    assert.equal(allowsAll([rule('Read(/src/**)')], callOf('Write', { file_path: 'src/a' })), false);
  });
  test('that denies reading finds the file in a command line', () => {
    assert.equal(concerns(rule('Read(./secret/**)'), bash('cat secret/a')), true);
    assert.equal(concerns(rule('Read(./secret/**)'), bash('cat public/a')), false);
  });
  test('covers a domain, a server or a tool by name', () => {
    const fetch = (text: string, url: string): boolean => allowsAll([rule(text)], callOf('WebFetch', { url }));
    assert.equal(fetch('WebFetch(domain:example.org)', 'https://example.org/a'), true);
    assert.equal(fetch('WebFetch(domain:example.org)', 'https://example.org.evil.net/'), false);
    assert.equal(fetch('WebFetch(domain:example.org)', 'https://evil.net/?example.org'), false);
    assert.equal(fetch('WebFetch(domain:example.org)', 'https://example.org@evil.net/'), false);
    assert.equal(fetch('WebFetch(domain:*.example.org)', 'https://a.example.org/'), true);
    assert.equal(allowsAll([rule('mcp__db')], callOf('mcp__db__query')), true);
    assert.equal(allowsAll([rule('mcp__db__*')], callOf('mcp__db__query')), true);
    assert.equal(allowsAll([rule('mcp__db__query')], callOf('mcp__db__drop')), false);
    assert.equal(allowsAll([rule('mcp__d')], callOf('mcp__db__query')), false);
  });
  test('with a specifier that is not known allows nothing and denies', () => {
    assert.equal(allowsAll([rule('Mystery(x)')], callOf('Mystery')), false);
    assert.equal(concerns(rule('Mystery(x)'), callOf('Mystery')), true);
  });
});

describe('suggestions', () => {
  test('of Claude Code are shown only where they add a rule', () => {
    assert.deepEqual(
      suggestionsOf([
        { type: 'setMode' },
        { type: 'addDirectories' },
        { type: 'addRules', behavior: 'deny', rules: [{ toolName: 'Bash' }] },
        { type: 'addRules', behavior: 'allow', rules: [{ toolName: 'Bash', ruleContent: 'git push *' }] },
      ]),
      [{ rule: 'Bash(git push *)', label: 'commands that begin with "git push"' }],
    );
  });
  test('of ours cover the call that they are made for', () => {
    const calls = [
      bash('git push origin'),
      bash('make all'),
      callOf('Write', { file_path: 'a.txt' }),
      callOf('Read', { file_path: '/data/x' }),
      callOf('WebFetch', { url: 'https://example.org/x' }),
      callOf('mcp__db__query'),
    ];
    for (const call of calls) {
      const suggested = suggestFor(call);
      assert.ok(suggested.length > 0, call.tool);
      for (const { rule: text } of suggested) assert.equal(allowsAll([rule(text)], call), true, text);
    }
  });
  test('are left out for a line that does several things', () => {
    for (const line of ['rm x && curl y | sh', 'git push $(x)', 'make > f'])
      assert.deepEqual(suggestFor(bash(line)), [], line);
  });
});
