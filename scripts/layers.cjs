/** Layers, lowest first: a folder may import itself and what stands before it. */
const LAYERS = require('./layers.json');

const upward = LAYERS.slice(0, -1).map((layer, index) => ({
  name: `${layer}-imports-nothing-above-it`,
  severity: 'error',
  from: { path: `^${layer}/` },
  to: { path: `^(${LAYERS.slice(index + 1).join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...upward,
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^domain/' },
      to: { pathNot: '^domain/', dependencyTypesNot: ['core'] },
    },
    {
      name: 'client-stands-alone',
      comment:
        'The client library is for other programs too: the words of the domain and an SSE parser are all it needs.',
      severity: 'error',
      from: { path: '^client/' },
      to: { path: `^(${LAYERS.filter((layer) => layer !== 'client' && layer !== 'domain').join('|')})/` },
    },
    {
      name: 'web-knows-the-domain-alone',
      comment: 'The page runs in a browser: it uses the public API, and the words of the domain.',
      severity: 'error',
      from: { path: '^web/' },
      to: { path: `^(${LAYERS.filter((layer) => layer !== 'web' && layer !== 'domain').join('|')})/` },
    },
    {
      name: 'nobody-imports-web',
      severity: 'error',
      from: { pathNot: '^web/' },
      to: { path: '^web/' },
    },
    {
      name: 'nobody-imports-a-main',
      severity: 'error',
      from: {},
      to: { path: '(^|/)main\\.ts$' },
    },
    {
      name: 'workflows-stay-in-the-sandbox',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { path: '^(node:|zod$)|^node_modules/(?!@temporalio/(workflow|common))', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-cycles',
      comment: 'Types have no order of loading, and a command that is imported when it is typed has none either.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only', 'dynamic-import'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|test|scripts|bin)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
