/** The page to try the API: its document, read by a small script of our own, so that it works without a network. */
export const DOCS_HTML = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>xswarm API</title>
<link rel="stylesheet" href="/docs/page.css">
<script src="/docs/page.js" defer></script>
</head>
<body>
<header><h1>xswarm API</h1><p>From <a href="/openapi.json">/openapi.json</a>.
<label>Token <input id="token" type="password" autocomplete="off" placeholder="only in token mode"></label></p></header>
<main id="operations"><p>Loading…</p></main>
</body>
</html>
`;

/** The page's looks. */
export const DOCS_CSS = `:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
details { border: 1px solid #8886; border-radius: .4rem; margin: .5rem 0; padding: .4rem .8rem }
summary { cursor: pointer } summary b { display: inline-block; width: 4.5rem; text-transform: uppercase }
label { display: block; margin: .4rem 0 } input, textarea { font: inherit; width: 100%; box-sizing: border-box }
header input { width: 20rem } textarea { min-height: 6rem; font-family: ui-monospace, monospace }
pre { overflow: auto; max-height: 24rem; background: #8882; padding: .6rem; border-radius: .4rem }
button { font: inherit; padding: .2rem 1rem }
`;

/** The page's script: one form an operation. */
export const DOCS_JS = `'use strict';
const byId = (id) => document.getElementById(id);
const element = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

function sample(schema, components, depth = 0) {
  if (!schema || depth > 4) return null;
  if (schema.$ref) return sample(components[schema.$ref.split('/').pop()], components, depth + 1);
  if (schema.anyOf) return sample(schema.anyOf[0], components, depth + 1);
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'object') {
    const required = schema.required ?? [];
    return Object.fromEntries(required.map((key) => [key, sample(schema.properties[key], components, depth + 1)]));
  }
  return { string: '', integer: 0, number: 0, boolean: false, array: [] }[schema.type] ?? null;
}

async function call(method, path, operation, inputs, body, output) {
  let url = path;
  const query = new URLSearchParams();
  const headers = {};
  for (const { parameter, input } of inputs) {
    if (input.value === '') continue;
    if (parameter.in === 'path') url = url.replace('{' + parameter.name + '}', encodeURIComponent(input.value));
    if (parameter.in === 'query') query.set(parameter.name, input.value);
    if (parameter.in === 'header') headers[parameter.name] = input.value;
  }
  if (byId('token').value) headers.authorization = 'Bearer ' + byId('token').value;
  if (body) headers['content-type'] = 'application/json';
  const started = performance.now();
  output.textContent = '…';
  try {
    const response = await fetch(url + (query.size ? '?' + query : ''), { method, headers, body: body || undefined });
    const took = Math.round(performance.now() - started);
    output.textContent = response.status + ' ' + response.statusText + ' · ' + took + ' ms\\n' + (await response.text());
  } catch (error) {
    output.textContent = String(error);
  }
}

function form(method, path, operation, components) {
  const output = element('pre');
  const inputs = operation.parameters.map((parameter) => {
    const input = element('input', { placeholder: parameter.schema.description ?? parameter.schema.type ?? '' });
    return { parameter, input, label: element('label', {}, parameter.name + ' (' + parameter.in + ')', input) };
  });
  const schema = operation.requestBody?.content['application/json'].schema;
  const body = schema && element('textarea', { value: JSON.stringify(sample(schema, components), null, 2) });
  const button = element('button', { type: 'button', textContent: 'Call' });
  button.onclick = () => call(method.toUpperCase(), path, operation, inputs, body?.value, output);
  return element('div', {}, ...inputs.map(({ label }) => label), ...(body ? [body] : []), button, output);
}

fetch('/openapi.json').then((response) => response.json()).then(({ paths, components }) => {
  const nodes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => element('details', {},
      element('summary', {}, element('b', { textContent: method }), path + ' ', element('i', { textContent: operation.summary })),
      form(method, path, operation, components.schemas))));
  byId('operations').replaceChildren(...nodes);
});
`;
