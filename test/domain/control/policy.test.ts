import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decide, effectiveMode, isWider } from '../../../domain/control/policy.ts';
import type { PolicyInput, RuleSet, Verdict } from '../../../domain/control/policy.ts';
import { parseRule } from '../../../domain/control/rules.ts';
import type { ToolCall } from '../../../domain/control/rules.ts';
import { PERMISSION_MODES } from '../../../domain/session/session.ts';
import { bash, callOf } from './tool-call.ts';

const rules = (texts: Partial<Record<keyof RuleSet, string[]>> = {}): RuleSet => {
  const read = (list: string[] = []): RuleSet['allow'] => list.map((text) => parseRule(text)!);
  return { allow: read(texts.allow), deny: read(texts.deny), ask: read(texts.ask) };
};
const policy = (call: ToolCall, more: Partial<PolicyInput> = {}): PolicyInput => ({
  call,
  mode: 'default',
  ceiling: 'bypassPermissions',
  rules: rules(),
  projectRules: rules(),
  trusted: true,
  agentId: null,
  ...more,
});
const verdict = (call: ToolCall, more: Partial<PolicyInput> = {}): Verdict['decision'] =>
  decide(policy(call, more)).decision;

const inProject = callOf('Write', { file_path: 'a.txt' });
const outside = callOf('Write', { file_path: '/etc/passwd' });

describe('decide() in the mode "default"', () => {
  test('asks about what changes or sends something', () => {
    const calls = [
      inProject,
      outside,
      bash('npm test'),
      callOf('Edit', { file_path: 'a' }),
      callOf('NotebookEdit'),
      callOf('WebFetch', { url: 'https://x.org' }),
      callOf('WebSearch'),
      callOf('mcp__db__query'),
      callOf('Read', { file_path: '/etc/passwd' }),
      callOf('Bash'),
    ];
    for (const call of calls) assert.equal(verdict(call), 'ask', JSON.stringify(call.input));
  });
  test('passes what reads in the project, and tools that only Claude Code knows', () => {
    const calls = [
      callOf('Read', { file_path: 'a' }),
      callOf('Glob'),
      callOf('TodoWrite'),
      callOf('Agent'),
      bash('ls'),
    ];
    for (const call of calls) assert.equal(verdict(call), 'pass', call.tool);
  });
  test('asks about commands that read outside the project', () => {
    const lines = [
      'cat /etc/passwd',
      'cat ../x',
      'ls ~',
      'ls a/../../b',
      'grep -f/etc/x y',
      'rg --glob=../x y',
      'ls; cat /x',
    ];
    for (const line of lines) assert.equal(verdict(bash(line)), 'ask', line);
    for (const line of ['cat /project/a', 'ls a/../b', 'git log -n 5']) assert.equal(verdict(bash(line)), 'pass', line);
    assert.equal(verdict(bash('npm test && cat /etc/passwd'), { rules: rules({ allow: ['Bash(npm test)'] }) }), 'ask');
  });
  test('asks a person about questions and plans, with the kind that they have', () => {
    assert.deepEqual(decide(policy(callOf('AskUserQuestion'))), {
      decision: 'ask',
      kind: 'question',
      wait: 'durable',
      reason: 'Claude has a question',
    });
    assert.deepEqual(decide(policy(callOf('ExitPlanMode'))), {
      decision: 'ask',
      kind: 'plan',
      wait: 'durable',
      reason: 'Claude has a plan',
    });
  });
  test('waits live for a subagent, which cannot be put off', () => {
    const asked = decide(policy(inProject, { agentId: 'a1' }));
    assert.ok(asked.decision === 'ask' && asked.wait === 'live');
  });
});

describe('decide() in the other modes', () => {
  test('"acceptEdits" passes edits in the project, but not those that other programs obey', () => {
    const more = { mode: 'acceptEdits' };
    for (const line of ['mkdir -p a/b', 'touch a', 'rm -rf build', 'echo x > f', 'mv a b && ls'])
      assert.equal(verdict(bash(line), more), 'pass', line);
    const asked = [
      'python3 x.py',
      'sed -i s/a/b/ f',
      'git commit -m x',
      'curl x',
      'rm -rf /',
      'rm -rf .',
      'rm ../x',
      'rm *',
      'echo x > /etc/f',
      'echo x > .git/config',
      'cp a .bashrc',
      'mv a --target-directory=/etc',
      'rm "$X"',
      'echo $(rm x) > f',
      'tee f',
    ];
    for (const line of asked) assert.equal(verdict(bash(line), more), 'ask', line);
    assert.equal(verdict(inProject, more), 'pass');
    for (const path of ['/etc/passwd', '.git/hooks/x', '.claude/settings.json', 'a/.bashrc', '../x']) {
      assert.equal(verdict(callOf('Edit', { file_path: path }), more), 'ask', path);
    }
  });
  test('"bypassPermissions" passes everything but questions, plans and the rules that deny or ask', () => {
    const more = { mode: 'bypassPermissions' };
    assert.equal(verdict(bash('rm -rf /'), more), 'pass');
    assert.equal(verdict(callOf('ExitPlanMode'), more), 'ask');
    assert.equal(verdict(bash('ls; rm x'), { ...more, rules: rules({ deny: ['Bash(rm *)'] }) }), 'deny');
    assert.equal(verdict(bash('ls; rm x'), { ...more, rules: rules({ ask: ['Bash(rm *)'] }) }), 'ask');
  });
  test('"dontAsk" denies what would be asked', () => {
    assert.equal(verdict(inProject, { mode: 'dontAsk' }), 'deny');
    assert.equal(verdict(callOf('AskUserQuestion'), { mode: 'dontAsk' }), 'deny');
    assert.equal(verdict(bash('ls'), { mode: 'dontAsk' }), 'pass');
    assert.equal(verdict(inProject, { mode: 'dontAsk', rules: rules({ allow: ['Write'] }) }), 'allow');
  });
  test('"plan" asks about a change: the mode itself holds nothing back', () => {
    assert.equal(verdict(inProject, { mode: 'plan' }), 'ask');
  });
  test('"auto" and unknown modes are refused', () => {
    assert.deepEqual(decide(policy(bash('ls'), { mode: 'auto' })), {
      decision: 'deny',
      reason: 'The mode "auto" is not supported: its classifier does not run here',
    });
    assert.equal(verdict(bash('ls'), { mode: 'constructor' }), 'deny');
  });
});

describe('rules', () => {
  test('deny before ask before allow', () => {
    const all = { allow: ['Bash'], ask: ['Bash(git push *)'], deny: ['Bash(git push --force *)'] };
    assert.equal(verdict(bash('git pull'), { rules: rules(all) }), 'allow');
    assert.equal(verdict(bash('git push x'), { rules: rules(all) }), 'ask');
    assert.equal(verdict(bash('git push --force x'), { rules: rules(all) }), 'deny');
  });
  test('of an untrusted project deny and ask, but do not allow', () => {
    const untrusted = { trusted: false, projectRules: rules({ allow: ['Bash'], deny: ['Write'] }) };
    assert.equal(verdict(bash('npm test'), untrusted), 'ask');
    assert.equal(verdict(inProject, untrusted), 'deny');
    assert.equal(verdict(bash('npm test'), { ...untrusted, trusted: true }), 'allow');
  });
});

describe('properties', () => {
  const modes = fc.constantFrom(...PERMISSION_MODES);
  const words = fc.constantFrom(
    'ls',
    'rm',
    '-rf',
    'a',
    '&&',
    ';',
    '|',
    '>',
    '$(x)',
    '`x`',
    '"',
    "'",
    '*',
    '\n',
    'git',
    'push',
    '&',
    '(',
    ')',
    '$X',
    '\\',
  );
  const calls = fc.oneof(
    fc.array(words, { maxLength: 8 }).map((line) => bash(line.join(' '))),
    fc.string().map(bash),
    fc.constantFrom(
      inProject,
      outside,
      callOf('AskUserQuestion'),
      callOf('mcp__a__b'),
      callOf('Unknown'),
      callOf('Read', { file_path: '/x' }),
    ),
  );

  test('the ceiling bounds the mode, and a mode below it stays', () => {
    fc.assert(
      fc.property(modes, modes, (mode, ceiling) => {
        const result = effectiveMode(mode, ceiling)!;
        assert.equal(isWider(result, ceiling), false);
        if (!isWider(mode, ceiling)) assert.equal(result, mode);
      }),
      { seed: 12 },
    );
  });
  test('a lower ceiling never lets through more', () => {
    const width = { deny: 0, ask: 1, pass: 2, allow: 2 };
    fc.assert(
      fc.property(calls, modes, modes, modes, (call, mode, one, other) => {
        const [low, high] = isWider(one, other) ? [other, one] : [one, other];
        assert.ok(width[verdict(call, { mode, ceiling: low })] <= width[verdict(call, { mode, ceiling: high })]);
      }),
      { seed: 12, numRuns: 2_000 },
    );
  });
  test('what a deny rule without a specifier names never runs, and a subagent is never put off', () => {
    fc.assert(
      fc.property(calls, modes, fc.boolean(), (call, mode, bySubagent) => {
        assert.equal(verdict(call, { mode, rules: rules({ deny: [call.tool], allow: [call.tool] }) }), 'deny');
        const asked = decide(policy(call, { mode, agentId: bySubagent ? 'a1' : null }));
        if (asked.decision === 'ask') assert.equal(asked.wait, bySubagent ? 'live' : 'durable');
      }),
      { seed: 12, numRuns: 1_000 },
    );
  });
  test('a rule for one command never allows a line that runs another one', () => {
    fc.assert(
      fc.property(fc.array(words, { maxLength: 8 }), (line) => {
        const call = bash(`git push ${line.join(' ')}`);
        const runsOther = call.script!.commands.some(({ words: [name] }) => name?.value === 'rm');
        if (verdict(call, { rules: rules({ allow: ['Bash(git push *)'] }) }) === 'allow')
          assert.equal(runsOther, false);
      }),
      { seed: 12, numRuns: 3_000 },
    );
  });
});
